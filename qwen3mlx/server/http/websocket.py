"""Refuses websockets with a reason: no API is available over them.

LM Studio's SDKs open websockets at `/llm`, `/system` and so on, and send several calls over each.
They are accepted, and every call fails with the reason: if the handshake were refused, an SDK would
report the reason for its first call only. All other clients get an HTTP error instead of the
handshake. https://datatracker.ietf.org/doc/html/rfc6455
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import logging
import time
from collections.abc import Mapping
from typing import Any

from uvicorn.server import ServerState

from ...quoting import printable
from ..json_text import json_bytes
from .errors import api_error, openai_body
from .safe_headers import SAFE_HEADERS
from .websocket_frames import CLOSE, PING, PONG, TEXT, Frame, FrameError, FrameReader, frame

logger = logging.getLogger(__name__)

# LM Studio's namespaces, each of which has a websocket.
_LMSTUDIO = ("diagnostics", "embedding", "files", "llm", "plugins", "repository", "system")
_MESSAGE = (
    "This server does not support websockets; use LM Studio's HTTP API (/api/v1) or OpenAI's (/v1)."
)
# Type of a call -> type of the error reply, and the field that identifies the call.
_ERRORS: Mapping[str, tuple[str, str]] = {
    "rpcCall": ("rpcError", "callId"),
    "channelCreate": ("channelError", "channelId"),
    "signalSubscribe": ("signalError", "subscribeId"),
    "writableSignalSubscribe": ("writableSignalError", "subscribeId"),
}
# Seconds after which an idle client, or any client, is disconnected; it may reconnect.
_PATIENCE_S, _STAY_S = 5.0, 20.0
_MAX_HEAD = 64 * 1024
_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_GOING_AWAY, _PROTOCOL_ERROR = 1001, 1002


class WebSocketRefusal(asyncio.Protocol):
    """uvicorn's protocol for connections whose request asks for a websocket."""

    def __init__(self, server_state: ServerState, **_: Any) -> None:
        self._connections: set[Any] = server_state.connections
        self.idle_since: float | None = time.monotonic()
        self._head = b""
        self._frames: FrameReader | None = None  # once the handshake is over
        self._text = b""  # of a message in several frames
        self._is_known = False  # it has said who it is

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._connections.add(self)
        loop = asyncio.get_running_loop()
        self._patience = loop.call_later(_PATIENCE_S, self._send_away)
        loop.call_later(_STAY_S, self._send_away)

    def connection_lost(self, error: Exception | None) -> None:
        self._connections.discard(self)
        self._patience.cancel()

    def check(self, now: float) -> None:
        """Also close the connection of a client that does not read."""
        if self.idle_since is not None and now - self.idle_since > _STAY_S + _PATIENCE_S:
            self._transport.abort()

    def give_way(self) -> None:
        self._transport.abort()

    def shutdown(self) -> None:
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        if self._frames is not None:
            self._read(self._frames, data)
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
        logger.info("refused a websocket at %s", printable(path))
        if key and path.strip("/") in _LMSTUDIO:
            self._frames = FrameReader()
            self._transport.write(_handshake(key))
        else:
            self._transport.write(_http_error())
            self._transport.close()

    def _read(self, frames: FrameReader, data: bytes) -> None:
        self._patience.cancel()
        self._patience = asyncio.get_running_loop().call_later(_PATIENCE_S, self._send_away)
        try:
            for one in frames.feed(data):
                if not self._transport.is_closing():
                    self._take(one)
        except (FrameError, ValueError, RecursionError):
            self._end(_PROTOCOL_ERROR)

    def _take(self, one: Frame) -> None:
        """Raises ValueError for text that is not JSON."""
        if one.kind == CLOSE:
            self._transport.write(frame(CLOSE, one.payload[:2]))
            self._transport.close()
        elif one.kind == PING:
            self._transport.write(frame(PONG, one.payload))
        elif one.kind != PONG:
            self._text += one.payload
            if len(self._text) > _MAX_HEAD:
                raise FrameError("a message is too long")
            if one.is_last:
                text, self._text = self._text, b""
                reply = _reply(json.loads(text)) if self._is_known else {"success": True}
                self._is_known = True
                if reply:
                    self._transport.write(frame(TEXT, json_bytes(reply)))

    def _send_away(self) -> None:
        self._end(_GOING_AWAY) if self._frames else self._transport.close()

    def _end(self, code: int) -> None:
        if not self._transport.is_closing():
            self._transport.write(frame(CLOSE, code.to_bytes(2, "big")))
            self._transport.close()


def _reply(asked: object) -> dict[str, Any] | None:
    """None for messages that need no reply."""
    kind = asked.get("type") if isinstance(asked, Mapping) else None
    if kind == "keepAlive":
        return {"type": "keepAliveAck"}
    if not isinstance(asked, Mapping) or not isinstance(kind, str) or kind not in _ERRORS:
        return None
    name, field = _ERRORS[kind]
    return {"type": name, field: asked.get(field), "error": {"title": _MESSAGE}}


def _handshake(key: bytes) -> bytes:
    accept = base64.b64encode(hashlib.sha1(key + _MAGIC).digest())
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )


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
