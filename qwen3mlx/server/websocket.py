"""The answer to a websocket handshake: nothing here speaks websockets, and this says so.

LM Studio's SDKs open one on `/llm`, `/system` and the like and say who they are; what they are told
then they show as the reason why it failed. All others get an HTTP error in place of the handshake.
https://datatracker.ietf.org/doc/html/rfc6455
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import logging
from typing import Any

from ..quoting import printable
from .errors import api_error, openai_body
from .safe_headers import SAFE_HEADERS
from .sse import json_bytes

logger = logging.getLogger(__name__)

# What LM Studio calls its namespaces, each of which has a websocket.
_LMSTUDIO = ("diagnostics", "embedding", "files", "llm", "plugins", "repository", "system")
_MESSAGE = (
    "This server does not speak websockets. Use LM Studio's HTTP API (/api/v1) or OpenAI's (/v1)."
)
_PATIENCE_S = 5.0
_MAX_HEAD = 64 * 1024
_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TEXT, _CLOSE = 0x81, 0x88
_POLICY_VIOLATION = 1008


class WebSocketRefusal(asyncio.Protocol):
    """What uvicorn hands a connection to whose request asks for a websocket."""

    def __init__(self, **_: Any) -> None:
        self._head = b""
        self._is_open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        asyncio.get_running_loop().call_later(_PATIENCE_S, transport.close)

    def data_received(self, data: bytes) -> None:
        if self._is_open:  # the client has said who it is
            self._transport.write(_refusal())
            self._transport.close()
            return
        self._head += data
        if b"\r\n\r\n" in self._head:
            self._answer(self._head)
        elif len(self._head) > _MAX_HEAD:
            self._transport.close()

    def _answer(self, head: bytes) -> None:
        request, *lines = head.split(b"\r\n\r\n")[0].split(b"\r\n")
        path = request.split(b" ")[1].partition(b"?")[0].decode("latin-1")
        fields = [line.partition(b":") for line in lines]
        names = {name.lower(): value.strip() for name, _, value in fields}
        key = names.get(b"sec-websocket-key")
        logger.info("%s asks for a websocket: refused", printable(path))
        if key and path.strip("/") in _LMSTUDIO:
            self._is_open = True
            self._transport.write(_handshake(key))
        else:
            self._transport.write(_http_error())
            self._transport.close()


def _handshake(key: bytes) -> bytes:
    accept = base64.b64encode(hashlib.sha1(key + _MAGIC).digest())
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )


def _refusal() -> bytes:
    """LM Studio's answer to a client that may not come in, and the end of the connection."""
    text = json.dumps({"success": False, "error": _MESSAGE}).encode()
    return _frame(_TEXT, text) + _frame(_CLOSE, _POLICY_VIOLATION.to_bytes(2, "big"))


def _frame(kind: int, payload: bytes) -> bytes:
    """For at most 125 bytes, whose length is one byte."""
    return bytes([kind, len(payload)]) + payload


def _http_error() -> bytes:
    body = json_bytes(openai_body(api_error(404, _MESSAGE, code="not_found")))
    fields = {
        **dict(SAFE_HEADERS),
        "Content-Type": "application/json",
        "Content-Length": len(body),
        "Connection": "close",
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 404 Not Found\r\n{head}\r\n".encode() + body
