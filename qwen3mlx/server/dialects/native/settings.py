"""`/settings`: what the server is started with the next time, and what each setting may be."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter

from ....errors import ConfigurationError, InvalidRequestError, UsageError
from ....library.user_aliases import parse_aliases
from ....quoting import quoted
from ....settings.setting import at, object_schema
from ....settings.table import GROUPS, SERVER
from ....settings.user import UserSettings
from ... import bounds
from ...core.dependencies import ServiceDep
from ...http.json_body import Route
from ...json_text import Json
from ...origins import Origins
from ...settings import ServerSettings
from .schemas import ServerSettingsBody

# Checks of what the table of settings cannot say.
_MEANINGS: dict[str, Callable[[tuple[str, ...]], object]] = {
    "alias": parse_aliases,
    "allow_origin": Origins,
}
NAMES = tuple(setting.name for setting in at("http", SERVER))

router = APIRouter(prefix="/settings", route_class=Route)


@router.get("")
async def read(service: ServiceDep) -> Json:
    """`saved` counts from the next start; `running` is what this one was started with."""
    return await asyncio.to_thread(_both, service.names.settings)


@router.get("/schema")
async def schema() -> Json:
    """Three JSON Schemas of all settings: `server`, `load` and `sampling`."""
    return {group: object_schema(settings) for group, settings in GROUPS.items()}


@router.patch("")
async def change(body: ServerSettingsBody, service: ServiceDep) -> Json:
    """Only what is given changes; null is the default again."""
    _check(body)
    await asyncio.to_thread(UserSettings().save_server, body)
    return await asyncio.to_thread(_both, service.names.settings)


def _both(running: ServerSettings) -> Json:
    saved, now = _json(_saved()), _json(running)
    return {"saved": saved, "running": now, "restart_needed": saved != now}


def _saved() -> ServerSettings:
    user = UserSettings()
    given = {name: value for name, value in user.server().items() if name in NAMES}
    try:
        _check(given)
        return ServerSettings.of(given)
    except (InvalidRequestError, UsageError) as error:
        raise ConfigurationError(f"{user.path}: server.{error} Correct it.") from None


def _check(settings: Json) -> None:
    """Raises InvalidRequestError for what cannot be changed here, or not to that."""
    if len(settings) > bounds.MAX_FIELDS:
        raise InvalidRequestError(f"The body must have at most {bounds.MAX_FIELDS} fields.")
    for name, value in settings.items():
        if name not in NAMES:
            raise InvalidRequestError(
                f"Unknown setting {quoted(name)}; valid ones: {', '.join(NAMES)}.", param=name
            )
        if value is not None:
            SERVER[name].check(value)
    for name, check in _MEANINGS.items():
        try:
            check(tuple(settings.get(name) or ()))
        except UsageError as error:
            raise InvalidRequestError(str(error), param=name) from None


def _json(settings: ServerSettings) -> Json:
    values: dict[str, Any] = {name: getattr(settings, name) for name in NAMES}
    return {name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}
