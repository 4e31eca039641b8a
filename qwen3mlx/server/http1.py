"""HTTP/1 on the wire, by h11 through uvicorn: what is no request is refused in JSON."""

from __future__ import annotations

import sys

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from .errors import api_error, openai_body
from .sse import json_bytes

_REFUSALS = {
    431: "The request's head is larger than 64 KB; send a shorter path and fewer headers.",
    501: "Transfer-Encoding may only be chunked; send the body so, or with Content-Length.",
    505: "HTTP/2 is not spoken here; use HTTP/1.1.",
}


class Protocol(H11Protocol):
    """uvicorn's, with a reason in its refusals."""

    def send_400_response(self, msg: str) -> None:
        """Called while the RemoteProtocolError is handled; the connection is closed after it."""
        error = sys.exc_info()[1]
        status = getattr(error, "error_status_hint", 400)
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self._send(status, _REFUSALS.get(status, f"This is not a valid request: {error}."))
        self.transport.close()

    def handle_events(self) -> None:
        """The preface of HTTP/2 looks like a request: it is told, not answered as one."""
        if self.conn.their_state is h11.IDLE and self._is_http2():
            self._send(505, _REFUSALS[505])
            self.transport.close()
            return
        super().handle_events()

    def _is_http2(self) -> bool:
        return self.conn.trailing_data[0].startswith(b"PRI * HTTP/2")

    def _send(self, status: int, message: str) -> None:
        body = json_bytes(openai_body(api_error(status, message, code="invalid_http")))
        headers = [
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
        """Clients that offer another protocol are served in this one, which they are ready for."""
