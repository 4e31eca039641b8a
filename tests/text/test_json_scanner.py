from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen3mlx.text.json_scanner import JsonScanner
from tests.support.examples import examples

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)
TOKENS = [
    *'{}[]:,"\\ \n0123e.-+',
    "1",
    "true",
    "nul",
    "l",
    '"a"',
    '"a":',
    "\\u00e9",
    "\x01",
    "é",
    "{}",
]
almost_json = st.lists(st.sampled_from(TOKENS), max_size=12).map("".join)


def refuse(constant: str) -> None:
    raise ValueError(constant)


def is_json(text: str) -> bool:
    try:
        json.loads(text, parse_constant=refuse)
    except ValueError:
        return False
    return True


def accepts(text: str) -> bool:
    """A space at the end lets a bare number come to its end."""
    scanner = JsonScanner()
    end = scanner.feed(text + " ")
    return scanner.status == "complete" and not (text + " ")[end:].strip(" \t\n\r")


@settings(max_examples=examples(400))
@given(
    almost_json
    | st.builds("[{}]".format, almost_json)
    | st.builds('{{"k":{}}}'.format, almost_json)
)
def test_it_accepts_what_json_is(text: str) -> None:
    assert accepts(text) == is_json(text)


@settings(max_examples=examples(150))
@given(value=values, indent=st.none() | st.just(1), ascii_only=st.booleans())
def test_valid_text_stays_open_to_its_last_character(
    value: Any, indent: int | None, ascii_only: bool
) -> None:
    text = json.dumps([value], indent=indent, ensure_ascii=ascii_only)
    scanner = JsonScanner()
    for character in text:
        assert scanner.status == "open"
        assert scanner.feed(character) == 1
    assert scanner.status == "complete"


@settings(max_examples=examples(300))
@given(almost_json)
def test_one_character_at_a_time_stops_at_the_same_place(text: str) -> None:
    whole = JsonScanner()
    end = whole.feed(text)
    single, position = JsonScanner(), 0
    while single.status == "open" and position < len(text):
        position += single.feed(text[position])
    assert (position, single.status) == (end, whole.status)


@pytest.mark.parametrize(
    ("text", "end", "status"),
    [
        ('{"a": 1} tail', 8, "complete"),
        ("12,", 2, "complete"),
        ("01", 1, "complete"),
        ("-x", 1, "invalid"),
        ("1.]", 2, "invalid"),
        ('"a\nb"', 2, "invalid"),
        ('"\\x"', 2, "invalid"),
        ('"\\u12g4"', 5, "invalid"),
        ('"\\u123g"', 6, "invalid"),
        ("[1,]", 3, "invalid"),
        ('{"a" 1}', 5, "invalid"),
        ("trUe", 2, "invalid"),
        ("[1}", 2, "invalid"),
        ("NaN", 0, "invalid"),
        ("  ", 2, "open"),
    ],
)
def test_where_it_stops(text: str, end: int, status: str) -> None:
    scanner = JsonScanner()
    assert (scanner.feed(text), scanner.status) == (end, status)


def test_it_reads_on_from_a_position() -> None:
    scanner = JsonScanner()
    assert scanner.feed("xx[1]", 2) == 5
    assert scanner.status == "complete"


def test_any_depth() -> None:
    assert accepts("[" * 100_000 + "]" * 100_000)
