"""`/api/v1/models`: list, load, unload and download models."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from fastapi import APIRouter
from starlette.requests import Request

from ....config import LoadOptions
from ....errors import ModelNotFoundError, Qwen3MLXError
from ....hub.jobs import Job
from ....quoting import quoted
from ...core.caller import caller
from ...core.dependencies import ServiceDep
from ...core.model_info import ModelInfo
from ...core.service import Service
from ...core.telling import told
from ...core.template_traits import template_traits
from ...http.json_body import Route
from ...http.sse import while_connected
from ...json_text import Json
from ...timestamps import rfc3339
from ..shared.request_fields import Parameter
from .errors import JobNotFoundError, NotSupportedError
from .models import load_config, model_type, v1_model
from .schemas import DownloadBody, LoadBody, UnloadBody

# Seconds to wait for the size of a new download before replying without it.
PATIENCE = 5.0


router = APIRouter(prefix="/api/v1/models", tags=["LM Studio"], route_class=Route)


@router.get("")
async def list_models(service: ServiceDep) -> Json:
    return {"models": await asyncio.to_thread(_described, await service.models())}


@router.post("/load")
async def load(body: LoadBody, request: Request, service: ServiceDep) -> Json:
    """The given settings are saved, and used whenever the model is loaded."""
    given = LoadOptions(
        context_length=body.context_length,
        rope_scaling=body.rope_scaling,
        kv_bits=body.kv_bits,
    )
    options = None if given == LoadOptions() else given
    work = service.load(body.model, options=options, ttl=body.ttl)
    loaded = await while_connected(request, work)
    reply = {
        "type": model_type(loaded.info),
        "instance_id": loaded.info.id,
        "load_time_seconds": loaded.load_time_s or 0.0,
        "status": "loaded",
    }
    if body.echo_load_config and loaded.info.loaded:
        reply["load_config"] = load_config(loaded.info.loaded)
    return reply


@router.post("/unload")
async def unload(body: UnloadBody, service: ServiceDep) -> Json:
    info = await service.model(body.instance_id)
    if not await service.unload(info.id):
        raise ModelNotFoundError(f"{info.id} is not loaded.")
    return {"instance_id": info.id}


@router.post("/download")
async def download(body: DownloadBody, service: ServiceDep) -> Json:
    """Start to download a model; it continues after the reply."""
    name = _with_quantization(service, body)
    try:
        await service.model(name)
        return {"status": "already_downloaded"}
    except ModelNotFoundError:
        job = await asyncio.to_thread(service.download, name)
    await asyncio.to_thread(job.begun.wait, PATIENCE)
    if job.status == "failed" and job.error is not None:
        raise job.error
    return job_json(job)


def _with_quantization(service: Service, body: DownloadBody) -> str:
    """Return the name, in LM Studio's form `model@quantization` if one is given."""
    if not body.quantization:
        return body.model
    name = f"{body.model}@{body.quantization}"
    if service.library.wanted(name) is None:
        raise NotSupportedError(
            f"quantization {quoted(body.quantization)} is not one that {quoted(body.model)} can be "
            "combined with: name a repository with that quantization in model.",
            param="quantization",
        )
    return name


@router.get("/download/status/{job_id}")
async def download_status(job_id: Parameter, service: ServiceDep) -> Json:
    job = service.downloads.get(job_id, caller().owner)
    if job is None:
        raise JobNotFoundError(f"There is no download with the id {quoted(job_id)}.")
    return job_json(job)


def job_json(job: Job) -> Json:
    """`error`, which LM Studio does not have, says why a download failed."""
    speed = job.bytes_per_second if job.status == "downloading" else None
    estimate = job.estimated_completion if job.status == "downloading" else None
    known = {
        "job_id": job.id,
        "status": "downloading" if job.status == "queued" else job.status,
        "total_size_bytes": job.total_bytes,
        "downloaded_bytes": job.downloaded_bytes,
        "started_at": _time(job.started_at),
        "bytes_per_second": speed,
        "estimated_completion": None if estimate is None else _time(estimate),
        "completed_at": _time(job.ended_at) if job.ended_at and not job.error else None,
        "error": told(str(job.error)) if job.error else None,
    }
    return {name: value for name, value in known.items() if value is not None}


def _described(models: Sequence[ModelInfo]) -> list[Json]:
    return [v1_model(info, _thinking(info)) for info in models]


def _thinking(info: ModelInfo) -> tuple[bool, ...]:
    try:
        return template_traits(info.path).thinking
    except Qwen3MLXError:  # list the model nevertheless
        return (False,)


def _time(seconds: float) -> str:
    return rfc3339(seconds, "milliseconds")
