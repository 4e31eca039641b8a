"""Chat and text completions, and embeddings."""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from ...core.dependencies import ServiceDep
from ...http.json_body import Route, converted
from ...http.sse import while_connected
from ..shared.completions.answers import start
from ..shared.completions.chat import ChatReply
from ..shared.completions.completion import CompletionReply
from ..shared.completions.embeddings import embeddings
from ..shared.completions.request import chat_requests, completion_requests
from ..shared.completions.respond import echo_texts, reply_options, respond
from ..shared.completions.schemas import ChatBody, CompletionBody
from ..shared.tools import client_tools

router = APIRouter(tags=["OpenAI"], route_class=Route)
router.add_api_route("/v1/embeddings", embeddings, methods=["POST"])


@router.post("/v1/chat/completions")
async def chat_completions(body: ChatBody, request: Request, service: ServiceDep) -> Response:
    requests = await converted(request, chat_requests, body)
    work = start(service, body.model, requests, body.ttl)
    answers = await while_connected(request, work)
    options = reply_options(body, answers, bool(body.logprobs), body.top_logprobs)
    custom = [tool.offered_name for tool in client_tools(body.tools) if tool.kind == "custom"]
    reply = ChatReply(replace(options, custom_tools=custom))
    return await respond(request, body, answers, reply)


@router.post("/v1/completions")
async def completions(body: CompletionBody, request: Request, service: ServiceDep) -> Response:
    requests = await converted(request, completion_requests, body)
    work = start(service, body.model, requests, body.ttl)
    answers = await while_connected(request, work)
    options = reply_options(body, answers, body.logprobs is not None, body.logprobs)
    echoes = await echo_texts(service, body, answers) if body.echo else None
    return await respond(request, body, answers, CompletionReply(options, echoes))
