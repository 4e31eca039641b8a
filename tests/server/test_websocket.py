"""Websockets are refused in words that a person gets to read."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from .live import LiveServer

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


def text_frame(payload: bytes) -> bytes:
    """As clients must send it: masked."""
    mask = b"abcd"
    masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
    return struct.pack("!BB", 0x81, 0x80 | len(payload)) + mask + masked


@pytest.mark.parametrize("path", ["/llm", "/system", "/embedding", "/files", "/llm?x=1"])
def test_lmstudios_sdks_are_told_why(server: LiveServer, path: str) -> None:
    with asked(server, path, f"Sec-WebSocket-Key: {KEY}") as connection:
        head = connection.recv(4096)
        assert head.startswith(b"HTTP/1.1 101 ")
        assert f"Sec-WebSocket-Accept: {ACCEPT}".encode() in head
        connection.sendall(text_frame(HELLO))
        frames = read_all(connection)
    kind, size = frames[0], frames[1]
    assert kind == 0x81
    told = json.loads(frames[2 : 2 + size])
    assert told["success"] is False
    assert "does not speak websockets" in told["error"]
    assert frames[2 + size :] == b"\x88\x02" + (1008).to_bytes(2, "big")


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
    assert "does not speak websockets" in json.loads(body)["error"]["message"]


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
