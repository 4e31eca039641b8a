"""Markdown whose layout cost grows with length; each function returns a text of a given length."""

from __future__ import annotations

from collections.abc import Callable

Bomb = Callable[[int], str]


def _repeated(part: str, before: str = "", after: str = "") -> Bomb:
    return lambda length: before + part * max(1, length // len(part)) + after


def _padded_table(length: int) -> str:
    columns = max(2, length // 8)
    return "|a" * columns + "|\n" + "|-" * columns + "|\n" + "|\n" * (length // 4)


def _wide_table(length: int) -> str:
    columns = max(2, length // 6)
    return "|a" * columns + "|\n" + "|-" * columns + "|\n" + "|b" * columns + "|\n"


def _runs_of_ticks(length: int) -> str:
    text: list[str] = []
    number = 1
    while sum(map(len, text)) < length:
        text.append("`" * number + " ")
        number += 1
    return "".join(text)


def _stairs(length: int) -> str:
    return "".join("  " * (number % 50) + "- a\n" for number in range(length // 54 + 1))


BOMBS: dict[str, Bomb] = {
    "TeX that nothing closes": _repeated("\\("),
    "formulas that nothing closes": _repeated("$$\n"),
    "environments that nothing closes": _repeated("\\begin{a}\n"),
    "matrices": _repeated("a&\\\\", "$$\\begin{matrix}", "\\end{matrix}$$"),
    "fractions in fractions": _repeated("$\\frac{\\frac{a}{b}}{c}$ "),
    "footnotes": _repeated("[^a] ", "[^a]: b\n\n"),
    "many footnotes": _repeated("[^a]: b\n"),
    "bare addresses": _repeated("https://a.b/(c "),
    "one bare address": _repeated("a)", "https://"),
    "lines in a cell": _repeated("<br>"),
    "tasks": _repeated("- [x] a\n"),
    "many kinds of TeX": _repeated("\\[ \\( $$ $a ` "),
    "TeX of many groups": _repeated("^{", "$", "a$"),
    "dollars": _repeated("$a"),
    "runs of ticks": _runs_of_ticks,
    "brackets": _repeated("["),
    "links that nothing closes": _repeated("[a]("),
    "links with titles": _repeated('[a](b "'),
    "links with brackets": _repeated("[a](<b"),
    "links": _repeated("[a](b)"),
    "pictures": _repeated("![[]()"),
    "emphasis": _repeated("*a "),
    "mixed emphasis": _repeated("**a*_b__"),
    "struck": _repeated("~~a"),
    "tags": _repeated("<a"),
    "comments": _repeated("<!--"),
    "web addresses": _repeated("<http://a.b> "),
    "entities": _repeated("&#1;"),
    "backslashes": _repeated("\\"),
    "references": _repeated('[a]: b "\n'),
    "a padded table": _padded_table,
    "a wide table": _wide_table,
    "a long table": _repeated("|1|2|\n", "|a|b|\n|-|-|\n"),
    "many tables": _repeated("|a|b|\n|-|-|\n|1|2|\n\n"),
    "tables in quotes": _repeated("> |a|b|c|\n> |-|-|-|\n> |1\n\nx\n\n"),
    "quotes in quotes": _repeated("> "),
    "lists in lists": _repeated("- "),
    "stairs": _stairs,
    "a list": _repeated("- item\n"),
    "numbers": _repeated("1. a\n"),
    "stars": _repeated("*\n"),
    "small blocks": _repeated("a\n\n"),
    "empty fences": _repeated("```\n```\n"),
    "headings": _repeated("# a\n"),
    "underlined headings": _repeated("a\n-\n"),
    "rules": _repeated("---\n"),
    "code": _repeated("x = 1\n", "```py\n"),
    "code in a line": _repeated("x", "```\n"),
    "code in a text": _repeated("x", "`", "`"),
    "one line": _repeated("x"),
    "one paragraph": _repeated("word "),
    "many lines": _repeated("a b c\n"),
    "spaces": _repeated(" ", "", "a"),
    "tabs": _repeated("\t", "", "a"),
    "marks over a letter": _repeated("\u0301", "a"),
    "turned around": _repeated("\u202e\u2067a"),
    "families": _repeated("👩‍👩‍👧‍👦"),
    "what frames are marked with": _repeated("\ufdd0\ufdd1\ufffc a"),
}
