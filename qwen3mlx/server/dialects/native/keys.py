"""`/keys`: the API keys of the server."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter
from starlette.requests import Request

from ....errors import InvalidRequestError, UsageError
from ...http.json_body import Route
from ...http.keys import ApiKey, Keys, KeyStore
from ...json_text import Json
from ..shared.request_fields import Parameter
from .schemas import KeyBody

router = APIRouter(prefix="/keys", route_class=Route)


@router.get("")
async def list_keys(request: Request) -> Json:
    """All keys without their secrets; `required` says whether requests need one."""
    keys: Keys = request.app.state.keys
    stored = await asyncio.to_thread(keys.stored)
    return {"keys": [_told(key) for key in stored], "required": keys.required}


@router.post("")
async def create(body: KeyBody, request: Request) -> Json:
    """A new key, shown only once; from now on every request needs a key."""
    try:
        secret = await asyncio.to_thread(KeyStore().create, body.name, body.scope)
    except UsageError as error:
        raise InvalidRequestError(str(error), param="name") from None
    keys: Keys = request.app.state.keys
    stored = {key.name: key for key in await asyncio.to_thread(keys.stored)}
    return {**_told(stored[body.name]), "key": secret}


@router.delete("")
async def revoke(name: Parameter, request: Request) -> Json:
    """The key is refused from now on."""
    try:
        await asyncio.to_thread(KeyStore().revoke, name)
    except UsageError as error:
        raise InvalidRequestError(str(error), param="name") from None
    return await list_keys(request)


def _told(key: ApiKey) -> Json:
    return {
        "name": key.name,
        "scope": key.scope,
        "created": key.created,
        "last_used": key.last_used,
    }
