"""Chat and text completions, and embeddings."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from ...core.answer import Answer
from ...core.dependencies import ServiceDep
from ...http.json_body import Route
from ..shared.completions.chat import ChatReply
from ..shared.completions.completion import CompletionReply
from ..shared.completions.embeddings import embeddings
from ..shared.completions.reply import Reply, ReplyOptions
from ..shared.completions.respond import complete_chat, complete_text
from ..shared.completions.schemas import ChatBody, CompletionBody
from ..shared.tools import client_tools

router = APIRouter(tags=["OpenAI"], route_class=Route)
router.add_api_route("/v1/embeddings", embeddings, methods=["POST"])


@router.post("/v1/chat/completions")
async def chat_completions(body: ChatBody, request: Request, service: ServiceDep) -> Response:
    def make_reply(answers: Sequence[Answer], options: ReplyOptions) -> Reply:
        custom = [tool.offered_name for tool in client_tools(body.tools) if tool.kind == "custom"]
        return ChatReply(options._replace(custom_tools=custom))

    return await complete_chat(body, request, service, make_reply)


@router.post("/v1/completions")
async def completions(body: CompletionBody, request: Request, service: ServiceDep) -> Response:
    return await complete_text(
        body, request, service, lambda answers, options, echoes: CompletionReply(options, echoes)
    )
