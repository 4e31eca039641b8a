"""Detecting what the libraries can enforce."""

from __future__ import annotations

import pytest

from qwen3mlx.grammar.schema.probe import (
    grammar_fault,
    is_checkable,
    is_schema,
    pattern_fault,
    without_assertions,
)

# The default pattern of zod 4's email().
ZOD_EMAIL = (
    r"^(?!\.)(?!.*\.\.)([A-Za-z0-9_'+\-\.]*)[A-Za-z0-9_+-]@([A-Za-z0-9][A-Za-z0-9\-]*\.)+"
    r"[A-Za-z]{2,}$"
)


@pytest.mark.parametrize(
    ("pattern", "without"),
    [
        (r"^(?!x)a(?=b(c))d$", "^ad$"),
        (r"(?<!a)b(?<=c)", "b"),
        (r"\bword\b", "word"),
        (r"[(?!]\(?!x", r"[(?!]\(?!x"),
        (r"(a(?!b)|(c))", "(a|(c))"),
        (r"[\](?=]x", r"[\](?=]x"),
    ],
)
def test_what_only_looks_around_can_be_left_out(pattern: str, without: str) -> None:
    assert without_assertions(pattern) == without


def test_what_a_grammar_cannot_hold_a_check_can() -> None:
    assert "look-around" in (pattern_fault(ZOD_EMAIL) or "")
    assert pattern_fault(without_assertions(ZOD_EMAIL)) is None
    assert is_checkable(ZOD_EMAIL)
    assert is_checkable(r"(a)\1")


def test_what_is_no_pattern_is_none_for_both() -> None:
    assert pattern_fault("(") is not None
    assert not is_checkable("(")


def test_a_schema_that_nothing_satisfies_is_found_by_the_first_mask() -> None:
    assert grammar_fault({"$ref": "#"}) == "no value satisfies it"
    assert grammar_fault({"type": "object"}) is None


def test_a_check_reads_no_other_documents() -> None:
    assert not is_schema({"$ref": "http://127.0.0.1:9/schema.json"})
