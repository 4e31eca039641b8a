"""How large a request's body may be, what it is, and how many requests there may be."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import anyio
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...engine import Engine
from .. import bounds
from .decoding import TooLargeError, codings_of, decoded
from .errors import ApiError, TooManyBytesError, api_error
from .replies import ErrorReplies
from .scopes import needed_for


class BodyLimit:
    """Counts the bytes as they come, with or without Content-Length; 413 for too many.

    All bodies that wait for their answers to begin have a limit together: 503. One that does not
    come is given up: 408. A compressed body is undone, and may be no larger then either. Every body
    here is JSON, whatever the client calls it: `curl -d` says that it is a form.
    """

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._held = _Held(bounds.MAX_BODIES * max_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = MutableHeaders(scope=scope)
        if scope["method"] not in ("GET", "HEAD", "OPTIONS"):
            headers["content-type"] = "application/json"
        declared = int(headers.get("content-length", "0"))  # the parser lets only a number through
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
        undone = self._undone(body, codings) if codings else body.receive
        try:
            await self._app(scope, undone, watch)
        finally:
            body.release()

    def _undone(self, body: _Body, header: str) -> Receive:
        """The whole body in one message, decoded; then what comes after it."""
        is_read = False

        async def undo() -> Message:
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

        return undo

    def _decoded(self, body: bytes, codings: Sequence[str]) -> bytes:
        try:
            return decoded(body, codings, self._max_bytes)
        except TooLargeError:
            raise HTTPException(413) from None


class _Held:
    """Bytes of all bodies together."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.num_bytes = 0


class _Body:
    """One request's body as it comes, until its answer begins."""

    def __init__(self, receive: Receive, declared: int, max_bytes: int, held: _Held) -> None:
        self._receive = receive
        self._declared = declared
        self._max_bytes = max_bytes
        self._held = held
        self._own = 0  # of what is held
        self._num_bytes = 0
        self.is_whole = False
        self._since = time.monotonic()

    async def receive(self) -> Message:
        """The next piece. Raises HTTPException 408 and 413, and TooManyBytesError."""
        if self.is_whole:  # what comes now is that the client goes away
            return await self._receive()
        if self._declared > self._max_bytes:  # not one byte of it, nor `100 Continue`, is needed
            raise HTTPException(413)
        with anyio.move_on_after(self._patience()):
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
        """Reads the rest: a client that is cut off while it sends does not see its answer."""
        with anyio.move_on_after(bounds.LINGER):
            while not self.is_whole:
                self.is_whole = not (await self._receive()).get("more_body", False)

    def hold(self, num_bytes: int) -> None:
        """Raises TooManyBytesError where there is no room for so many more."""
        if self._held.num_bytes + num_bytes > self._held.most:
            raise TooManyBytesError(
                f"The requests that wait for their answers hold {self._held.most // 2**20} MB, and "
                "this one has no room beside them: send it again in a moment."
            )
        self._held.num_bytes += num_bytes
        self._own += num_bytes

    def release(self) -> None:
        """The answer begins, or there is none: what was sent is not needed any more."""
        self._held.num_bytes -= self._own
        self._own = 0

    def _patience(self) -> float:
        """Seconds for the next piece: the whole has to come at a certain rate, too."""
        allowed = bounds.PATIENCE + self._num_bytes / bounds.LEAST_RATE
        return min(bounds.PATIENCE, allowed - (time.monotonic() - self._since))


class Admission:
    """503 on connections beyond those that there may be, 431 for more headers than anybody sends.

    How the server is, is told on all connections.
    """

    def __init__(self, app: ASGIApp, errors: ErrorReplies) -> None:
        self._app = app
        self._errors = errors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_crowded = bool((scope.get("state") or {}).get("is_crowded"))
        error: ApiError | None = None
        if len(scope.get("headers", ())) > bounds.MAX_HEADERS:
            error = api_error(
                431,
                f"The request has more than {bounds.MAX_HEADERS} headers; send fewer.",
                code="invalid_http",
            )
        elif is_crowded and needed_for(scope["method"], scope["path"]) != "open":
            message = "All connections of this server are in use; try again in a moment."
            error = api_error(503, message, code="too_many_connections")

        async def send_and_close(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["connection"] = "close"
            await send(message)

        leave = send_and_close if is_crowded else send
        if error is None:
            await self._app(scope, receive, leave)
        else:
            await self._errors.send(error, scope, receive, leave)


class QueueHeaders:
    """Tells clients of /v1 how many requests a model takes, and how many more it would take now.

    By OpenAI's names: https://platform.openai.com/docs/guides/rate-limits. There is no reset: a
    place is free as soon as an answer ends.
    """

    def __init__(self, app: ASGIApp, engine: Engine) -> None:
        self._app = app
        self._engine = engine

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_asked = scope["type"] == "http" and scope["method"] == "POST"
        if not is_asked or not scope["path"].startswith("/v1/"):
            await self._app(scope, receive, send)
            return

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers())
            await send(message)

        await self._app(scope, receive, tell)

    def _headers(self) -> dict[str, str]:
        limit = self._engine.config.max_running + self._engine.config.max_waiting
        stats = self._engine.stats()
        remaining = max(0, limit - stats.running - stats.waiting)
        return {
            "x-ratelimit-limit-requests": str(limit),
            "x-ratelimit-remaining-requests": str(remaining),
        }
