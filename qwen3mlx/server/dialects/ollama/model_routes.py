"""Ollama's endpoints about models."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter
from starlette.responses import Response

from ....errors import InvalidRequestError
from ...core.dependencies import ServiceDep
from ...core.template_traits import template_traits
from ...http.errors import api_error
from ...http.json_body import Route
from ...http.json_response import JSONReply
from ...json_text import Json
from . import models
from .errors import render_error
from .request import plain_name
from .schemas import CopyBody, ModelBody

# Clients compare it with the version that added what they need (/v1/responses: 0.13.4).
API_VERSION = "0.13.4"

router = APIRouter(tags=["Ollama"], route_class=Route)


@router.get("/api/version")
@router.head("/api/version", include_in_schema=False)
async def version() -> Json:
    return {"version": API_VERSION}


@router.get("/api/tags")
@router.head("/api/tags", include_in_schema=False)
async def tags(service: ServiceDep) -> Json:
    return models.tags(await service.models(), await service.aliases())


@router.get("/api/ps")
async def processes(service: ServiceDep) -> Json:
    return models.processes(await service.models(), service.names.models)


@router.post("/api/show")
async def show(body: ModelBody, service: ServiceDep) -> Json:
    model = await service.model(model_name(body))
    traits = await asyncio.to_thread(template_traits, model.path)
    return await asyncio.to_thread(models.show, model, traits)


@router.delete("/api/delete")
async def delete(body: ModelBody, service: ServiceDep) -> Response:
    """Delete a downloaded model with all its revisions; it is unloaded first.

    Of a name that a copy made, or the user, only the name is deleted.
    """
    name = model_name(body)
    if not await asyncio.to_thread(service.names.remove, name):
        await service.delete(name)
    return Response()


@router.post("/api/create")
@router.post("/api/blobs/{digest}", include_in_schema=False)
@router.head("/api/blobs/{digest}", include_in_schema=False)
async def create() -> Response:
    return _refused("Models cannot be created here; send system and options with each request.")


@router.post("/api/copy")
async def copy(body: CopyBody, service: ServiceDep) -> Response:
    """Give a model another name, which is saved; its files are there once."""
    model = await service.model(plain_name(body.source))
    await asyncio.to_thread(service.names.add, plain_name(body.destination), model.id)
    return Response()


@router.post("/api/push")
async def push() -> Response:
    return _refused("Models cannot be uploaded from here; use the tools of Hugging Face.")


def _refused(reason: str) -> Response:
    error = api_error(501, reason, code="not_implemented")
    return JSONReply(render_error(error), error.status)


def model_name(body: ModelBody) -> str:
    """Return the name from whichever field has it."""
    if not (name := body.model or body.name):
        raise InvalidRequestError("model is missing.", param="model")
    return plain_name(name)
