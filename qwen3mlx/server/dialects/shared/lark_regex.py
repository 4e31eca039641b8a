"""Converts a Lark grammar to a regular expression, if its rules are not recursive.

The input of a custom tool is text inside a JSON string, where a regular expression can be enforced
and a grammar cannot. https://lark-parser.readthedocs.io/en/stable/grammar.html
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

# Characters of a grammar, and of the resulting expression.
MAX_CHARACTERS = 5_000

_TOKEN = re.compile(
    r"""\s+|(?P<string>"(?:[^"\\\n]|\\.)*"i?)|(?P<regex>/(?:[^/\\\n]|\\.)+/[imslux]*)"""
    r"""|(?P<name>[a-z_A-Z][a-zA-Z0-9_]*)|(?P<repeat>~\s*\d+(?:\s*\.\.\s*\d+)?|[*+?])"""
    r"""|(?P<mark>[()|\[\]]|->|\.\.)"""
)
_DEFINITION = re.compile(r"^[?!]*(\w+)(?:\.-?\d+)?\s*:", re.MULTILINE)
_IMPORT = re.compile(r"^%import\s+common\.(\w+)(?:\s*->\s*(\w+))?\s*$", re.MULTILINE)
_COMMENT = re.compile(r"^[ \t]*(?://|#).*$", re.MULTILINE)
_ENDS = {"(": ")", "[": "]"}
# The terminals that every grammar may import.
_COMMON: Mapping[str, str] = {
    "DIGIT": r"[0-9]",
    "HEXDIGIT": r"[a-fA-F0-9]",
    "INT": r"[0-9]+",
    "SIGNED_INT": r"[+\-]?[0-9]+",
    "DECIMAL": r"(?:[0-9]+\.[0-9]*|\.[0-9]+)",
    "NUMBER": r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+\-]?[0-9]+)?",
    "SIGNED_NUMBER": r"[+\-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+\-]?[0-9]+)?",
    "LETTER": r"[A-Za-z]",
    "WORD": r"[A-Za-z]+",
    "CNAME": r"[_A-Za-z][_A-Za-z0-9]*",
    "ESCAPED_STRING": r'"(?:[^"\\]|\\.)*"',
    "WS": r"[ \t\f\r\n]+",
    "WS_INLINE": r"[ \t]+",
    "CR": r"\r",
    "LF": r"\n",
    "NEWLINE": r"(?:\r?\n)+",
}


def lark_regex(grammar: str) -> str | None:
    """A regex for `start`; None if there is none, or if the grammar or the regex is too long."""
    if len(grammar) > MAX_CHARACTERS:
        return None
    text = _COMMENT.sub("", grammar)
    imported = {new or name: name for name, new in _IMPORT.findall(text)}
    text = _IMPORT.sub("", text)
    if "%" in re.sub(r'"(?:[^"\\\n]|\\.)*"|/(?:[^/\\\n]|\\.)+/', "", text):
        return None
    try:
        rules = _rules(text)
        common = {new: _COMMON[name] for new, name in imported.items()}
        made = _Expander(rules, common).rule("start", ())
    except (_NoRegexError, KeyError, RecursionError):
        return None
    return made if len(made) <= MAX_CHARACTERS else None


class _NoRegexError(Exception):
    """A rule is recursive, or cannot be expressed as a regular expression."""


def _rules(text: str) -> dict[str, str]:
    heads = list(_DEFINITION.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    if not heads or text[: heads[0].start()].strip():
        raise _NoRegexError
    return {head[1]: text[head.end() : end] for head, end in zip(heads, ends, strict=True)}


class _Expander:
    """Replaces each name with its definition."""

    def __init__(self, rules: Mapping[str, str], common: Mapping[str, str]) -> None:
        self._rules = rules
        self._common = common
        self._known: dict[str, str] = {}

    def rule(self, name: str, above: tuple[str, ...]) -> str:
        if name in self._common:
            return f"(?:{self._common[name]})"
        if name in above:
            raise _NoRegexError
        if name not in self._known:
            tokens = _Tokens(self._rules[name])
            body = self._alternatives(tokens, (*above, name))
            if tokens.kind:
                raise _NoRegexError
            self._known[name] = body
        if len(self._known[name]) > MAX_CHARACTERS:
            raise _NoRegexError
        return self._known[name]

    def _alternatives(self, tokens: _Tokens, above: tuple[str, ...]) -> str:
        made = [self._sequence(tokens, above)]
        while tokens.text == "|":
            tokens.next()
            made.append(self._sequence(tokens, above))
        return f"(?:{'|'.join(made)})"

    def _sequence(self, tokens: _Tokens, above: tuple[str, ...]) -> str:
        made = ""
        while tokens.kind and tokens.text not in ("|", ")", "]"):
            if tokens.text == "->":  # an alias, which only matters to parsers
                tokens.next()
                tokens.next()
                continue
            made += self._item(tokens, above)
            if len(made) > MAX_CHARACTERS:
                raise _NoRegexError
        return made

    def _item(self, tokens: _Tokens, above: tuple[str, ...]) -> str:
        kind, text = tokens.kind, tokens.text
        tokens.next()
        if kind == "string":
            made = _string(text)
        elif kind == "regex":
            made = _regex(text)
        elif kind == "name":
            made = self.rule(text, above)
        elif text in ("(", "["):
            made = self._alternatives(tokens, above)
            made += "?" if text == "[" else ""
            if tokens.text != _ENDS[text]:
                raise _NoRegexError
            tokens.next()
        else:
            raise _NoRegexError
        if tokens.kind == "repeat":
            made = f"(?:{made}){_repeat(tokens.text)}"
            tokens.next()
        return made


class _Tokens:
    """The tokens of one rule, one at a time; `kind` is empty after the last."""

    def __init__(self, text: str) -> None:
        self._found: Iterator[tuple[str, str]] = iter(list(_scan(text)))
        self.next()

    def next(self) -> None:
        self.kind, self.text = next(self._found, ("", ""))


def _scan(text: str) -> Iterator[tuple[str, str]]:
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise _NoRegexError
        position = match.end()
        if match.lastgroup:
            yield match.lastgroup, match[0]


def _string(text: str) -> str:
    literal = text.removesuffix("i")
    try:
        escaped = re.sub(r"[.^$*+?{}\[\]\\|()]", r"\\\g<0>", ast.literal_eval(literal))
    except (ValueError, SyntaxError):
        raise _NoRegexError from None
    return f"(?i:{escaped})" if text.endswith("i") else escaped


def _regex(text: str) -> str:
    body, _, flags = text[1:].rpartition("/")
    body = body.replace("\\/", "/")
    if re.search(r"\(\?[=!<]|[*+?}]\?", body) or set(flags) - set("is"):
        raise _NoRegexError
    return f"(?{flags}:{body})"


def _repeat(text: str) -> str:
    if not text.startswith("~"):
        return text
    low, _, high = text[1:].replace(" ", "").partition("..")
    return f"{{{low},{high or low}}}"
