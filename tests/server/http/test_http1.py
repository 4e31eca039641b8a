"""HTTP/1 on the wire: old versions, chunks, pipelines, and invalid requests."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import time
from unittest import mock

import pytest

from qwen3mlx.server.http.http1 import Protocol
from qwen3mlx.server.run import Server
from qwen3mlx.server.settings import ServerSettings

from ..live import LiveServer, live_server
from ..raw import ask, exchange, parse


def test_http_1_0_needs_no_host_from_this_computer(
    server: LiveServer, caplog: pytest.LogCaptureFixture
) -> None:
    reply = parse(exchange(server.port, b"GET /v1/models HTTP/1.0\r\n\r\n"))
    assert reply.status == 200
    assert reply.json["data"]
    evil = b"GET /v1/models HTTP/1.0\r\nHost: evil.example\r\n\r\n"
    assert parse(exchange(server.port, evil)).status == 403
    assert parse(exchange(server.port, b"GET / HTTP/1.1\r\n\r\n")).status == 400


STREAMS = {
    "/v1/chat/completions": {
        "model": "demo",
        "messages": [{"role": "user", "content": "hi"}],
        "max_tokens": 3,
        "stream": True,
    },
    "/v1/responses": {"model": "demo", "input": "hi", "max_output_tokens": 3, "stream": True},
    "/v1/messages": {
        "model": "demo",
        "messages": [{"role": "user", "content": "hi"}],
        "max_tokens": 3,
        "stream": True,
    },
    "/api/generate": {"model": "demo", "prompt": "hi", "options": {"num_predict": 3}},
    "/api/v1/chat": {"model": "demo", "input": "hi", "max_output_tokens": 3, "stream": True},
}


@pytest.mark.parametrize("path", STREAMS)
def test_streams_over_http_1_0_end_with_the_connection(server: LiveServer, path: str) -> None:
    body = json.dumps(STREAMS[path]).encode()
    head = f"POST {path} HTTP/1.0\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    reply = parse(exchange(server.port, head + body))
    assert reply.status == 200
    assert reply.header("transfer-encoding") is None
    lines = reply.body.splitlines()
    assert len(lines) > 1
    assert lines[0].startswith((b"data:", b"event:", b"{", b":"))


def test_expect_100_continue(server: LiveServer) -> None:
    body = b'{"prompt": "hi"}'
    head = (
        "POST /tokenize HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
        f"Connection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(head.encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 100 ")
        connection.sendall(body)
        received = b""
        while piece := connection.recv(65536):
            received += piece
    assert parse(received).json["count"] > 0


def test_pipelined_requests_are_answered_in_order(server: LiveServer) -> None:
    post = (
        b'POST /tokenize HTTP/1.1\r\nHost: localhost\r\nContent-Length: 15\r\n\r\n{"prompt": "a"}'
    )
    gets = b"".join(
        b"GET /v1/models/%s HTTP/1.1\r\nHost: localhost\r\n\r\n" % name
        for name in (b"demo", b"none", b"demo-moe")
    )
    last = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    received = exchange(server.port, post + gets + last)
    places = [received.find(mark) for mark in (b'"count"', b'"demo"', b"model_not_found")]
    assert -1 not in places
    assert places == sorted(places)
    assert received.endswith(b'{"status":"ok"}')


def test_an_empty_line_before_a_request_is_read_over(server: LiveServer) -> None:
    post = (
        b'POST /tokenize HTTP/1.1\r\nHost: localhost\r\nContent-Length: 15\r\n\r\n{"prompt": "a"}'
    )
    last = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    received = exchange(server.port, b"\r\n" + post + b"\r\n" + last)
    assert received.count(b"HTTP/1.1 200 ") == 2
    assert received.endswith(b'{"status":"ok"}')


REFUSED = [
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x12\x04\x00", 505, "HTTP/2"),
    (b"GET /" + b"a" * 70_000, 431, "64 KB"),
    (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 70_000, 431, "64 KB"),
    (
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        501,
        "Transfer-Encoding",
    ),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, "request is invalid"),
    (b"GET /\xff HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "request is invalid"),
    (b"hello\r\n\r\n", 400, "request is invalid"),
    (b"\r\n\r\n" + b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n", 400, "request is invalid"),
    (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "request is invalid"),
    (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400, "request is invalid"),
    (b"GET / HTTP/2.0\r\nHost: localhost\r\n\r\n", 505, "HTTP/2"),
    (b"GET / HTTP/0.9\r\nHost: localhost\r\n\r\n", 505, "HTTP/2"),
]
# What a proxy may read as another request than this server does: the second is in the body of the
# first, or is one of its own.
SECOND = b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n"
SIZE = str(len(SECOND)).encode()
CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(SECOND), SECOND)
AMBIGUOUS = {
    "both": b"Content-Length: %s\r\nTransfer-Encoding: chunked\r\n\r\n%s" % (SIZE, CHUNKED),
    "both the other way": b"transfer-encoding: Chunked\r\ncontent-length: 5\r\n\r\n" + CHUNKED,
    "two lengths": b"Content-Length: %s\r\nContent-Length: 0\r\n\r\n%s" % (SIZE, SECOND),
    "a length twice": b"Content-Length: %s\r\nContent-Length: %s\r\n\r\n%s" % (SIZE, SIZE, SECOND),
    "a list of lengths": b"Content-Length: %s, 0\r\n\r\n%s" % (SIZE, SECOND),
    "signed": b"Content-Length: +%s\r\n\r\n%s" % (SIZE, SECOND),
    "folded": b"X: a\r\n Content-Length: %s\r\n\r\n%s" % (SIZE, SECOND),
    "folded with a tab": b"Transfer-Encoding:\r\n\tchunked\r\n\r\n" + CHUNKED,
    "bare LF": b"X: a\nContent-Length: %s\r\n\r\n%s" % (SIZE, SECOND),
    "bare LF at the end": b"X: a\r\n\n" + SECOND,
    "bare CR": b"X: a\rContent-Length: %s\r\n\r\n%s" % (SIZE, SECOND),
    "NUL": b"X: a\0b\r\n\r\n" + SECOND,
    "NUL in a name": b"X\0: a\r\n\r\n" + SECOND,
    "a blank before the colon": b"Content-Length : %s\r\n\r\n%s" % (SIZE, SECOND),
    "no colon": b"Content-Length\r\n\r\n" + SECOND,
    "coded twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKED,
    "coded in a list": b"Transfer-Encoding: chunked, chunked\r\n\r\n" + CHUNKED,
    "coded as it is": b"Transfer-Encoding: identity\r\n\r\n" + SECOND,
    "coded with VT": b"Transfer-Encoding: \x0bchunked\r\n\r\n" + CHUNKED,
    "a chunk's bare LF": b"Transfer-Encoding: chunked\r\n\r\n1\nZ\r\n0\r\n\r\n" + SECOND,
    "a chunk's size": b"Transfer-Encoding: chunked\r\n\r\n0x1\r\nZ\r\n0\r\n\r\n" + SECOND,
    "a chunk's end": b"Transfer-Encoding: chunked\r\n\r\n1\r\nZXX0\r\n\r\n" + SECOND,
    "two hosts": b"Host: localhost\r\n\r\n" + SECOND,
}


@pytest.mark.parametrize("rest", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_a_request_with_two_readings_is_refused_and_the_connection_closed(
    server: LiveServer, caplog: pytest.LogCaptureFixture, rest: bytes
) -> None:
    first = b"POST /v1/none HTTP/1.1\r\nHost: localhost\r\n"
    received = exchange(server.port, first + rest)
    assert parse(received).status in (400, 501)
    assert parse(received).header("connection") == "close"
    assert received.count(b"HTTP/1.1 ") == 1, "the second request was answered"


def test_http_1_0_has_no_chunks(server: LiveServer, caplog: pytest.LogCaptureFixture) -> None:
    head = b"POST /tokenize HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert parse(exchange(server.port, head + CHUNKED)).status == 400


def test_chunk_extensions_and_trailers_are_read_over(server: LiveServer) -> None:
    head = b"POST /tokenize HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    body = b'11;a=b;c="d"\r\n{"prompt": "abc"}\r\n0\r\nHost: evil\r\n\r\n'
    received = exchange(server.port, head + b"Transfer-Encoding: chunked\r\n\r\n" + body)
    plain = server.http.post("/tokenize", json={"prompt": "abc"}).json()
    assert parse(received).json == plain


@pytest.mark.parametrize(("data", "status", "word"), REFUSED, ids=lambda value: str(value)[:20])
def test_what_is_no_request_is_refused_in_json(
    server: LiveServer, caplog: pytest.LogCaptureFixture, data: bytes, status: int, word: str
) -> None:
    reply = parse(exchange(server.port, data))
    assert reply.status == status
    assert reply.header("connection") == "close"
    assert word in reply.json["error"]["message"]


def test_a_long_path_that_still_goes_through(server: LiveServer) -> None:
    reply = ask(server.port, "GET /v1/models/" + "a/" * 20_000 + " HTTP/1.1\nHost: localhost")
    assert reply.status == 404
    assert len(reply.body) < 1000


@pytest.mark.parametrize("broken", [b"zz\r\n", b"5\r\nabcdefgh\r\n"])
def test_broken_chunks_end_the_connection_only(
    server: LiveServer, caplog: pytest.LogCaptureFixture, broken: bytes
) -> None:
    head = b"POST /tokenize HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert parse(exchange(server.port, head + b"3\r\nabc\r\n" + broken)).status == 400
    wrong = b"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(wrong)
        assert connection.recv(65536).startswith(b"HTTP/1.1 404")
        connection.sendall(broken)
        while connection.recv(65536):
            pass
    assert server.http.get("/health").status_code == 200
    time.sleep(0.05)
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.parametrize("upgrade", ["h2c", "TLS/1.2"])
def test_another_protocol_that_is_offered_is_not_taken(
    server: LiveServer, caplog: pytest.LogCaptureFixture, upgrade: str
) -> None:
    """Java's client offers HTTP/2 with every request."""
    offer = f"Connection: Upgrade, HTTP2-Settings, close\nUpgrade: {upgrade}\nHTTP2-Settings: AAMA"
    assert ask(server.port, f"GET /health HTTP/1.1\nHost: localhost\n{offer}").status == 200
    assert "install" not in caplog.text


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


ipv6 = pytest.mark.skipif(not has_ipv6(), reason="no IPv6 here")
HEALTH = "GET /health HTTP/1.1\nHost: localhost"


@ipv6
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0", "::"])
def test_localhost_is_both_addresses(host: str) -> None:
    with live_server(host=host) as server:
        assert ask(server.port, HEALTH, host="127.0.0.1").status == 200
        assert ask(server.port, HEALTH, host="::1").status == 200
        old = parse(exchange(server.port, b"GET / HTTP/1.0\r\n\r\n"))
        assert old.status == 200


@ipv6
def test_ipv6_alone_is_alone() -> None:
    with live_server(host="::1") as server:
        assert server.url.startswith("http://[::1]:")
        assert ask(server.port, HEALTH, host="::1").status == 200
        with pytest.raises(ConnectionRefusedError):
            ask(server.port, HEALTH)


@ipv6
def test_another_program_at_the_other_address_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as taken:
        port = taken.getsockname()[1]
        Server(ServerSettings(port=port), on_ready=print).close()
    assert "127.0.0.1, not localhost" in caplog.text


def test_no_write_waits_for_an_acknowledgement() -> None:
    class Watched(Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            accepted = transport.get_extra_info("socket")
            delays.append(not accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    delays: list[bool] = []
    with mock.patch("qwen3mlx.server.run.Protocol", Watched), live_server() as server:
        assert server.http.get("/health").is_success
    assert delays == [False]
