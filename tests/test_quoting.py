"""Values from outside, as shown in errors."""

from __future__ import annotations

from typing import Any

import pytest

from qwen3mlx.quoting import MOST, quoted, size_text


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


@pytest.mark.parametrize(
    ("num_bytes", "text"),
    [
        (0, "0.0 KB"),
        (1200, "1.2 KB"),
        (99_900, "99.9 KB"),
        (100_000, "0.1 MB"),
        (31_200_000, "31.2 MB"),
        (4_400_000_000, "4.4 GB"),
    ],
)
def test_sizes_use_a_fitting_unit(num_bytes: int, text: str) -> None:
    assert size_text(num_bytes) == text
