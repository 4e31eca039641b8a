"""Limits the size of request bodies, and the time they take to arrive."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import anyio
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .. import bounds
from .decoding import TooLargeError, codings_of, decoded
from .errors import TooManyBytesError


class BodyLimit:
    """Counts the bytes as they arrive, with or without Content-Length, and decompresses them.

    413 if a body is too large, compressed or not; 503 if all bodies whose replies have not started
    are too large together; 408 if a body arrives too slowly.
    """

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._held = _Held(bounds.MAX_BODIES * max_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        declared = int(headers.get("content-length", "0"))  # the parser only accepts a number
        body = _Body(receive, declared, self._max_bytes, self._held)

        async def watch(message: Message) -> None:
            body.release()
            is_last = message["type"] == "http.response.body" and not message.get("more_body")
            if is_last and not body.is_whole:
                await send({**message, "more_body": True})
                await body.skip()
                message = {"type": "http.response.body", "body": b""}
            await send(message)

        codings = ",".join(headers.getlist("content-encoding"))
        decoded_body = self._decoding(body, codings) if codings else body.receive
        try:
            await self._app(scope, decoded_body, watch)
        finally:
            body.release()

    def _decoding(self, body: _Body, header: str) -> Receive:
        """Delivers the whole decoded body as one message, then whatever follows it."""
        is_read = False

        async def receive() -> Message:
            nonlocal is_read
            if is_read:
                return await body.receive()
            codings = codings_of(header)
            data, more = bytearray(), True
            while more:
                message = await body.receive()
                if message["type"] != "http.request":
                    return message
                data += message.get("body", b"")
                more = message.get("more_body", False)
            is_read = True
            if data:
                data = bytearray(await asyncio.to_thread(self._decoded, bytes(data), codings))
                body.hold(len(data))
            return {"type": "http.request", "body": bytes(data), "more_body": False}

        return receive

    def _decoded(self, body: bytes, codings: Sequence[str]) -> bytes:
        try:
            return decoded(body, codings, self._max_bytes)
        except TooLargeError:
            raise HTTPException(413) from None


class _Held:
    """The bytes of all bodies together. In each round of the event loop, one of them reads on."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.num_bytes = 0
        self._reading = asyncio.Lock()

    async def turn(self) -> None:
        """Wait until no other body reads: hundreds at once would keep everything else waiting."""
        async with self._reading:
            await asyncio.sleep(0)


class _Body:
    """One request's body as it arrives, until its reply starts."""

    def __init__(self, receive: Receive, declared: int, max_bytes: int, held: _Held) -> None:
        self._receive = receive
        self._declared = declared
        self._max_bytes = max_bytes
        self._held = held
        self._own = 0  # this body's share of `held`
        self._num_bytes = 0
        self.is_whole = False
        self._since = time.monotonic()

    async def receive(self) -> Message:
        """The next message. Raises HTTPException 408 and 413, and TooManyBytesError."""
        if self.is_whole:  # what follows is the disconnect
            return await self._receive()
        if self._declared > self._max_bytes:  # refused before `100 Continue` asks for its bytes
            raise HTTPException(413)
        if self._num_bytes:
            await self._held.turn()
        with anyio.move_on_after(self._seconds_left()):
            message = await self._receive()
            size = len(message.get("body", b""))
            self._num_bytes += size
            self.is_whole = not message.get("more_body", False)
            if self._num_bytes > self._max_bytes:
                raise HTTPException(413)
            self.hold(size)
            return message
        raise HTTPException(408)

    async def skip(self) -> None:
        """Reads the rest: a client that is cut off while sending never sees the reply."""
        with anyio.move_on_after(bounds.LINGER):
            while not self.is_whole:
                self.is_whole = not (await self._receive()).get("more_body", False)

    def hold(self, num_bytes: int) -> None:
        """Reserve `num_bytes` more. Raises TooManyBytesError if there is no room."""
        if self._held.num_bytes + num_bytes > self._held.most:
            raise TooManyBytesError(
                f"Pending request bodies already take {self._held.most // 2**20} MB; "
                "try again in a moment."
            )
        self._held.num_bytes += num_bytes
        self._own += num_bytes

    def release(self) -> None:
        """Free the reserved bytes: the reply has started, or there is none."""
        self._held.num_bytes -= self._own
        self._own = 0

    def _seconds_left(self) -> float:
        """Return the seconds left for the next piece. The whole body must also arrive at a minimum
        rate.
        """
        allowed = bounds.PATIENCE + self._num_bytes / bounds.LEAST_RATE
        return min(bounds.PATIENCE, allowed - (time.monotonic() - self._since))
