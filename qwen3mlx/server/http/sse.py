"""Streams on the wire, and work that is cancelled when the client disconnects.

Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from ...events import Prefill
from ..json_text import json_bytes
from .errors import ApiError, to_api_error

T = TypeVar("T")

# Clients and proxies take a connection for dead after a minute or less without a byte.
QUIET_S = 15.0
EVENT_STREAM = "text/event-stream"


def sse(data: Mapping[str, Any] | str, event: str | None = None) -> bytes:
    """One event; a mapping is sent as JSON, a string as it is, line by line."""
    lines = data.splitlines() or [""] if isinstance(data, str) else [json_bytes(data).decode()]
    head = [f"event: {event}"] if event else []
    return "\n".join([*head, *(f"data: {line}" for line in lines), "", ""]).encode()


# The end of a stream, as in OpenAI's API.
DONE = sse("[DONE]")


def comment(text: str) -> bytes:
    """A line that clients skip: it shows that the connection is alive."""
    return f": {' '.join(text.split())}\n\n".encode()


# Sent in a silence: a request waits for its turn or its model, or its answer is checked or hidden.
ALIVE = comment("waiting")


def prefill_comment(event: Prefill) -> bytes:
    """Progress while the prompt is computed; without it, clients and proxies may give up."""
    return comment(f"prefill {event.done}/{event.total}")


def ndjson(value: Mapping[str, Any]) -> bytes:
    """One line of newline-delimited JSON."""
    return json_bytes(value) + b"\n"


def streaming(
    request: Request, chunks: AsyncIterator[bytes], media_type: str = EVENT_STREAM
) -> Response:
    """Send `chunks` as they come; they are closed as soon as the client disconnects.

    After QUIET_S seconds without a chunk, an event stream gets a comment. The iterator must turn
    its own errors into events (see `with_error_event`).
    """
    return _Stream(
        chunks,
        media_type=media_type,
        headers={"X-Accel-Buffering": "no"},  # proxies must forward each event at once
    )


async def with_error_event(
    chunks: AsyncGenerator[bytes, None], render: Callable[[ApiError], bytes]
) -> AsyncGenerator[bytes, None]:
    """`chunks`, followed by `render(error)` if they fail: the connection is never just dropped."""
    try:
        async for chunk in chunks:
            yield chunk
    except Exception as error:  # the status has been sent: any failure must become an event
        yield render(to_api_error(error))
    finally:
        await chunks.aclose()


async def while_connected(request: Request, work: Awaitable[T]) -> T:
    """The result of `work`, which is cancelled when the client disconnects.

    Raises ClientDisconnect in that case; no reply is sent.
    """
    return await _unless_gone(request.receive, work)


class _Stream(StreamingResponse):
    """Notices a disconnect even while there is nothing to send, and breaks a silence."""

    _sent_at = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await _unless_gone(receive, self.stream_response(send))
        except (ClientDisconnect, OSError):
            pass
        finally:
            if isinstance(self.body_iterator, AsyncGenerator):
                await self.body_iterator.aclose()

    async def stream_response(self, send: Send) -> None:
        if self.media_type != EVENT_STREAM:
            return await super().stream_response(send)
        beating = asyncio.ensure_future(self._beat(send))

        async def noted(message: Message) -> None:
            self._sent_at = time.monotonic()
            if not message.get("more_body", True):
                beating.cancel()
            await send(message)

        try:
            await super().stream_response(noted)
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)

    async def _beat(self, send: Send) -> None:
        alive: Message = {"type": "http.response.body", "body": ALIVE, "more_body": True}
        self._sent_at = time.monotonic()
        while True:
            await asyncio.sleep(max(self._sent_at + QUIET_S - time.monotonic(), 0))
            if time.monotonic() >= self._sent_at + QUIET_S:
                self._sent_at = time.monotonic()
                await send(alive)


async def _unless_gone(receive: Receive, work: Awaitable[T]) -> T:
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_disconnected(receive))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise ClientDisconnect
    finally:
        task.cancel()
        gone.cancel()
        await asyncio.gather(task, gone, return_exceptions=True)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
