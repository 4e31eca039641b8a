"""Values from outside, as errors show them."""

from __future__ import annotations

from typing import Any

import pytest

from qwen3mlx.quoting import MOST, quoted


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (("",), '[""]'),
        ([None, False, 1.5], "[null, false, 1.5]"),
        ({"a": {"b": ()}}, '{"a": {"b": []}}'),
        (['say "hi"', "\\", "\n\u2028"], r'["say \"hi\"", "\\", "\n\u2028"]'),
        ("text", "'text'"),
    ],
)
def test_values_read_as_json(value: Any, text: str) -> None:
    assert quoted(value) == text


@pytest.mark.parametrize("value", [["x" * 999], ["\n" * 60], [["x" * 50] * 20], "x" * 999])
def test_large_values_are_cut(value: Any) -> None:
    assert len(quoted(value)) <= MOST
    assert "..." in quoted(value)
