"""The application: all dialects on top of one service, behind the guards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from .. import __version__
from ..errors import Qwen3MLXError
from . import health
from .core.service import Service
from .dialects import CLIENT_ERROR_BODIES, ERROR_BODIES, LazyDialects, include
from .http.admission import Admission, QueueHeaders
from .http.body_limit import BodyLimit
from .http.error_responses import ErrorResponses
from .http.guard import HostGuard, KeyGuard, OriginGuard
from .http.json_response import JSONReply
from .http.key_use import EVERY
from .http.keys import Keys, KeyStore
from .http.logs import AccessLog, UnhandledErrors
from .http.scopes import check_routes
from .http.target import Target
from .http.warning_headers import WarningHeaders
from .metrics import Metrics, RequestCounter
from .settings import ServerSettings

DESCRIPTION = (
    "Qwen3 models on this computer, for clients of OpenAI, Anthropic, LM Studio and Ollama."
)


class Application(FastAPI):
    """FastAPI, with a schema that lists 400 for invalid bodies, as they are answered here."""

    def openapi(self) -> dict[str, Any]:
        include(self)
        schema = super().openapi()
        for path in schema["paths"].values():
            for operation in path.values():
                if operation["responses"].pop("422", None):
                    operation["responses"]["400"] = {"description": "A field is invalid"}
        return schema


def create_app(service: Service, settings: ServerSettings) -> FastAPI:
    """The ASGI application, whose lifespan starts and stops the engine.

    Raises ConfigurationError if the file of API keys is broken, and RuntimeError for a route
    without a scope.
    """
    errors = ErrorResponses(ERROR_BODIES, CLIENT_ERROR_BODIES)
    metrics = Metrics(service.engine.stats)
    service.on_finished.append(metrics.finished)
    keys = Keys(settings.api_key, KeyStore(), settings.parent_key)
    app = Application(
        title="qwen3mlx",
        version=__version__,
        description=DESCRIPTION,
        # FastAPI's own pages load scripts from another server.
        docs_url=None,
        redoc_url=None,
        default_response_class=JSONReply,
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
            Middleware(LazyDialects),
        ],
    )
    app.state.service = service
    app.state.metrics = metrics
    app.state.dialects = set()
    app.state.keys = keys
    for expected in (Qwen3MLXError, RequestValidationError, HTTPException):
        app.add_exception_handler(expected, errors.handle)
    app.add_exception_handler(ClientDisconnect, _client_disconnected)
    app.include_router(health.router)
    check_routes(app)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
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


async def _client_disconnected(request: Request, error: Exception) -> Response:
    """Return status 499, as nginx has it; only the log shows it."""
    return Response(status_code=499)
