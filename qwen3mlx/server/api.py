"""The dialects' routes as one FastAPI application, which also describes them.

FastAPI takes a third of the time that a server needs to start: it is imported by the first request
for a dialect, or while the model loads.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.datastructures import State
from starlette.middleware import Middleware

from .. import __version__
from . import health
from .dialects import LAZY, Dialect
from .http.error_responses import ErrorResponses
from .http.json_response import JSONReply
from .http.logs import UnhandledErrors
from .http.scopes import TABLE

DESCRIPTION = (
    "Qwen3 models on this computer, for clients of OpenAI, Anthropic, LM Studio and Ollama."
)


class Api(FastAPI):
    """Has the server's own routes at first; `include` adds those of dialects.

    `state` is that of the application around it, which has the guards.
    """

    def __init__(self, state: State, errors: ErrorResponses) -> None:
        super().__init__(
            title="qwen3mlx",
            version=__version__,
            description=DESCRIPTION,
            # FastAPI's own pages load scripts from another server.
            docs_url=None,
            redoc_url=None,
            default_response_class=JSONReply,
            middleware=[Middleware(UnhandledErrors, errors)],
            exception_handlers=errors.handlers,
        )
        self.state = state
        self.included: set[Dialect] = set()
        for route in health.ROUTES:
            self.add_api_route(
                route.path,
                route.endpoint,
                methods=sorted((route.methods or set()) - {"HEAD"}),
                include_in_schema=route.include_in_schema,
                tags=["Server"],
            )
        check_routes(self)

    def include(self, dialects: Iterable[Dialect] = LAZY) -> None:
        """Add the routes of these dialects, each only once.

        Raises RuntimeError for a route without a scope.
        """
        for dialect in dialects:
            if dialect not in self.included:
                self.include_router(dialect.load().router)
                self.included.add(dialect)
                check_routes(self)

    def openapi(self) -> dict[str, Any]:
        """The schema of all dialects; it lists 400 for invalid bodies, as they are answered."""
        self.include()
        schema = super().openapi()
        for path in schema["paths"].values():
            for operation in path.values():
                if operation["responses"].pop("422", None):
                    operation["responses"]["400"] = {"description": "A field is invalid"}
        return schema


def check_routes(app: FastAPI) -> None:
    """Raises RuntimeError for routes that are missing from the table of scopes."""
    if missing := sorted(set(_routes(app)) - set(TABLE)):
        named = ", ".join(" ".join(route) for route in missing)
        raise RuntimeError(f"These routes have no scope in server/http/scopes.py: {named}.")


def _routes(app: FastAPI) -> Iterable[tuple[str, str]]:
    """Without HEAD, which is answered as GET: see `target.py`."""
    for route in iter_route_contexts(app.routes):
        for method in route.methods or ():
            if method != "HEAD":
                yield method, str(route.path)
