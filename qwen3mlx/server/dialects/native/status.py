"""`/status` and `/log`: what the server is doing, and what it has done."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from .... import __version__
from ...bounds import MOST_WHOLE
from ...core.activity import Activity, Entry, Running
from ...core.caller import caller
from ...core.dependencies import ServiceDep
from ...core.model_info import ResidentInfo
from ...core.service import Service
from ...http.json_body import Route
from ...http.sse import comment, sse, streaming
from ...json_text import Json

router = APIRouter(route_class=Route)


@router.get("/status")
async def status(service: ServiceDep) -> Json:
    """Memory, loaded models, and the caller's running answers.

    Callers with the scope admin see all answers.
    """
    return {
        "version": __version__,
        "uptime": time.time() - service.started_at,
        "memory": _memory(service),
        "models": _models(service),
        "requests": [
            _running(running)
            for running in service.activity.running.values()
            if _may_see(running.entry)
        ],
    }


@router.get("/log")
async def log(
    request: Request, service: ServiceDep, after: Annotated[int, Query(ge=0, le=MOST_WHOLE)] = 0
) -> Response:
    """The caller's finished requests with ids above `after`, then each new one.

    Callers with the scope admin see all requests.
    """
    return streaming(request, _events(service.activity, after))


async def _events(activity: Activity, after: int) -> AsyncGenerator[bytes, None]:
    yield comment("log")  # sends the headers at once
    async with aclosing(activity.entries(after)) as entries:
        async for entry in entries:
            if _may_see(entry):
                yield sse(_over(entry), "request")


def _may_see(entry: Entry | None) -> bool:
    if caller().may("admin"):
        return True
    return entry is not None and entry.owner == caller().owner


def _over(entry: Entry) -> Json:
    return {name: value for name, value in asdict(entry).items() if name != "owner"}


def _memory(service: Service) -> Json:
    stats = service.engine.stats()
    used = stats.weight_bytes + stats.kv_bytes + stats.prefix_cache_bytes
    return {
        "limit_bytes": stats.memory_limit,
        "weight_bytes": stats.weight_bytes,
        "kv_bytes": stats.kv_bytes,
        "prefix_cache_bytes": stats.prefix_cache_bytes,
        "free_bytes": max(0, stats.memory_limit - used),
    }


def _models(service: Service) -> list[Json]:
    models: dict[str, Json] = {}
    for model_id, load in service.engine.loads.items():
        models[model_id] = _model(model_id, "loading", load_progress=load.progress)
    for model_id, slot in service.engine.resident.items():
        loaded = ResidentInfo.of(slot)
        models[model_id] = _model(
            model_id, "loaded", num_requests=loaded.num_requests, expires_in=loaded.expires_in_s
        )
    return list(models.values())


def _model(
    model_id: str,
    state: str,
    *,
    load_progress: float | None = None,
    num_requests: int = 0,
    expires_in: float | None = None,
) -> Json:
    return {
        "id": model_id,
        "state": state,
        "load_progress": load_progress,
        "num_requests": num_requests,
        "expires_in": expires_in,
    }


def _running(running: Running) -> Json:
    entry = running.entry
    return {
        "id": running.id,
        "model": running.model,
        "path": entry.path if entry else None,
        "client": entry.client if entry else None,
        "address": entry.address if entry else None,
        "phase": running.phase,
        "prompt_tokens": running.prompt_tokens,
        "prefilled_tokens": running.prefilled_tokens,
        "cached_tokens": running.cached_tokens,
        "completion_tokens": running.completion_tokens,
        "tokens_per_second": running.tokens_per_second,
        "age": time.monotonic() - running.started_at,
    }
