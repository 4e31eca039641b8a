from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen3mlx.text import ChatPrompt, Tokenizer, load_tokenizer
from qwen3mlx.text.marker_reader import MarkerReader
from qwen3mlx.text.markers import MARKERS, Marker, MarkerScanner, partial_marker

from .support import pieces, run, write_tiny_tokenizer


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


@given(pieces(["<think>", "</think>", "<tool_call>", "<", "th", "/", "é", "\n"]))
def test_the_cut_does_not_matter_to_the_scanner(parts: list[str]) -> None:
    text = "".join(parts)
    found = scan(parts)
    assert "".join(found) == text
    assert [piece for piece in found if isinstance(piece, Marker)] == [
        *re.findall("</?think>|</?tool_call>", text)
    ]
    assert all(any(piece is marker for marker in MARKERS) for piece in found if piece in MARKERS)


def scan(parts: list[str]) -> list[str]:
    scanner = MarkerScanner()
    return run(scanner.feed, scanner.finish, parts)


def test_only_a_token_is_a_marker_where_the_vocabulary_has_it(qwen3: Tokenizer) -> None:
    text = "<tool_call> </tool_call> <think> </think> é"
    spelled = qwen3.encode_chat(ChatPrompt(text.replace(">", "\ufdd0>"), "\ufdd0"))
    assert [type(piece) for piece in read(qwen3, spelled)] == [str] * len(read(qwen3, spelled))
    assert "".join(read(qwen3, spelled)) == text
    found = [piece for piece in read(qwen3, qwen3.encode(text)) if isinstance(piece, Marker)]
    assert found == ["<tool_call>", "</tool_call>", "<think>", "</think>"]


def test_without_a_marker_token_its_text_is_the_marker(tmp_path: Path) -> None:
    """The tiny tokenizer has the tokens of thinking, and none of calls."""
    write_tiny_tokenizer(tmp_path)
    tokenizer = load_tokenizer(tmp_path)
    pieces = read(tokenizer, [*b"<think>a<tool_call>b</tool", *tokenizer.encode("</think>")])
    assert [piece for piece in pieces if isinstance(piece, Marker)] == ["<tool_call>", "</think>"]
    assert "".join(pieces) == "<think>a<tool_call>b</tool</think>"


def test_a_marker_ends_a_character_that_is_open(qwen3: Tokenizer) -> None:
    half = qwen3.encode("🫠")[0]
    ids = [half, *qwen3.encode("<tool_call>")]
    assert read(qwen3, ids) == ["�", "<tool_call>"]


def read(tokenizer: Tokenizer, ids: list[int]) -> list[str]:
    reader = MarkerReader(tokenizer)
    return [*(piece for token_id in ids for piece in reader.add(token_id)), *reader.finish()]
