"""Finds the end of an HTTP/1 request without ambiguity.

h11 accepts everything a server may accept. Requests that two programs could split differently are
refused here: a proxy in front of this server must not see one request where there are two.
https://www.rfc-editor.org/rfc/rfc9112#section-11.2
"""

from __future__ import annotations

import re
from typing import Any

import h11

from .. import bounds

_END_OF_HEAD = re.compile(rb"\n\r?\n")
_BARE_LF = re.compile(rb"(?<!\r)\n")
_FOLDED = re.compile(rb"\n[ \t]")


class StrictConnection(h11.Connection):
    """A server's connection that raises h11.RemoteProtocolError for an ambiguous head.

    And for a body in too many chunks: each one costs as much time as a small request.
    """

    _num_pieces = 0

    def next_event(self) -> Any:
        received = self.trailing_data[0] if self.their_state is h11.IDLE else b""
        if received.startswith(b"\r\n"):  # old clients end a body with it: RFC 9112, 2.2
            self._receive_buffer.maybe_extract_next_line()
            received = received[2:]
        if received.startswith(b"PRI * HTTP/2"):  # the preface of HTTP/2 looks like a request
            raise h11.RemoteProtocolError("HTTP/2", error_status_hint=505)
        event = super().next_event()
        if isinstance(event, h11.Data):
            self._num_pieces += 1
            if self._num_pieces > bounds.MAX_PIECES:
                text = f"its body has more than {bounds.MAX_PIECES} chunks"
                raise h11.RemoteProtocolError(text, error_status_hint=413)
        if isinstance(event, h11.Request):
            self._num_pieces = 0
            end = _END_OF_HEAD.search(received)
            _check(event, received[: end.end()] if end else received)
        return event


def _check(request: h11.Request, head: bytes) -> None:
    """RemoteProtocolError for a `head` that other programs may read differently."""
    if not request.http_version.startswith(b"1."):
        raise h11.RemoteProtocolError("unsupported HTTP version", error_status_hint=505)
    names = [line.partition(b":")[0].strip().lower() for line in head.split(b"\r\n")[1:]]
    lengths, codings = names.count(b"content-length"), names.count(b"transfer-encoding")
    if _BARE_LF.search(head):
        raise h11.RemoteProtocolError("a header line ends without CR")
    if _FOLDED.search(head):
        raise h11.RemoteProtocolError("a header continues on a second line")
    if lengths and codings:
        raise h11.RemoteProtocolError("it has both Content-Length and Transfer-Encoding")
    if lengths > 1:
        raise h11.RemoteProtocolError("it has more than one Content-Length")
    if codings and request.http_version < b"1.1":
        raise h11.RemoteProtocolError("HTTP/1.0 has no Transfer-Encoding")
