"""Events are the same however the bytes are cut."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from qwen3mlx_app.services import sse
from qwen3mlx_app.services.sse import Comment, Event, LineTooLongError, SseParser

STREAM = (
    ': prefill 1/2\n\nevent: progress\r\ndata: {"a": 1}\r\n\r\ndata:first\rdata: 千问\r\r'
    "id: 7\nretry\nunknown: x\n\nevent: empty\n\ndata\n\ndata:  two spaces\n\n"
).encode()
ITEMS = [
    Comment("prefill 1/2"),
    Event("progress", '{"a": 1}'),
    Event("", "first\n千问"),
    Event("", ""),
    Event("", " two spaces"),
]


def read(*pieces: bytes) -> list[Event | Comment]:
    parser = SseParser()
    return [item for piece in pieces for item in parser.feed(piece)]


def test_a_whole_stream() -> None:
    assert read(STREAM) == ITEMS


def test_one_byte_at_a_time() -> None:
    assert read(*(bytes([byte]) for byte in STREAM)) == ITEMS


@given(st.lists(st.integers(0, len(STREAM)), max_size=20))
def test_cut_anywhere(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(STREAM)]
    pieces = [STREAM[a:b] for a, b in itertools.pairwise(places)]
    assert read(*pieces) == ITEMS


@given(st.binary(max_size=200))
def test_any_bytes_are_survived(noise: bytes) -> None:
    read(noise, b"\n\ndata: x\n\n")


def test_an_unfinished_event_is_none() -> None:
    assert read(b"data: half") == []
    assert read(b"data: half\n") == []


def test_a_line_without_end_is_no_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "MAX_LINE_BYTES", 100)
    with pytest.raises(LineTooLongError):
        read(b"x" * 60, b"x" * 60)
