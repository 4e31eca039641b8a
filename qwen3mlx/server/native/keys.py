"""`/keys`: who may use the server."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter
from starlette.requests import Request

from ...errors import InvalidRequestError, UsageError
from ..keys import KeyStore
from .schemas import Json, KeyBody

router = APIRouter(prefix="/keys")


@router.get("")
async def list_keys(request: Request) -> Json:
    """Their names; `required` says whether a request needs one now."""
    keys = await asyncio.to_thread(KeyStore().keys)
    return {
        "keys": [{"name": key.name, "created": key.created} for key in keys],
        "required": request.app.state.keys.required,
    }


@router.post("")
async def create(body: KeyBody) -> Json:
    """A new key, told this once; from now on every request needs one."""
    try:
        secret = await asyncio.to_thread(KeyStore().create, body.name)
    except UsageError as error:
        raise InvalidRequestError(str(error), param="name") from None
    created = {key.name: key.created for key in await asyncio.to_thread(KeyStore().keys)}
    return {"name": body.name, "created": created[body.name], "key": secret}


@router.delete("")
async def revoke(name: str, request: Request) -> Json:
    """It is refused from now on."""
    try:
        await asyncio.to_thread(KeyStore().revoke, name)
    except UsageError as error:
        raise InvalidRequestError(str(error), param="name") from None
    return await list_keys(request)
