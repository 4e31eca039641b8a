"""`/v1/messages` and `/v1/messages/count_tokens`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from ....events import Finished, Prefill
from ...core.answer import Answer
from ...core.dependencies import get_service
from ...core.service import Service
from ...http.errors import ApiError
from ...http.json_body import Route
from ...http.replies import JSONReply
from ...http.sse import comment, sse, streaming, while_connected, with_error_event
from .errors import render_error
from .request import message_request, prompt_request
from .schemas import MessageBody, PromptBody
from .stream import MessageWriter
from .threads import Threads, get_threads, in_thread
from .threads import keep as keep_thread

router = APIRouter(tags=["Anthropic"], route_class=Route)
Injected = Annotated[Service, Depends(get_service)]
ThreadsOf = Annotated[Threads, Depends(get_threads)]


@router.post("/v1/messages")
async def create_message(
    body: MessageBody, request: Request, service: Injected, threads: ThreadsOf
) -> Response:
    """Answer a conversation, whole or as a stream of events."""
    body = in_thread(body, threads)
    work = service.generate(body.model, message_request(body), ttl=body.ttl)
    answer = await while_connected(request, work)
    writer = MessageWriter(
        answer.model.id,
        len(answer.prompt_ids),
        answer.params.max_tokens,
        show_thinking=body.thinking is None or body.thinking.display != "omitted",
        counts_cache=body.asks_for_cache,
    )

    def keep() -> None:
        keep_thread(body, writer.message, threads)

    if not body.stream:
        await while_connected(request, _write(answer, writer))
        keep()
        return JSONReply(writer.message)
    events = with_error_event(_stream(answer, writer, keep), _error_event)
    # Once it has begun, closing it closes the answer, however early the client goes away.
    await anext(events)
    return streaming(request, events)


@router.post("/v1/messages/count_tokens")
async def count_tokens(
    body: PromptBody, request: Request, service: Injected, threads: ThreadsOf
) -> Response:
    """The tokens that the model would read."""
    body = in_thread(body, threads)
    counting = service.count_tokens(body.model, prompt_request(body))
    return JSONReply({"input_tokens": await while_connected(request, counting)})


async def _write(answer: Answer, writer: MessageWriter) -> None:
    try:
        async for event in answer:
            writer.add(event)
    finally:
        await answer.aclose()


async def _stream(
    answer: Answer, writer: MessageWriter, keep: Callable[[], None]
) -> AsyncGenerator[bytes, None]:
    """Nothing, then server-sent events, and comments while the prompt is computed."""
    try:
        yield b""
        for message in writer.start():
            yield sse(message, message["type"])
        async for event in answer:
            if isinstance(event, Prefill):
                yield comment(f"prefill {event.done}/{event.total}")
            messages = writer.add(event)
            if isinstance(event, Finished):  # before the client hears of it and goes on with it
                keep()
            for message in messages:
                yield sse(message, message["type"])
    finally:
        await answer.aclose()


def _error_event(error: ApiError) -> bytes:
    return sse(render_error(error), "error")
