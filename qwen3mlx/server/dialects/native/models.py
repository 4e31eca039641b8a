"""`/models`: the models on this computer, whether they fit, their settings; load and unload."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from ....config import LoadOptions
from ....errors import Qwen3MLXError
from ....library import Skipped
from ....library.model_settings import checked_sampling
from ....model import footprint
from ....quoting import quoted
from ...bounds import MOST_WHOLE
from ...core.dependencies import ServiceDep
from ...core.model_info import LoadResult, ModelInfo
from ...core.service import Service
from ...core.telling import told
from ...http.errors import openai_body
from ...http.json_body import Route
from ...http.sse import sse, streaming, with_error_event
from ...json_text import Json
from .describe import model_json
from .schemas import JobBody, ModelBody, ModelSettingsBody

logger = logging.getLogger(__name__)

# Seconds between looks at the disk while somebody watches: a hundred models take 10 ms.
WATCH_EVERY = 0.5


router = APIRouter(prefix="/models", route_class=Route)


@router.get("")
async def list_models(
    service: ServiceDep, context_length: Annotated[int | None, Query(ge=1, le=MOST_WHOLE)] = None
) -> Json:
    """`fit` is for `context_length` tokens, or else the context each model would be loaded with."""
    infos = await service.models()
    return await asyncio.to_thread(_library, service, infos, context_length)


@router.get("/events")
async def watch(request: Request, service: ServiceDep) -> Response:
    """An event `models` with all models, and another whenever one has changed.

    It may have been added, removed, changed on disk, loaded, unloaded, or set otherwise.
    """
    return streaming(
        request,
        with_error_event(_changes(service), lambda error: sse(openai_body(error), "error")),
    )


@router.put("/settings")
async def save_settings(body: ModelSettingsBody, service: ServiceDep) -> Json:
    """Replace all saved settings. Sampling and `ttl` apply at once, the others on the next load."""
    info = await service.model(body.model)
    await asyncio.to_thread(_save, service, info, body)
    slot = service.engine.resident.get(info.id)
    if slot is not None:
        ttl = service.engine.config.ttl_s if body.ttl is None else body.ttl
        await asyncio.wrap_future(service.engine.keep(slot, ttl))
    return await _described(service, info.id)


@router.post("/load")
async def load(body: ModelBody, request: Request, service: ServiceDep) -> Response:
    """Load a model with its saved settings, and stream the progress.

    Loading continues if the client disconnects; `unload` cancels it.
    """
    info = await service.model(body.model)
    options = await asyncio.to_thread(service.model_settings.load, info.options_id)
    events = _load_events(service, info.id, options)
    return streaming(
        request, with_error_event(events, lambda error: sse(openai_body(error), "error"))
    )


@router.post("/unload")
async def unload(body: ModelBody, service: ServiceDep) -> Json:
    """Unload a model; its running requests, or its loading, fail."""
    info = await service.model(body.model)
    await service.unload(info.id)
    return await _described(service, info.id)


@router.post("/delete")
async def delete(body: ModelBody, service: ServiceDep) -> Json:
    """Delete a downloaded model; its running requests fail. For ten minutes it can be restored."""
    held = await service.held.take(body.model)
    return {"id": held.id, "model": held.model, "size_bytes": held.size_bytes}


@router.post("/restore")
async def restore(body: JobBody, service: ServiceDep) -> Json:
    """Restore what `delete` has returned; it is not loaded."""
    return await _described(service, await asyncio.to_thread(service.held.restore, body.id))


async def _changes(service: Service) -> AsyncGenerator[bytes, None]:
    known: object = None
    while not service.activity.is_closed:
        infos = await service.models()
        now = await asyncio.to_thread(_outline, service, infos)
        if now != known:
            known = now
            yield sse(await asyncio.to_thread(_library, service, infos, None), "models")
        await asyncio.sleep(WATCH_EVERY)


def _outline(service: Service, infos: Sequence[ModelInfo]) -> object:
    """Differs when the description of a model would, except for its requests and its idle time."""
    models = [
        (
            info.id,
            info.path,
            info.modified,
            info.size_bytes,
            info.state,
            None if info.load_progress is None else round(info.load_progress, 2),
            None if info.loaded is None else (info.loaded.load_options, info.loaded.ttl_s),
        )
        for info in infos
    ]
    return models, list(service.library.skipped), service.model_settings.version()


async def _load_events(
    service: Service, model_id: str, options: LoadOptions
) -> AsyncGenerator[bytes, None]:
    news: asyncio.Queue[float | None] = asyncio.Queue()

    def over(task: asyncio.Task[LoadResult]) -> None:
        if not task.cancelled():
            task.exception()  # retrieved even if the client is gone
        news.put_nowait(None)

    work = service.load(model_id, options=options, save=False, on_progress=news.put_nowait)
    task = asyncio.create_task(work)
    task.add_done_callback(over)
    while (progress := await news.get()) is not None:
        yield sse({"progress": progress}, "progress")
    loaded = task.result()
    described = await _described(service, model_id)
    yield sse({"model": described, "load_time": loaded.load_time_s}, "loaded")


def _library(service: Service, infos: Sequence[ModelInfo], context_length: int | None) -> Json:
    models: list[Json] = []
    skipped = list(service.library.skipped)
    for info in infos:
        try:
            models.append(_json(service, info, context_length))
        except Qwen3MLXError as error:  # a broken model must not hide the others
            skipped.append(Skipped(info.id, str(error)))
        except Exception as error:
            logger.exception("Cannot describe %s", info.id)
            skipped.append(Skipped(info.id, f"Cannot be described ({quoted(error)})."))
    told_skipped = [{"name": told(entry.name), "reason": told(entry.reason)} for entry in skipped]
    return {"models": models, "skipped": told_skipped}


async def _described(service: Service, model_id: str) -> Json:
    return await asyncio.to_thread(_json, service, await service.model(model_id))


def _json(service: Service, info: ModelInfo, context_length: int | None = None) -> Json:
    return model_json(info, service.model_settings, service.engine.budget.limit, context_length)


def _save(service: Service, info: ModelInfo, body: ModelSettingsBody) -> None:
    """Save all of the settings, or none if any is invalid."""
    options = LoadOptions(
        context_length=body.context_length,
        rope_scaling=body.rope_scaling,
        kv_bits=body.kv_bits,
        quantize=service.model_settings.load(info.id).quantize,  # only a command sets it
    )
    footprint(info.path, options)
    sampling = checked_sampling(body.sampling)
    settings = service.model_settings
    settings.save(info.options_id, options)
    settings.save_ttl(info.id, body.ttl)
    settings.save_sampling(info.id, sampling)
