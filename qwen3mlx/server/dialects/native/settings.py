"""`/settings`: what the server is started with the next time."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter
from pydantic import ValidationError

from ....errors import ConfigurationError, InvalidRequestError, UsageError
from ....quoting import quoted
from ....settings.user import UserSettings
from ...core.dependencies import ServiceDep
from ...http.json_body import Route
from ...json_text import Json
from ...settings import ServerSettings
from .schemas import ServerSettingsBody

router = APIRouter(prefix="/settings", route_class=Route)


@router.get("")
async def read(service: ServiceDep) -> Json:
    """`saved` counts from the next start; `running` is what this one was started with."""
    return await asyncio.to_thread(_both, service.settings)


@router.patch("")
async def change(body: ServerSettingsBody, service: ServiceDep) -> Json:
    """Only what is given changes; null is the default again."""
    try:
        _settings(body.model_dump())
    except UsageError as error:
        raise InvalidRequestError(str(error)) from None
    changes = body.model_dump(include=body.model_fields_set)
    await asyncio.to_thread(UserSettings().save_server, changes)
    return await asyncio.to_thread(_both, service.settings)


def _both(running: ServerSettings) -> Json:
    saved = _in_options(_settings(_saved()))
    now = _in_options(running)
    return {"saved": saved, "running": now, "restart_needed": saved != now}


def _saved() -> dict[str, Any]:
    user = UserSettings()
    names = ServerSettingsBody.model_fields
    given = {name: value for name, value in user.server().items() if name in names}
    try:
        return ServerSettingsBody(**given).model_dump()
    except ValidationError as error:
        fault = error.errors()[0]
        raise ConfigurationError(
            f"{user.path}: server.{fault['loc'][0]} is {quoted(fault['input'])}, which cannot be: "
            "correct it."
        ) from None


def _settings(options: dict[str, Any]) -> ServerSettings:
    """As `serve` reads them. Raises UsageError."""
    given = {
        "port": options["port"],
        "allowed_origins": None
        if options["allow_origin"] is None
        else tuple(options["allow_origin"]),
        "ttl_s": options["ttl"],
        "memory_limit": _bytes(options["memory_limit"]),
        "prefix_cache_bytes": _bytes(options["prefix_cache"]),
        "max_running": options["max_running"],
        "max_waiting": options["max_waiting"],
    }
    return ServerSettings(**{name: value for name, value in given.items() if value is not None})


def _in_options(settings: ServerSettings) -> Json:
    return {
        "port": settings.port,
        "allow_origin": list(settings.allowed_origins),
        "ttl": settings.ttl_s,
        "memory_limit": _gigabytes(settings.memory_limit),
        "prefix_cache": _gigabytes(settings.prefix_cache_bytes),
        "max_running": settings.max_running,
        "max_waiting": settings.max_waiting,
    }


def _bytes(gigabytes: float | None) -> int | None:
    return None if gigabytes is None else round(gigabytes * 1e9)


def _gigabytes(num_bytes: int | None) -> float | None:
    return None if num_bytes is None else num_bytes / 1e9
