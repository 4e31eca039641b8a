"""JSON bodies: the same value as Python's parser reads, and how much of it there may be."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen3mlx.server import bounds
from qwen3mlx.server.http import json_body
from qwen3mlx.server.http.json_body import InvalidJSONError, parsed

TEXTS = st.text() | st.text('\\",[]{}:a\n', max_size=20) | st.text("\\ud8000dcab", max_size=12)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS
VALUES = st.recursive(
    SCALARS.filter(lambda value: not isinstance(value, float) or abs(value) < 1.7e308),
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=30,
)


def size(value: Any) -> tuple[int, int]:
    """Its commas and opening brackets; the objects among these."""
    if isinstance(value, dict | list):
        inner = [size(one) for one in (value.values() if isinstance(value, dict) else value)]
        commas = max(0, len(value) - 1)
        is_object = isinstance(value, dict)
        return 1 + commas + sum(n for n, _ in inner), is_object + sum(n for _, n in inner)
    return 0, 0


@settings(max_examples=40)
@given(VALUES, st.booleans())
def test_a_value_is_read_as_python_reads_it(value: Any, ascii_only: bool) -> None:
    body = json.dumps(value, ensure_ascii=ascii_only).encode()
    assert parsed(body) == json.loads(body) == value


@given(st.text(st.characters(categories=["Cs"]) | st.sampled_from("\\ua\U0001f600"), max_size=20))
def test_halves_of_pairs_are_kept(text: str) -> None:
    body = json.dumps({"a": text}).encode()
    assert parsed(body) == json.loads(body)


@settings(max_examples=40)
@given(VALUES, st.integers(0, 20), st.integers(0, 20), st.integers(1, 9), st.booleans())
def test_the_limits_are_exact_however_the_body_is_cut(
    value: Any, most: int, most_objects: int, piece: int, ascii_only: bool
) -> None:
    body = json.dumps(value, ensure_ascii=ascii_only).encode()
    num_values, num_objects = size(value)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bounds, "MAX_VALUES", most)
        patch.setattr(bounds, "MAX_OBJECTS", most_objects)
        patch.setattr(json_body, "_PIECE", piece)
        if num_values <= most and num_objects <= most_objects:
            assert parsed(body) == value
        else:
            with pytest.raises(InvalidJSONError):
                parsed(body)


@pytest.mark.parametrize("half", ["", '"\\ud800",'])
def test_depth_is_limited_in_both_parsers(half: str) -> None:
    for depth, is_read in [(190, True), (210, False), (900, False), (100_000, False)]:
        body = f"[{half}{'[' * depth}{']' * depth}]".encode()
        if is_read:
            assert parsed(body)
        else:
            with pytest.raises(InvalidJSONError, match="200 levels"):
                parsed(body)
