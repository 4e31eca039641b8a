"""The dialects, each imported on the first request for one of its paths.

A server that only needs one of them starts faster and stays smaller without the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from ..http.error_responses import RenderError
from ..http.errors import ApiError, openai_body
from ..http.scopes import check_routes


@dataclass(frozen=True)
class Dialect:
    """A package in this folder with a `router`; all its paths start with one of `paths`."""

    package: str
    paths: tuple[str, ...]

    def load(self) -> Any:
        return import_module(f".{self.package}", __package__)

    def claims(self, path: str) -> bool:
        return path.startswith(self.paths)


OPENAI = Dialect(
    "openai",
    (
        "/v1/chat/",
        "/v1/completions",
        "/v1/embeddings",
        "/v1/models",
        "/tokenize",
        "/detokenize",
        "/tokenizer_info",
        "/props",
    ),
)
LAZY = (
    OPENAI,
    Dialect("anthropic", ("/v1/messages", "/v1/models")),
    Dialect("responses", ("/v1/responses", "/v1/conversations")),
    Dialect("lmstudio", ("/api/v0", "/api/v1", "/lmstudio-greeting")),
    Dialect("ollama", ("/api/",)),
    Dialect("native", ("/api/qwen3mlx/",)),
)


class LazyDialects:
    """Middleware that adds the dialects that claim a request's path."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            include(scope["app"], (each for each in LAZY if each.claims(scope["path"])))
        await self._app(scope, receive, send)


def include(app: FastAPI, dialects: Iterable[Dialect] = LAZY) -> None:
    """Add the routes of these dialects to the application, each only once.

    Raises RuntimeError for a route without a scope.
    """
    included: set[Dialect] = app.state.dialects
    for dialect in dialects:
        if dialect not in included:
            included.add(dialect)
            app.include_router(dialect.load().router)
            check_routes(app)


def _errors_of(package: str) -> RenderError:
    def render(error: ApiError) -> Mapping[str, Any]:
        body: Mapping[str, Any] = import_module(f".{package}", __package__).render_error(error)
        return body

    return render


# Path prefix -> the format of its errors; all other paths use OpenAI's.
ERROR_BODIES: Mapping[str, RenderError] = {
    "/v1/messages": _errors_of("anthropic"),
    "/api/": _errors_of("ollama"),
    "/api/v0": openai_body,
    "/api/v1": _errors_of("lmstudio"),
    "/api/qwen3mlx/": openai_body,
}
# Header -> the format of errors, for paths such as /v1/models that belong to two dialects.
CLIENT_ERROR_BODIES: Mapping[str, RenderError] = {"anthropic-version": _errors_of("anthropic")}
