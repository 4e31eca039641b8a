"""How large a request's body may be, what it is, and how many requests there may be."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..engine import Engine
from .decoding import TooLargeError, codings_of, decoded


class BodyLimit:
    """Counts the bytes as they come, with or without Content-Length; 413 for too many.

    A compressed body is undone, and may be no larger then either. Every body here is JSON, whatever
    the client calls it: `curl -d` says that it is a form.
    """

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = MutableHeaders(scope=scope)
        if scope["method"] not in ("GET", "HEAD", "OPTIONS"):
            headers["content-type"] = "application/json"
        num_bytes = 0

        async def count() -> Message:
            nonlocal num_bytes
            message = await receive()
            num_bytes += len(message.get("body", b""))
            if num_bytes > self._max_bytes:
                raise HTTPException(413)
            return message

        codings = ",".join(headers.getlist("content-encoding"))
        counted = self._undone(count, codings) if codings else count
        await self._app(scope, counted, send)

    def _undone(self, receive: Receive, header: str) -> Receive:
        """The whole body in one message, decoded; then what comes after it."""
        is_read = False

        async def undo() -> Message:
            nonlocal is_read
            if is_read:
                return await receive()
            codings = codings_of(header)
            body, more = b"", True
            while more:
                message = await receive()
                if message["type"] != "http.request":
                    return message
                body += message.get("body", b"")
                more = message.get("more_body", False)
            is_read = True
            if body:
                body = await asyncio.to_thread(self._decoded, body, codings)
            return {"type": "http.request", "body": body, "more_body": False}

        return undo

    def _decoded(self, body: bytes, codings: Sequence[str]) -> bytes:
        try:
            return decoded(body, codings, self._max_bytes)
        except TooLargeError:
            raise HTTPException(413) from None


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
