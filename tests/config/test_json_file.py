"""Untrusted JSON is limited in size and depth, and has no duplicate keys."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen3mlx.config import parse_json, read_json
from qwen3mlx.config.json_file import DEEPEST, LARGEST_JSON
from qwen3mlx.errors import CheckpointError

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES)
def test_what_is_good_is_read_as_ever(value: Any) -> None:
    assert parse_json(json.dumps(value)) == value
    assert math.isnan(parse_json("NaN"))


@pytest.mark.parametrize("brackets", [("[", "]"), ('{"a":', "}")], ids=["lists", "objects"])
@pytest.mark.parametrize("depth", [DEEPEST + 1, 900, 100_000])
def test_depth(brackets: tuple[str, str], depth: int) -> None:
    opening, closing = brackets
    good = opening * (DEEPEST - 1) + "[]" + closing * (DEEPEST - 1)
    assert json.loads(good) == parse_json(good)
    for text in (opening * (depth - 1) + "[]" + closing * (depth - 1), opening * depth):
        with pytest.raises(ValueError, match=r"64 levels deep|Expecting|delimiter"):
            parse_json(text)


@pytest.mark.parametrize("text", ['{"a": 1, "a": 1}', '[{"b": {"a": 1, "c": 2, "\\u0061": 3}}]'])
def test_a_key_that_is_there_twice(text: str) -> None:
    with pytest.raises(ValueError, match="twice"):
        parse_json(text)


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text("{}" + " " * (LARGEST_JSON - 2))
    assert read_json(path) == {}
    path.write_text("{}" + " " * (LARGEST_JSON - 1))
    with pytest.raises(CheckpointError, match="too much for such a file"):
        read_json(path)
