from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from qwen3mlx.cli.wrap import Wrapper

TEXT = st.text(st.sampled_from("ab \n你好é-"), max_size=60)


def wrap(*pieces: str, width: int = 10) -> str:
    wrapper = Wrapper(width)
    return "".join(wrapper.feed(piece) for piece in pieces) + wrapper.flush()


@pytest.mark.parametrize(
    ("text", "wrapped"),
    [
        ("one two three four", "one two \nthree four"),
        ("one\ntwo", "one\ntwo"),
        ("exactly10. more", "exactly10.\nmore"),
        ("你好你好你好", "你好你好你\n好"),
        ("longer-than-the-width x", "longer-tha\nn-the-widt\nh x"),
    ],
)
def test_words_stay_whole(text: str, wrapped: str) -> None:
    assert wrap(text) == wrapped


@given(TEXT)
def test_no_line_is_too_wide_and_only_spaces_are_lost(text: str) -> None:
    wrapped = wrap(text)
    assert all(cell_len(line) <= 10 for line in wrapped.split("\n"))
    assert "".join(wrapped.split()) == "".join(text.split())


@given(TEXT, st.integers(0, 60))
def test_pieces_do_not_matter(text: str, cut: int) -> None:
    assert wrap(text[:cut], text[cut:]) == wrap(text)
