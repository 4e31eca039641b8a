"""A client without abstraction: bytes to the socket, bytes back."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class RawReply:
    status: int
    head: str
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        for line in self.head.splitlines()[1:]:
            key, _, value = line.partition(":")
            if key.strip().lower() == name.lower():
                return value.strip()
        return None


def exchange(port: int, data: bytes, host: str = "127.0.0.1") -> bytes:
    """Return everything until the server closes the connection."""
    with socket.create_connection((host, port), timeout=20) as connection:
        connection.sendall(data)
        received = b""
        while piece := connection.recv(65536):
            received += piece
        return received


def ask(port: int, head: str, body: bytes = b"", host: str = "127.0.0.1") -> RawReply:
    """One request whose head is given line by line; the connection is closed after it."""
    lines = [line.strip() for line in head.strip().splitlines()]
    if not any(line.lower().startswith("connection:") for line in lines):
        lines.append("Connection: close")
    data = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
    return parse(exchange(port, data, host))


def parse(received: bytes) -> RawReply:
    head, _, body = received.partition(b"\r\n\r\n")
    text = head.decode("latin-1")
    return RawReply(int(text.split()[1]), text, body)
