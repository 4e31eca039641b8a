"""`/v1/models`: the models on this computer, loaded or not, by the names that requests use."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.routing import Match
from starlette.types import Scope

from ...core.dependencies import ServiceDep
from ...core.model_info import ModelInfo
from ..shared.request_fields import Parameter


class CatalogRoute(APIRoute):
    """Leaves requests with `anthropic-version` to Anthropic's dialect."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] == "http" and "anthropic-version" in Headers(scope=scope):
            return Match.NONE, {}
        return super().matches(scope)


router = APIRouter(tags=["OpenAI"], route_class=CatalogRoute)


@router.get("/v1/models")
async def list_models(service: ServiceDep) -> dict[str, Any]:
    """The models by their ids, then those that the user has an own name for by that name."""
    named = await service.aliases()
    listed = [_model_json(info) for info in await service.models()]
    listed += [{**_model_json(info), "id": alias} for alias, info in named.items()]
    return {"object": "list", "data": listed}


@router.get("/v1/models/{model_id:path}")
async def get_model(model_id: Parameter, service: ServiceDep) -> dict[str, Any]:
    return _model_json(await service.model(model_id))


def _model_json(info: ModelInfo) -> dict[str, Any]:
    return {
        "id": info.id,
        "object": "model",
        "created": int(info.modified),
        "owned_by": info.publisher,
        # vLLM's name, then the name that OpenRouter and many clients use.
        "max_model_len": info.context_length,
        "context_length": info.context_length,
    }
