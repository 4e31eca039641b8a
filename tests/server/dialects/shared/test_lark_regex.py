"""Lark grammars as regular expressions."""

from __future__ import annotations

import re

import pytest

from qwen3mlx.server.dialects.shared.lark_regex import MAX_CHARACTERS, lark_regex

# The form in which coding agents describe their patches.
PATCH = r"""
start: begin_patch hunk+ end_patch
begin_patch: "*** Begin Patch" LF
end_patch: "*** End Patch" LF?
hunk: add_hunk | delete_hunk
add_hunk: "*** Add File: " filename LF add_line+
delete_hunk: "*** Delete File: " filename LF
filename: /(.+)/
add_line: "+" /(.*)/ LF -> line

%import common.LF
"""


@pytest.mark.parametrize(
    ("text", "is_in"),
    [
        ("*** Begin Patch\n*** Add File: a\n+x\n+\n*** Delete File: b\n*** End Patch", True),
        ("*** Begin Patch\n*** Delete File: b\n*** End Patch\n", True),
        ("*** Begin Patch\n*** End Patch\n", False),
        ("*** Begin Patch\n*** Add File: a\nx\n*** End Patch\n", False),
        ("+++ Begin Patch\n*** Delete File: b\n*** End Patch\n", False),
    ],
)
def test_a_grammar_of_patches(text: str, is_in: bool) -> None:
    assert bool(re.fullmatch(lark_regex(PATCH) or "", text)) == is_in


@pytest.mark.parametrize(
    ("grammar", "inside", "outside"),
    [
        ('start: "a"i ["b"] "."', ["a.", "Ab."], ["ax", "b."]),
        ('start: A~2..3 | B\nA: /[0-9]/\nB: "x" | "y"', ["12", "123", "y"], ["1", "1234"]),
        ("start: A ~ 2\nA: /\\//", ["//"], ["/"]),
        ('// a comment\nstart: (word " ")+ word\nword: /[a-z]+/i', ["a B", "a b c"], ["a", "a "]),
        ("?start: _a\n_a.2: WS N\n%import common.WS\n%import common.INT -> N", [" 12"], ["12"]),
        ('start: "\\n" "(" "\\\\" ")"', ["\n(\\)"], ["n()"]),
    ],
)
def test_what_grammars_are_made_of(grammar: str, inside: list[str], outside: list[str]) -> None:
    regex = lark_regex(grammar) or ""
    assert [text for text in inside if not re.fullmatch(regex, text)] == []
    assert [text for text in outside if re.fullmatch(regex, text)] == []


@pytest.mark.parametrize(
    "grammar",
    [
        'start: "(" start ")" | "x"',
        'start: a\na: b\nb: a "x"',
        'start: "a"\n%ignore " "',
        "start: missing",
        "start: <[151645]>",
        'start: %json {"type": "object"}',
        "start: /a(?=b)/",
        "start: /a+?/",
        "begin: /a/",
        'start: "a',
        "start: (",
        "start: )",
        "",
        "%import common.UNKNOWN\nstart: UNKNOWN",
    ],
)
def test_what_is_no_regex(grammar: str) -> None:
    assert lark_regex(grammar) is None


def test_the_bound() -> None:
    rules = "\n".join(f"r{n}: {f'r{n + 1} ' * 9}" for n in range(9))
    assert lark_regex(f"start: r0\n{rules}\nr9: /x/") is None
    assert lark_regex(f'start: "{"a" * MAX_CHARACTERS}"') is None


RUINOUS = {
    "blank lines": "start: a" + "\n" * 100_000 + 'a: "x"',
    "quotes": 'start: "' + '\\"' * 100_000,
    "brackets": "start: " + "(" * 2000 + '"a"' + ")" * 2000,
    "more brackets": "start: " + "(" * 100_000,
    "names": "start: " + "a " * 2000 + '\na: "' + "x" * 900 + '"',
    "more names": "start: " + "a " * 500_000 + '\na: "' + "x" * 4000 + '"',
    "a chain": "start: r0\n" + "\n".join(f"r{i}: r{i + 1}" for i in range(350)) + '\nr350: "a"',
    "doubled": "start: r40\n"
    + "\n".join(f"r{i}: r{i - 1} r{i - 1}" for i in range(1, 41))
    + '\nr0: "a"',
    "names of many letters": "a" * 1_000_000 + ': "x"\nstart: "x"',
}


@pytest.mark.parametrize("name", RUINOUS)
def test_a_grammar_that_costs_more_than_it_looks_has_no_expression(name: str) -> None:
    assert lark_regex(RUINOUS[name]) is None
