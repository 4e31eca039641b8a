"""`GET /v1/models` for Anthropic's clients, which send `anthropic-version`.

OpenAI's clients use the same path without that header.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.routing import Match
from starlette.types import Scope

from ....errors import InvalidRequestError
from ....quoting import quoted
from ...core.dependencies import ServiceDep
from ...core.model_info import ModelInfo
from ...json_text import Json
from ...timestamps import rfc3339
from ..shared.request_fields import Parameter


class AnthropicRoute(APIRoute):
    """Only matches requests with `anthropic-version`."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http" or "anthropic-version" not in Headers(scope=scope):
            return Match.NONE, {}
        return super().matches(scope)


# OpenAPI can describe each path only once: these are OpenAI's there.
router = APIRouter(route_class=AnthropicRoute, include_in_schema=False)


@router.get("/v1/models")
async def list_models(
    service: ServiceDep,
    limit: Annotated[int, Query(ge=1, le=1000)] = 20,
    after_id: Parameter | None = None,
    before_id: Parameter | None = None,
) -> Json:
    models = [model_json(info) for info in await service.models()]
    return page(models, limit, after_id=after_id, before_id=before_id)


@router.get("/v1/models/{model_id:path}")
async def get_model(model_id: Parameter, service: ServiceDep) -> Json:
    return model_json(await service.model(model_id))


def page(
    models: Sequence[Json],
    limit: int,
    *,
    after_id: Parameter | None = None,
    before_id: str | None = None,
) -> Json:
    """Return at most `limit` models after `after_id`, or before `before_id`.

    Raises InvalidRequestError for a cursor that is not the id of a model.
    """
    ids = [model["id"] for model in models]
    for name, cursor in (("after_id", after_id), ("before_id", before_id)):
        if cursor is not None and cursor not in ids:
            raise InvalidRequestError(
                f"{name} is {quoted(cursor)}; it must be the id of a model.", param=name
            )
    begin = 0 if after_id is None else ids.index(after_id) + 1
    end = len(ids) if before_id is None else ids.index(before_id)
    found = models[begin:end]
    data = found[:limit] if before_id is None else found[-limit:]
    return {
        "data": data,
        "first_id": data[0]["id"] if data else None,
        "last_id": data[-1]["id"] if data else None,
        "has_more": len(found) > len(data),
    }


def model_json(info: ModelInfo) -> Json:
    """`created_at` is when its files last changed; `max_input_tokens` is its context."""
    return {
        "type": "model",
        "id": info.id,
        "display_name": info.id,
        "created_at": rfc3339(info.modified),
        "lifecycle": "active",
        "max_input_tokens": info.context_length,
        "max_tokens": info.context_length,
        "capabilities": None,
    }
