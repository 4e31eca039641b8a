"""`/api/pull`: download a model and report the progress."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from ....errors import ModelNotFoundError
from ....hub.jobs import Job
from ...core.dependencies import ServiceDep
from ...core.service import Service
from ...http.json_body import Route
from ...http.json_response import JSONReply
from ...http.respond import JSON_LINES
from ...http.sse import ndjson, streaming, while_connected, with_error_event
from ...json_text import Json
from .errors import render_error
from .model_routes import model_name
from .schemas import PullBody

# Seconds between progress checks.
INTERVAL = 0.1

SUCCESS = {"status": "success"}

router = APIRouter(tags=["Ollama"], route_class=Route)


@router.post("/api/pull")
async def pull(body: PullBody, request: Request, service: ServiceDep) -> Response:
    """The download continues when the client disconnects; another request joins it."""
    job = await _start(service, model_name(body))
    records = _nothing_to_do() if job is None else progress(job)
    if body.stream is not False:
        lines = (ndjson(record) async for record in records)
        chunks = with_error_event(lines, lambda error: ndjson(render_error(error)))
        return streaming(request, chunks, JSON_LINES.media_type)
    await while_connected(request, _finish(records))
    return JSONReply(SUCCESS)


async def _nothing_to_do() -> AsyncGenerator[Json, None]:
    yield SUCCESS


async def _start(service: Service, name: str) -> Job | None:
    """None if the model is already here. ModelNotFoundError for a name that is not on the hub."""
    try:
        await service.model(name)
    except ModelNotFoundError:
        return await asyncio.to_thread(service.download, name)
    return None


async def progress(job: Job, interval: float = INTERVAL) -> AsyncGenerator[Json, None]:
    """Ollama's records of a download until it is complete, however long it is paused meanwhile.

    Raises the error if it fails.
    """
    yield {"status": "pulling manifest"}
    # Clients show one progress bar for each digest.
    digest = "sha256:" + hashlib.sha256(job.repo_id.encode()).hexdigest()
    told = None
    running = True
    while running:
        running = job.is_open
        if job.total_bytes is not None and job.downloaded_bytes != told:
            told = job.downloaded_bytes
            yield {
                "status": f"pulling {job.repo_id}",
                "digest": digest,
                "total": job.total_bytes,
                "completed": told,
            }
        if running:
            await asyncio.sleep(interval)
    if job.error is not None:
        raise job.error
    yield SUCCESS


async def _finish(records: AsyncGenerator[Json, None]) -> None:
    async for _ in records:
        pass
