"""Limits the number of requests, and tells clients about the limit."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...engine import Engine
from .. import bounds
from .error_responses import ErrorResponses
from .errors import ApiError, api_error
from .scopes import needed_for


class Admission:
    """503 on connections over the limit, 431 for too many headers.

    Open routes, such as /health, are answered on every connection.
    """

    def __init__(self, app: ASGIApp, errors: ErrorResponses) -> None:
        self._app = app
        self._errors = errors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_crowded = bool((scope.get("state") or {}).get("is_crowded"))
        error: ApiError | None = None
        if len(scope.get("headers", ())) > bounds.MAX_HEADERS:
            error = api_error(
                431,
                f"The request has more than {bounds.MAX_HEADERS} headers; send fewer.",
                code="invalid_http",
            )
        elif is_crowded and needed_for(scope["method"], scope["path"]) != "open":
            message = "All of this server's connections are in use; try again in a moment."
            error = api_error(503, message, code="too_many_connections")

        async def send_and_close(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["connection"] = "close"
            await send(message)

        leave = send_and_close if is_crowded else send
        if error is None:
            await self._app(scope, receive, leave)
        else:
            await self._errors.send(error, scope, receive, leave)


class QueueHeaders:
    """Tells clients of /v1 how many requests are accepted, and how many more would be right now.

    Named as in OpenAI's API: https://platform.openai.com/docs/guides/rate-limits. There is no
    reset time: a slot is free as soon as an answer ends.
    """

    def __init__(self, app: ASGIApp, engine: Engine) -> None:
        self._app = app
        self._engine = engine

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_asked = scope["type"] == "http" and scope["method"] == "POST"
        if not is_asked or not scope["path"].startswith("/v1/"):
            await self._app(scope, receive, send)
            return

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers())
            await send(message)

        await self._app(scope, receive, tell)

    def _headers(self) -> dict[str, str]:
        limit = self._engine.config.max_running + self._engine.config.max_waiting
        stats = self._engine.stats()
        remaining = max(0, limit - stats.running - stats.waiting)
        return {
            "x-ratelimit-limit-requests": str(limit),
            "x-ratelimit-remaining-requests": str(remaining),
        }
