"""`/v1/messages` and `/v1/messages/count_tokens`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from ...core.dependencies import ServiceDep
from ...http.json_body import Route, converted
from ...http.json_response import JSONReply
from ...http.respond import respond
from ...http.sse import while_connected
from ..shared.kept_stream import KeptStream
from .request import message_request, prompt_request
from .schemas import MessageBody, PromptBody
from .stream import MessageWriter
from .threads import Threads, get_threads, in_thread
from .threads import keep as keep_thread

router = APIRouter(tags=["Anthropic"], route_class=Route)
ThreadsOf = Annotated[Threads, Depends(get_threads)]


@router.post("/v1/messages")
async def create_message(
    body: MessageBody, request: Request, service: ServiceDep, threads: ThreadsOf
) -> Response:
    """Answer a conversation, as one message or as a stream of events."""
    body = in_thread(body, threads)
    wanted = await converted(request, message_request, body)
    work = service.generate(body.model, wanted, ttl=body.ttl)
    answer = await while_connected(request, work)
    writer = MessageWriter(
        answer.model.id,
        len(answer.prompt_ids),
        answer.params.max_tokens,
        show_thinking=body.thinking is None or body.thinking.display != "omitted",
        counts_cache=body.asks_for_cache,
    )

    wire = KeptStream(writer, lambda: keep_thread(body, writer.message, threads))
    return await respond(request, answer, wire, stream=bool(body.stream))


@router.post("/v1/messages/count_tokens")
async def count_tokens(
    body: PromptBody, request: Request, service: ServiceDep, threads: ThreadsOf
) -> Response:
    """Count the tokens of the prompt."""
    body = in_thread(body, threads)
    wanted = await converted(request, prompt_request, body)
    counting = service.count_tokens(body.model, wanted)
    return JSONReply({"input_tokens": await while_connected(request, counting)})
