"""`/downloads`: the jobs that bring models to this computer; nothing else downloads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from ....errors import ModelNotFoundError
from ....hub.jobs import Job
from ....quoting import quoted
from ...core.caller import caller
from ...core.dependencies import ServiceDep
from ...core.service import Service
from ...core.telling import told
from ...http.errors import openai_body
from ...http.json_body import Route
from ...http.sse import sse, streaming, with_error_event
from ...json_text import Json
from .schemas import DownloadBody, JobBody, MoveBody

# Seconds between looks at the jobs while somebody watches.
WATCH_EVERY = 0.5

router = APIRouter(prefix="/downloads", route_class=Route)


@router.get("")
async def list_jobs(service: ServiceDep) -> Json:
    """The caller's jobs in the order of the queue; callers with the scope admin see all."""
    return _listed(service, _owner())


@router.get("/events")
async def watch(request: Request, service: ServiceDep) -> Response:
    """An event `downloads` with the same list, and another whenever a job has changed."""
    events = _changes(service, _owner())
    return streaming(
        request, with_error_event(events, lambda error: sse(openai_body(error), "error"))
    )


@router.post("")
async def start(body: DownloadBody, service: ServiceDep) -> Json:
    """Download a model; one that is paused goes on. A `revision` is a branch, tag or commit."""
    return _json(await asyncio.to_thread(service.download, body.model, body.revision))


@router.post("/pause")
async def pause(body: JobBody, service: ServiceDep) -> Json:
    """Stop a job at its next chunk, or keep it from starting; what has arrived is kept."""
    return await _done(service, body.id, service.downloads.pause)


@router.post("/resume")
async def resume(body: JobBody, service: ServiceDep) -> Json:
    """Let a paused or failed job go on where it stopped."""
    return await _done(service, body.id, service.downloads.resume)


@router.post("/move")
async def move(body: MoveBody, service: ServiceDep) -> Json:
    """Put a job at another place of the queue, counted from 0."""
    return await _done(service, body.id, lambda job: service.downloads.move(job, body.position))


@router.delete("")
async def cancel(body: JobBody, service: ServiceDep) -> Json:
    """Stop and forget a job. Parts of files that have arrived are deleted, whole files kept."""
    return await _done(service, body.id, service.downloads.cancel)


def _owner() -> str | None:
    return None if caller().may("admin") else caller().owner


async def _done(service: Service, job_id: str, change: Callable[[Job], None]) -> Json:
    job = service.downloads.get(job_id, _owner())
    if job is None:
        raise ModelNotFoundError(f"There is no download with the id {quoted(job_id)}.")
    await asyncio.to_thread(change, job)
    return _json(job)


async def _changes(service: Service, owner: str | None) -> AsyncGenerator[bytes, None]:
    known: object = None
    while not service.activity.is_closed:
        now = _listed(service, owner)
        if now != known:
            known = now
            yield sse(now, "downloads")
        await asyncio.sleep(WATCH_EVERY)


def _listed(service: Service, owner: str | None) -> Json:
    return {"downloads": [_json(job) for job in service.downloads.listed(owner)]}


def _json(job: Job) -> Json:
    """`error` says why it failed, or why it is tried again."""
    left = job.estimated_completion
    return {
        "id": job.id,
        "model": job.repo_id,
        "source": job.source,
        "revision": job.revision,
        "status": job.status,
        "downloaded_bytes": job.downloaded_bytes,
        "total_bytes": job.total_bytes,
        "bytes_per_second": round(job.bytes_per_second),
        "estimated_completion": left if job.status == "downloading" else None,
        "started_at": job.started_at,
        "ended_at": job.ended_at,
        "error": told(str(job.error)) if job.error else None,
        "error_code": job.error.code if job.error else None,
    }
