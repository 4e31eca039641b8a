"""HTTP/1 on the wire, by h11 through uvicorn. Malformed requests are refused in JSON."""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from typing import cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from .. import bounds
from ..json_text import json_bytes
from .crowd import Crowd
from .errors import api_error, openai_body
from .framing import StrictConnection
from .safe_headers import SAFE_HEADERS

_REFUSALS = {
    408: f"The complete request did not arrive within {bounds.PATIENCE:.0f} seconds; try again.",
    431: "The request head is larger than 64 KB; send a shorter path and fewer headers.",
    501: "Transfer-Encoding must be chunked; or send the body with Content-Length.",
    503: "All of this server's connections are in use; try again in a moment.",
    505: "HTTP/2 is not supported; use HTTP/1.1.",
}


class Protocol(H11Protocol):
    """uvicorn's protocol, with reasons in its refusals, and with timeouts.

    A client must send its next request, or the rest of one, or read what it was sent. If it does
    nothing for `PATIENCE` seconds, the connection is closed.
    """

    cycle: RequestResponseCycle | None  # type: ignore[assignment]
    _free_since = 0.0
    _is_deaf = False
    _debt: object = None  # what the client has to do next; `_since` says since when
    _since = 0.0
    _unread = 0
    _num_resumed = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # asyncio does not set it for listening sockets that were created without a protocol: every
        # second write would wait 40 ms or more for the client's delayed acknowledgement.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.conn = StrictConnection(h11.SERVER, bounds.MAX_HEAD)
        transport.max_size = bounds.READ_SIZE  # type: ignore[attr-defined]
        self._free_since = time.monotonic()
        crowd = cast(Crowd, self.server_state)
        if not crowd.has_room(self):
            self.app_state = {**self.app_state, "is_crowded": True}
            if len(crowd.connections) > crowd.capacity + bounds.MAX_CROWDED:
                self.give_way()

    def data_received(self, data: bytes) -> None:
        if not self._is_deaf:
            super().data_received(data)

    def resume_writing(self) -> None:
        self._num_resumed += 1
        super().resume_writing()

    def on_response_complete(self) -> None:
        self._free_since = time.monotonic()
        super().on_response_complete()

    @property
    def idle_since(self) -> float | None:
        """A connection that waits for the rest of a body is idle, too."""
        is_waiting = self._is_idle or (self.cycle is not None and self.cycle.more_body)
        return self._free_since if is_waiting else None

    @property
    def _is_idle(self) -> bool:
        return self._is_deaf or self.cycle is None or self.cycle.response_complete

    def give_way(self) -> None:
        """Close the connection; a client that has no reply yet gets the reason."""
        is_answered = self.cycle is not None and self.cycle.response_started
        if not is_answered and self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self._send(503, _REFUSALS[503])
        self._give_up_request()
        self._end()

    def check(self, now: float) -> None:
        debt = self._owed()
        unread = self.transport.get_write_buffer_size()
        has_read = self._unread - unread >= bounds.LEAST_RATE * bounds.PATIENCE
        if debt is None or debt != self._debt or has_read:
            self._debt, self._since, self._unread = debt, now, unread
        elif now - self._since >= bounds.PATIENCE:
            if debt[0] == "head" and self.conn.our_state is h11.IDLE:
                self._send(408, _REFUSALS[408])
            self._end()

    def _owed(self) -> tuple[object, ...] | None:
        """`BodyLimit` waits for the body of a request that is being handled."""
        is_over = self._is_idle or self.transport.is_closing()
        if self.flow.write_paused or (is_over and self.transport.get_write_buffer_size()):
            return ("reading", self._num_resumed)
        if not self._is_idle:
            return None
        return ("head" if self.conn.trailing_data[0] else "request", self.cycle)

    def _end(self) -> None:
        """Close at once, even if the client does not read."""
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """Called while a RemoteProtocolError is being handled."""
        error = sys.exc_info()[1]
        status = getattr(error, "error_status_hint", 400)
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self._send(status, _REFUSALS.get(status, f"The HTTP request is invalid: {error}."))
        self._listen_no_more()

    def _listen_no_more(self) -> None:
        """The client may finish sending: cut off, it would never read the refusal."""
        self._is_deaf = True
        self.transport.write_eof()
        self._give_up_request()

    def _give_up_request(self) -> None:
        """The body will never be complete: its reader sees a disconnect."""
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()

    def _send(self, status: int, message: str) -> None:
        code = "too_many_connections" if status == 503 else "invalid_http"
        error = api_error(status, message, code=code)
        body = json_bytes(openai_body(error))
        headers = [
            *((name.encode(), value.encode()) for name, value in error.headers.items()),
            *((name.encode(), value.encode()) for name, value in SAFE_HEADERS),
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        events = (
            h11.Response(status_code=status, headers=headers),
            h11.Data(data=body),
            h11.EndOfMessage(),
        )
        for event in events:
            self.transport.write(self.conn.send(event) or b"")

    def _unsupported_upgrade_warning(self) -> None:
        """Clients that offer an upgrade are served over HTTP/1.1, which they also accept."""
