"""`/api/v0`: OpenAI's bodies and replies, with statistics."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from ...core.dependencies import ServiceDep
from ...http.json_body import Route
from ...json_text import Json
from ..shared.completions.embeddings import embeddings
from ..shared.completions.respond import complete_chat, complete_text
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
    return await complete_chat(body, request, service, StatsChatReply)


@router.post("/completions")
async def completions(body: CompletionBody, request: Request, service: ServiceDep) -> Response:
    return await complete_text(body, request, service, StatsCompletionReply)
