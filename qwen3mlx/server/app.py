"""The application: all dialects on top of one service, behind the guards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.datastructures import State
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from . import health
from .core.service import Service
from .dialects import CLIENT_ERROR_BODIES, ERROR_BODIES, LAZY, Dialect
from .http.admission import Admission, QueueHeaders
from .http.body_limit import BodyLimit
from .http.error_responses import ErrorResponses
from .http.guard import HostGuard, KeyGuard, OriginGuard
from .http.key_use import EVERY
from .http.keys import Keys, KeyStore
from .http.logs import AccessLog, UnhandledErrors
from .http.target import Target
from .http.warning_headers import WarningHeaders
from .metrics import Metrics, RequestCounter
from .settings import ServerSettings

if TYPE_CHECKING:
    from .api import Api


def create_app(service: Service, settings: ServerSettings) -> Starlette:
    """The ASGI application, whose lifespan starts and stops the engine.

    Raises ConfigurationError if the file of API keys is broken.
    """
    errors = ErrorResponses(ERROR_BODIES, CLIENT_ERROR_BODIES)
    metrics = Metrics(service.engine.stats)
    service.on_finished.append(metrics.finished)
    keys = Keys(settings.api_key, KeyStore(), settings.parent_key)
    state = State({"service": service, "metrics": metrics, "keys": keys})
    state.api = LateApi(state, errors)
    app = Starlette(
        routes=[*health.ROUTES, Mount("", state.api)],
        exception_handlers=errors.handlers,
        lifespan=_lifespan,
        # Outermost first.
        middleware=[
            Middleware(BodyLimit, settings.max_body_bytes),
            Middleware(AccessLog, service.activity, settings.log_prompts),
            Middleware(Target),
            Middleware(Admission, errors),
            Middleware(RequestCounter, metrics),
            Middleware(HostGuard, settings, errors),
            Middleware(OriginGuard, settings, errors),
            Middleware(UnhandledErrors, errors),
            Middleware(KeyGuard, keys, service.activity, errors),
            Middleware(QueueHeaders, service.engine),
            Middleware(WarningHeaders),
        ],
    )
    app.state = state
    return app


class LateApi:
    """The ASGI application of the dialects, each imported with the first request that it claims.

    A server that only needs one of them starts faster and stays smaller without the others.
    """

    def __init__(self, state: State, errors: ErrorResponses) -> None:
        self._state = state
        self._errors = errors
        self._api: Api | None = None
        self._lock = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        claiming = [each for each in LAZY if each.claims(scope["path"])]
        await (await self.including(claiming))(scope, receive, send)

    async def including(self, dialects: Sequence[Dialect]) -> Api:
        """Return the application once it has these dialects; the event loop goes on meanwhile."""
        if self._api is None or not self._api.included.issuperset(dialects):
            async with self._lock:
                self._api = await asyncio.to_thread(self._include, dialects)
        return self._api

    def _include(self, dialects: Sequence[Dialect]) -> Api:
        from .lean_fastapi import import_fastapi

        import_fastapi()
        from .api import Api

        api = self._api or Api(self._state, self._errors)
        api.include(dialects)
        return api


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    service: Service = app.state.service
    await service.start()
    writing = asyncio.create_task(_save_use(app.state.keys))
    try:
        yield
    finally:
        writing.cancel()
        await asyncio.to_thread(app.state.keys.save_use)
        await service.stop()


async def _save_use(keys: Keys) -> None:
    """Save periodically when keys were last used."""
    while True:
        await asyncio.sleep(EVERY)
        await asyncio.to_thread(keys.save_use)
