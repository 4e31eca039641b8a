"""`/api/v0`: OpenAI's bodies and replies, with statistics."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from ...core.dependencies import ServiceDep
from ...http.json_body import Route, converted
from ...http.sse import while_connected
from ...json_text import Json
from ..shared.completions.answers import start
from ..shared.completions.embeddings import embeddings
from ..shared.completions.request import chat_requests, completion_requests
from ..shared.completions.respond import echo_texts, reply_options, respond
from ..shared.completions.schemas import ChatBody, CompletionBody
from ..shared.request_fields import Parameter
from .models import v0_model
from .v0_reply import StatsChatReply, StatsCompletionReply

router = APIRouter(prefix="/api/v0", tags=["LM Studio"], route_class=Route)
router.add_api_route("/embeddings", embeddings, methods=["POST"])


@router.get("/models")
async def list_models(service: ServiceDep) -> Json:
    return {"object": "list", "data": [v0_model(info) for info in await service.models()]}


@router.get("/models/{model_id:path}")
async def get_model(model_id: Parameter, service: ServiceDep) -> Json:
    return v0_model(await service.model(model_id))


@router.post("/chat/completions")
async def chat_completions(body: ChatBody, request: Request, service: ServiceDep) -> Response:
    requests = await converted(request, chat_requests, body)
    work = start(service, body.model, requests, body.ttl)
    answers = await while_connected(request, work)
    options = reply_options(body, answers, bool(body.logprobs), body.top_logprobs)
    return await respond(request, body, answers, StatsChatReply(answers, options))


@router.post("/completions")
async def completions(body: CompletionBody, request: Request, service: ServiceDep) -> Response:
    requests = await converted(request, completion_requests, body)
    work = start(service, body.model, requests, body.ttl)
    answers = await while_connected(request, work)
    options = reply_options(body, answers, body.logprobs is not None, body.logprobs)
    echoes = await echo_texts(service, body, answers) if body.echo else None
    return await respond(request, body, answers, StatsCompletionReply(answers, options, echoes))
