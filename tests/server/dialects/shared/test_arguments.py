"""Call arguments in the forms that clients expect."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen3mlx.server.dialects.shared.arguments import (
    CustomInput,
    arguments_object,
    custom_arguments,
)


def read(pieces: list[str]) -> str:
    reader = CustomInput()
    return "".join(map(reader.add, pieces)) + reader.finish()


@given(st.text(), st.booleans(), st.integers(1, 7))
def test_a_text_is_read_in_any_pieces(text: str, escaped: bool, size: int) -> None:
    arguments = json.dumps({"input": text}) if escaped else custom_arguments(text)
    pieces = [arguments[i : i + size] for i in range(0, len(arguments), size)]
    assert read(pieces) == text


def test_text_comes_as_soon_as_it_is_whole() -> None:
    reader = CustomInput()
    pieces = ['{"inp', 'ut": "a\\', "nb\\ud83d", '\\ude00c"', "}"]
    assert [reader.add(piece) for piece in pieces] == ["", "a", "\nb", "\U0001f600c", ""]
    assert reader.finish() == ""


@pytest.mark.parametrize("arguments", ["{}", '{"input": 5}', '{"other": "x"}', ""])
def test_arguments_of_another_form_are_the_text(arguments: str) -> None:
    assert read([arguments]) == arguments


def test_half_a_pair_at_the_end_is_kept() -> None:
    assert read(['{"input": "a\\ud83d"}']) == "a\ud83d"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ('{"a": [1, {"b": "c"}]}', {"a": [1, {"b": "c"}]}),
        ('{"a": "x", "b": "cut o', {"a": "x"}),
        ("", {}),
        ('{"a": ' + "[" * 100_000 + "]" * 100_000 + "}", {}),
    ],
)
def test_arguments_that_are_complete(arguments: str, expected: object) -> None:
    assert arguments_object(arguments) == expected
