"""`/api/pull`: download a model, and tell how far it is."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from ....errors import ModelNotFoundError
from ....hub.jobs import Job
from ....library.names import aliases, is_repository
from ....quoting import quoted
from ...core.caller import caller
from ...core.service import Service
from ...http.json_body import Route
from ...http.replies import JSONReply
from ...http.sse import ndjson, streaming, while_connected, with_error_event
from .errors import error_line
from .model_routes import model_name
from .response import Json
from .routes import NDJSON, Injected
from .schemas import PullBody

# Seconds between two looks at a download.
INTERVAL = 0.1

SUCCESS = {"status": "success"}

router = APIRouter(tags=["Ollama"], route_class=Route)


@router.post("/api/pull")
async def pull(body: PullBody, request: Request, service: Injected) -> Response:
    """The download goes on when the client goes away; asking again tells of the same one."""
    job = await _start(service, model_name(body))
    records = _nothing_to_do() if job is None else progress(job)
    if body.stream is not False:
        lines = (ndjson(record) async for record in records)
        return streaming(request, with_error_event(lines, error_line), NDJSON)
    await while_connected(request, _finish(records))
    return JSONReply(SUCCESS)


async def _nothing_to_do() -> AsyncGenerator[Json, None]:
    yield SUCCESS


async def _start(service: Service, name: str) -> Job | None:
    """None for a model that is here already. ModelNotFoundError for a name that no hub has."""
    try:
        await service.model(name)
    except ModelNotFoundError:
        return service.downloads.start(_repository(name), caller().owner)
    return None


def _repository(name: str) -> str:
    if (alias := aliases().get(name.lower())) is not None:
        return alias.repo_id
    if is_repository(name):
        return name
    raise ModelNotFoundError(
        f"{quoted(name)} names no model to download: send an alias such as qwen3:8b, or a "
        "repository such as Qwen/Qwen3-8B-MLX-4bit."
    )


async def progress(job: Job, interval: float = INTERVAL) -> AsyncGenerator[Json, None]:
    """Ollama's records of a download until it is complete; raises the error of a failed one."""
    yield {"status": "pulling manifest"}
    # Clients draw one bar for each digest.
    digest = "sha256:" + hashlib.sha256(job.repo_id.encode()).hexdigest()
    told = None
    running = True
    while running:
        running = job.status == "downloading"
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
