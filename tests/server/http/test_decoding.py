"""Compressed bodies are decompressed within the size limit, or refused by name."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from qwen3mlx.server.http.decoding import (
    BrokenEncodingError,
    TooLargeError,
    UnsupportedEncodingError,
    codings_of,
    decoded,
)

from ..live import LiveServer, live_server
from ..raw import ask

LIMIT = 100_000


def raw_deflate(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return stream.compress(data) + stream.flush()


def light_brotli(data: bytes) -> bytes:
    return brotli.compress(data, quality=3)


def streamed_zstd(data: bytes) -> bytes:
    """Compress without the size in the header, as streaming clients do."""
    stream = zstandard.ZstdCompressor().compressobj()
    return stream.compress(data) + stream.flush()


ENCODERS: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("gzip", gzip.compress),
    ("x-gzip", gzip.compress),
    ("GZIP", gzip.compress),
    ("deflate", zlib.compress),
    ("deflate", raw_deflate),
    ("zstd", zstandard.compress),
    ("zstd", streamed_zstd),
    ("br", light_brotli),
]
each = pytest.mark.parametrize(
    ("coding", "encode"), ENCODERS, ids=lambda value: getattr(value, "__name__", value)
)


@each
@given(data=st.binary(min_size=1, max_size=5000))
def test_what_was_sent_comes_out(
    coding: str, encode: Callable[[bytes], bytes], data: bytes
) -> None:
    codings = codings_of(coding)
    assert decoded(encode(data), codings, 5000) == data
    if len(data) > 1:
        with pytest.raises(TooLargeError):
            decoded(encode(data), codings, len(data) - 1)


@each
def test_a_bomb_is_stopped(coding: str, encode: Callable[[bytes], bytes]) -> None:
    bomb = encode(bytes(5_000_000))
    assert len(bomb) < LIMIT
    with pytest.raises(TooLargeError):
        decoded(bomb, codings_of(coding), LIMIT)
    with pytest.raises(TooLargeError):
        decoded(gzip.compress(bomb), codings_of(f"{coding}, gzip"), LIMIT)


@each
@given(cut=st.integers(1, 30), junk=st.binary(min_size=1, max_size=40))
def test_damage_is_told(
    coding: str, encode: Callable[[bytes], bytes], cut: int, junk: bytes
) -> None:
    body = encode(b"some text that is long enough" * 20)
    for wrong in (body[:-cut], junk):
        with (
            pytest.raises((BrokenEncodingError, TooLargeError))
            if wrong != junk
            else suppress(BrokenEncodingError, TooLargeError)
        ):
            decoded(wrong, codings_of(coding), LIMIT)


def test_parts_one_after_the_other() -> None:
    """gzip's members, zstd's frames."""
    assert decoded(gzip.compress(b"a") + gzip.compress(b"b"), ["gzip"], 9) == b"ab"
    assert decoded(zstandard.compress(b"a") + streamed_zstd(b"b"), ["zstd"], 9) == b"ab"
    with pytest.raises(TooLargeError):
        decoded(gzip.compress(b"a" * 5) * 2, ["gzip"], 9)


def test_a_window_that_is_too_large_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=27)
    stream = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    with pytest.raises(BrokenEncodingError):
        decoded(stream.compress(b"a" * 1000) + stream.flush(), ["zstd"], LIMIT)


@pytest.mark.parametrize(
    ("header", "codings"),
    [
        ("", []),
        ("identity", []),
        (" , ,", []),
        ("gzip", ["gzip"]),
        ("Deflate , gzip", ["deflate", "gzip"]),
        ("identity,br", ["br"]),
    ],
)
def test_lists(header: str, codings: list[str]) -> None:
    assert codings_of(header) == codings


@pytest.mark.parametrize("header", ["compress", "gzip, lzma", "gzip;q=1", ",".join(["gzip"] * 5)])
def test_what_is_not_undone_is_refused(header: str) -> None:
    with pytest.raises(UnsupportedEncodingError):
        codings_of(header)


@pytest.fixture(scope="module")
def small() -> Iterator[LiveServer]:
    with live_server(max_body_bytes=LIMIT) as running:
        yield running


# For each dialect: a path, a text field, and a minimal body.
MESSAGES = [{"role": "user", "content": "hi"}]
REQUESTS = {
    "/v1/chat/completions": {"model": "demo", "messages": MESSAGES, "max_tokens": 1},
    "/v1/responses": {"model": "demo", "input": "hi", "max_output_tokens": 1},
    "/v1/messages": {"model": "demo", "messages": MESSAGES, "max_tokens": 1},
    "/api/chat": {
        "model": "demo",
        "messages": MESSAGES,
        "stream": False,
        "options": {"num_predict": 1},
    },
    "/api/v1/chat": {"model": "demo", "input": "hi", "max_output_tokens": 1},
    "/api/qwen3mlx/tokens": {"model": "demo", "texts": ["hi"]},
}


@pytest.mark.parametrize("path", REQUESTS)
def test_every_dialect_takes_them_and_refuses_in_its_words(small: LiveServer, path: str) -> None:
    body = json.dumps(REQUESTS[path]).encode()

    def post(coding: str, content: bytes) -> tuple[int, str, str | None]:
        answer = small.http.post(path, content=content, headers={"Content-Encoding": coding})
        return answer.status_code, answer.text, answer.headers.get("accept-encoding")

    status, text, _ = post("gzip, br", light_brotli(gzip.compress(body)))
    assert status == 200, text
    assert post("zstd", streamed_zstd(body))[0] == 200
    assert post("identity", body)[0] == 200
    status, text, accepted = post("compress", body)
    assert (status, accepted) == (415, "gzip, deflate, zstd, br")
    assert "'compress'" in text
    assert post("gzip", body)[0] == 400
    assert "not valid gzip" in post("gzip", body)[1]
    status, text, _ = post("br", light_brotli(bytes(5_000_000)))
    assert status == 413
    assert "error" in json.loads(text)


def test_chunked_and_with_no_body_at_all(small: LiveServer) -> None:
    body = gzip.compress(b'{"prompt": "hi"}')
    chunks = b"".join(b"1\r\n" + body[i : i + 1] + b"\r\n" for i in range(len(body)))
    head = "POST /tokenize HTTP/1.1\nHost: localhost\nContent-Encoding: gzip"
    reply = ask(small.port, f"{head}\nTransfer-Encoding: chunked", chunks + b"0\r\n\r\n")
    assert (reply.status, reply.json["count"] > 0) == (200, True)
    assert ask(small.port, f"{head}\nContent-Length: 0").status == 400
    assert (
        ask(small.port, "GET /health HTTP/1.1\nHost: localhost\nContent-Encoding: x").status == 200
    )


def test_nobody_without_a_key_has_a_body_undone() -> None:
    with live_server(api_key=("secret",)) as server:
        headers = {"Content-Encoding": "compress"}
        assert server.http.post("/tokenize", content=b"x", headers=headers).status_code == 401


def test_a_body_of_very_many_members_is_refused_at_once() -> None:
    """Each member copies what follows it: a body of small ones would take quadratic time."""
    few = gzip.compress(b"") * 50 + gzip.compress(b"data")
    assert decoded(few, ["gzip"], LIMIT) == b"data"
    with pytest.raises(BrokenEncodingError, match="more than 100 members"):
        decoded(gzip.compress(b"") * 100_000, ["gzip"], LIMIT)
