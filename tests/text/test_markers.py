from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen3mlx.text.markers import partial_marker


@pytest.mark.parametrize(
    ("text", "markers", "length"),
    [
        ("", ["abc"], 0),
        ("xab", ["abc"], 2),
        ("xabc", ["abc"], 0),
        ("xa", [], 0),
        ("aaa", ["aaaa"], 3),
        ("x\n</th", ["\n</think>", "</think>"], 5),
        ("xyab", ["b!", "ab?"], 2),
        ("ab", ["b"], 0),
    ],
)
def test_examples(text: str, markers: list[str], length: int) -> None:
    assert partial_marker(text, markers) == length


@given(st.text("ab", max_size=8), st.lists(st.text("ab", min_size=1, max_size=4), max_size=3))
def test_it_is_the_longest(text: str, markers: list[str]) -> None:
    fitting = [
        size
        for size in range(1, len(text) + 1)
        for marker in markers
        if marker.startswith(text[len(text) - size :]) and size < len(marker)
    ]
    assert partial_marker(text, markers) == max(fitting, default=0)
