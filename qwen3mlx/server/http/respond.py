"""The reply to a request for an answer: one JSON object, or a stream, in any dialect's format."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from contextlib import aclosing
from typing import NamedTuple, Protocol, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from ..json_text import Json
from .errors import ApiError, to_api_error
from .json_response import JSONReply
from .sse import EVENT_STREAM, ndjson, sse, streaming, while_connected

T_co = TypeVar("T_co", covariant=True)
T_contra = TypeVar("T_contra", contravariant=True)
T = TypeVar("T")

# A writer's message: a JSON object, or bytes that are already encoded (a comment, `[DONE]`).
Message = Json | bytes


class StreamFormat(NamedTuple):
    """The encoding of a stream's messages."""

    media_type: str
    encode: Callable[[Json], bytes]


UNNAMED_EVENTS = StreamFormat(EVENT_STREAM, sse)
# Each event is named after the `type` of its message.
NAMED_EVENTS = StreamFormat(EVENT_STREAM, lambda message: sse(message, message["type"]))
JSON_LINES = StreamFormat("application/x-ndjson", ndjson)


class Events(Protocol[T_co]):
    """The events of an answer. `aclose` cancels the answer, even if it was never iterated."""

    def __aiter__(self) -> AsyncIterator[T_co]: ...

    async def aclose(self) -> None: ...


class Writer(Protocol[T_contra]):
    """Turns the events of an answer into the messages of one dialect.

    `fail` ends a stream whose status has already been sent. `whole` is the complete reply once
    every event has been added.
    """

    @property
    def format(self) -> StreamFormat: ...

    def start(self) -> Iterable[Message]: ...

    def add(self, event: T_contra) -> Iterable[Message]: ...

    def end(self) -> Iterable[Message]: ...

    def fail(self, error: ApiError) -> Iterable[Message]: ...

    def whole(self) -> Json: ...


async def respond(
    request: Request, events: Events[T], writer: Writer[T], *, stream: bool
) -> Response:
    """The reply that `writer` makes of `events`. The answer is cancelled when the client leaves."""
    if not stream:
        return JSONReply(await while_connected(request, _whole(events, writer)))
    chunks = _chunks(events, writer)
    # Once the generator has started, closing it cancels the answer, even if nothing is ever sent.
    await anext(chunks)
    return streaming(request, chunks, writer.format.media_type)


async def _whole(events: Events[T], writer: Writer[T]) -> Json:
    async with aclosing(events):
        async for event in events:
            for _ in writer.add(event):
                pass
    return writer.whole()


async def _chunks(events: Events[T], writer: Writer[T]) -> AsyncGenerator[bytes, None]:
    """An empty chunk, then one chunk for each event that has messages."""

    def encoded(messages: Iterable[Message]) -> bytes:
        encode = writer.format.encode
        return b"".join(one if isinstance(one, bytes) else encode(one) for one in messages)

    try:
        async with aclosing(events):
            yield b""
            if chunk := encoded(writer.start()):
                yield chunk
            async for event in events:
                if chunk := encoded(writer.add(event)):
                    yield chunk
        if chunk := encoded(writer.end()):
            yield chunk
    except Exception as error:  # the status has been sent: any failure must become an event
        yield encoded(writer.fail(to_api_error(error)))
