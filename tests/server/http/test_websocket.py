"""WebSockets are refused with a readable message."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from qwen3mlx.server.http.websocket_frames import CLOSE, PING, PONG, TEXT

from ..live import LiveServer

# The key of RFC 6455's example, and what it says the answer to it must be.
KEY, ACCEPT = "dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
HELLO = json.dumps({"authVersion": 1, "clientIdentifier": "me", "clientPasskey": "x"}).encode()


def request(path: str, *fields: str) -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: Upgrade", "Upgrade: websocket"]
    return "\r\n".join([*lines, "Sec-WebSocket-Version: 13", *fields, "", ""]).encode()


@contextmanager
def asked(server: LiveServer, path: str, *fields: str) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(request(path, *fields))
        yield connection


def read_all(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(4096), b""))


def masked(kind: int, payload: bytes, *, is_last: bool = True) -> bytes:
    """Encode as clients must."""
    mask = b"abcd"
    body = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
    size = len(payload)
    length = struct.pack("!B", 0x80 | size) if size < 126 else struct.pack("!BH", 0x80 | 126, size)
    return struct.pack("!B", (0x80 if is_last else 0) | kind) + length + mask + body


def read_frame(connection: socket.socket) -> tuple[int, bytes]:
    kind, size = connection.recv(1)[0], connection.recv(1)[0]
    if size == 126:
        (size,) = struct.unpack("!H", connection.recv(2, socket.MSG_WAITALL))
    return kind & 0x0F, connection.recv(size, socket.MSG_WAITALL) if size else b""


@contextmanager
def let_in(server: LiveServer, path: str = "/llm") -> Iterator[socket.socket]:
    with asked(server, path, f"Sec-WebSocket-Key: {KEY}") as connection:
        head = connection.recv(4096)
        assert head.startswith(b"HTTP/1.1 101 ")
        assert f"Sec-WebSocket-Accept: {ACCEPT}".encode() in head
        connection.sendall(masked(TEXT, HELLO))
        assert read_frame(connection) == (TEXT, b'{"success":true}')
        yield connection


ASKED = [
    ({"type": "rpcCall", "endpoint": "listLoaded", "callId": 3}, {"type": "rpcError", "callId": 3}),
    (
        {"type": "channelCreate", "endpoint": "loadModel", "channelId": 0},
        {"type": "channelError", "channelId": 0},
    ),
    ({"type": "signalSubscribe", "subscribeId": 1}, {"type": "signalError", "subscribeId": 1}),
    (
        {"type": "writableSignalSubscribe", "subscribeId": 2},
        {"type": "writableSignalError", "subscribeId": 2},
    ),
]


@pytest.mark.parametrize("path", ["/llm", "/system", "/embedding", "/files", "/llm?x=1"])
def test_lmstudios_sdks_are_told_why_each_call_fails(server: LiveServer, path: str) -> None:
    with let_in(server, path) as connection:
        for call, expected in [*ASKED, *ASKED]:
            connection.sendall(masked(TEXT, json.dumps(call).encode()))
            kind, payload = read_frame(connection)
            told = json.loads(payload)
            assert "does not support websockets" in told.pop("error")["title"]
            assert (kind, told) == (TEXT, expected)


def test_what_wants_no_error_gets_none(server: LiveServer) -> None:
    with let_in(server) as connection:
        for odd in ('{"type": "signalUnsubscribe", "subscribeId": 1}', '{"type": []}', "[]", "7"):
            connection.sendall(masked(TEXT, odd.encode()))
        connection.sendall(masked(PONG, b""))
        connection.sendall(masked(TEXT, b'{"type": "keepAlive"}'))
        assert read_frame(connection) == (TEXT, b'{"type":"keepAliveAck"}')
        connection.sendall(masked(PING, b"there?"))
        assert read_frame(connection) == (PONG, b"there?")


def test_a_message_in_pieces(server: LiveServer) -> None:
    call = json.dumps({**ASKED[0][0], "parameter": "x" * 300}).encode()
    pieces = masked(TEXT, call[:200], is_last=False) + masked(0, call[200:])
    with let_in(server) as connection:
        for byte in pieces:
            connection.sendall(bytes([byte]))
        assert json.loads(read_frame(connection)[1])["callId"] == 3


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (masked(CLOSE, (1000).to_bytes(2, "big")), 1000),
        (b"\x81\x02{}", 1002),
        (b"\xc1" + masked(TEXT, b"{}")[1:], 1002),
        (masked(TEXT, b"{"), 1002),
        (masked(TEXT, b"\xff"), 1002),
        (masked(TEXT, b"[" * 60_000), 1002),
        (b"\x81\xff" + (2**40).to_bytes(8, "big"), 1002),
        (masked(TEXT, b"x" * 65_000, is_last=False) + masked(0, b"x" * 65_000), 1002),
    ],
    ids=lambda value: str(value)[:24],
)
def test_the_end(server: LiveServer, sent: bytes, told: int) -> None:
    with let_in(server) as connection:
        connection.sendall(sent)
        assert read_frame(connection) == (CLOSE, told.to_bytes(2, "big"))
        assert read_all(connection) == b""


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/v1/responses", [f"Sec-WebSocket-Key: {KEY}"]),
        ("/v1/realtime?model=demo", [f"Sec-WebSocket-Key: {KEY}"]),
        ("/llm", []),
        ("/", ["Sec-WebSocket-Key:"]),
    ],
)
def test_others_get_an_error_of_http(server: LiveServer, path: str, fields: list[str]) -> None:
    with asked(server, path, *fields) as connection:
        head, _, body = read_all(connection).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 404 ")
    assert "does not support websockets" in json.loads(body)["error"]["message"]


def test_the_log_gives_no_advice(server: LiveServer, caplog: pytest.LogCaptureFixture) -> None:
    """uvicorn's own warning is to install a library, which would not help."""
    with caplog.at_level("INFO"), asked(server, "/llm") as connection:
        read_all(connection)
    assert [record.levelname for record in caplog.records if "websocket" in record.message] == [
        "INFO"
    ]
    assert "install" not in caplog.text


def test_the_sdks_find_the_server(server: LiveServer) -> None:
    assert server.http.get("/lmstudio-greeting").json() == {"lmstudio": True}
