from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen3mlx.cli.blocks import BlockSplitter, tail

LINES = st.sampled_from(
    ["", "", "text", "- item", "  more", "```", "```py", "~~~", "````", "# Title", "| a |", "    x"]
)


def split(pieces: list[str]) -> tuple[list[str], str]:
    splitter = BlockSplitter()
    blocks = [block for piece in pieces for block in splitter.feed(piece)]
    return blocks, splitter.rest


@given(st.lists(LINES).map("\n".join), st.data())
def test_pieces_do_not_matter_and_nothing_is_lost(text: str, data: st.DataObject) -> None:
    whole = split([text])
    assert "".join(whole[0]) + whole[1] == text
    assert split(list(text)) == whole
    cut = data.draw(st.integers(0, len(text)))
    assert split([text[:cut], text[cut:]]) == whole


@pytest.mark.parametrize(
    ("text", "blocks", "rest"),
    [
        ("one\n\ntwo\n", ["one\n\n"], "two\n"),
        ("one\n\ntwo", [], "one\n\ntwo"),  # `two` might become an indented line's neighbour
        ("- a\n\n  b\n\nend\n", ["- a\n\n  b\n\n"], "end\n"),
        ("1. a\n\n2. b\n\nend\n", ["1. a\n\n2. b\n\n"], "end\n"),
        ("text\n\n- a\n", ["text\n\n"], "- a\n"),
        ("```\na\n\nb\n```\n\nend\n", ["```\na\n\nb\n```\n\n"], "end\n"),
        ("````\n```\n\nx\n", [], "````\n```\n\nx\n"),
        ("```\nx\n```py\n\ny\n", [], "```\nx\n```py\n\ny\n"),
    ],
)
def test_where_a_block_ends(text: str, blocks: list[str], rest: str) -> None:
    assert split([text]) == (blocks, rest)


def test_tail_is_bounded_and_stays_code() -> None:
    code = "```py\n" + "\n".join(f"line {i}" for i in range(100))
    assert tail(code, 3) == "```py\nline 98\nline 99"
    assert tail("a\nb\nc\nd", 2) == "c\nd"
    assert tail("a\nb", 2) == "a\nb"
