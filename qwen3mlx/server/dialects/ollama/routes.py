"""Ollama's endpoints: https://github.com/ollama/ollama/blob/main/docs/api.md"""

from __future__ import annotations

import time
from collections.abc import Callable

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from ....request import GenerationRequest
from ...core.caller import caller
from ...core.dependencies import ServiceDep
from ...core.service import Service
from ...http.json_body import Route, converted
from ...http.json_response import JSONReply
from ...http.respond import respond
from ...http.sse import while_connected
from ...json_text import Json
from .keep_alive import seconds
from .request import chat_request, generate_request, plain_name
from .response import Piece, Records, chat_fields, generate_fields, head
from .schemas import AnswerBody, ChatBody, GenerateBody

router = APIRouter(tags=["Ollama"], route_class=Route)


@router.post("/api/chat")
async def chat(body: ChatBody, request: Request, service: ServiceDep) -> Response:
    wanted = await converted(request, chat_request, body)
    return await _respond(request, service, body, wanted, chat_fields)


@router.post("/api/generate")
async def generate(body: GenerateBody, request: Request, service: ServiceDep) -> Response:
    wanted = await converted(request, generate_request, body)
    return await _respond(request, service, body, wanted, generate_fields)


async def _respond(
    request: Request,
    service: Service,
    body: AnswerBody,
    wanted: GenerationRequest | None,
    fields: Callable[[Piece], Json],
) -> Response:
    started = time.perf_counter()
    name, ttl = plain_name(body.model), seconds(body.keep_alive)
    if wanted is None:
        reason = await while_connected(request, _load_or_unload(service, name, ttl))
        empty = {**head(body.model, done=True), **fields(Piece()), "done_reason": reason}
        return JSONReply(empty)
    answer = await while_connected(request, service.generate(name, wanted, ttl=ttl))
    records = Records(body.model, fields, started=started, load_s=answer.load_time_s)
    return await respond(request, answer, records, stream=body.wants_stream)


async def _load_or_unload(service: Service, name: str, ttl: float | None) -> str:
    """Handle an empty request; returns its `done_reason`. Unloading requires the scope models."""
    if ttl != 0:
        await service.load(name, ttl=ttl)
        return "load"
    caller().check("models")
    model = await service.model(name)
    if model.loaded and model.loaded.num_requests:
        await service.load(name, ttl=0)  # it is unloaded once they have been answered
    else:
        await service.unload(name)
    return "unload"
