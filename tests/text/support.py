"""A tiny byte-level tokenizer, and ways to feed a text in pieces."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from hypothesis import strategies as st

from qwen3mlx.text import byte_level
from qwen3mlx.text.markers import MarkerScanner

T = TypeVar("T")

BYTES = [character for character, _ in sorted(byte_level.ALPHABET.items(), key=lambda kv: kv[1])]
ADDED = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>"]


def write_tiny_tokenizer(
    folder: Path, merged: Iterable[str] = (), added_tokens: Sequence[str] = ADDED
) -> None:
    """Id n is byte n, followed by the `merged` pairs of characters and the added tokens."""
    merged = list(merged)
    vocab = {character: index for index, character in enumerate([*BYTES, *merged])}
    added = [
        {
            "id": len(vocab) + index,
            "content": content,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": True,
        }
        for index, content in enumerate(added_tokens)
    ]
    byte_level_step = {
        "type": "ByteLevel",
        "add_prefix_space": False,
        "trim_offsets": False,
        "use_regex": False,
    }
    tokenizer = {
        "version": "1.0",
        "added_tokens": added,
        "pre_tokenizer": byte_level_step,
        "decoder": byte_level_step,
        "model": {"type": "BPE", "vocab": vocab, "merges": [" ".join(piece) for piece in merged]},
    }
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer), "utf-8")


@st.composite
def pieces(draw: st.DrawFn, fragments: list[str], max_size: int = 12) -> list[str]:
    """A text of `fragments`, cut anywhere into pieces."""
    text = "".join(draw(st.lists(st.sampled_from(fragments), max_size=max_size)))
    cuts = sorted(draw(st.sets(st.integers(1, max(1, len(text) - 1)))))
    return [text[i:j] for i, j in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def run(
    feed: Callable[[str], Iterable[T]], finish: Callable[[], Iterable[T]], parts: Iterable[str]
) -> list[T]:
    """Return everything a state machine outputs for `parts`."""
    out: list[T] = []
    for part in parts:
        out += feed(part)
    out += finish()
    return out


def run_scanned(
    feed: Callable[[str], Iterable[T]], finish: Callable[[], Iterable[T]], parts: Iterable[str]
) -> list[T]:
    """Return the same for a machine that takes pieces with markers already recognized."""
    scanner = MarkerScanner()
    return run(feed, finish, run(scanner.feed, scanner.finish, parts))
