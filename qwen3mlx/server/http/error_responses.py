"""Errors in the format of the dialect that the path or the client belongs to."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from typing import Any

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ...errors import Qwen3MLXError
from .errors import ApiError, openai_body, to_api_error
from .json_response import JSONReply
from .target import allowed_methods

RenderError = Callable[[ApiError], Mapping[str, Any]]
Handler = Callable[[Request, Any], Coroutine[Any, Any, Response]]


class ErrorResponses:
    """Writes errors in the format of a dialect.

    `clients` maps headers that only the clients of one dialect send, and comes first; `dialects`
    maps path prefixes, of which the longest match wins.
    """

    def __init__(
        self, dialects: Mapping[str, RenderError], clients: Mapping[str, RenderError] | None = None
    ) -> None:
        self._dialects = sorted(dialects.items(), key=lambda item: -len(item[0]))
        self._clients = clients or {}
        # What Starlette and FastAPI call for each class of exceptions.
        self.handlers: dict[Any, Handler] = {
            Qwen3MLXError: self.handle,
            HTTPException: self.handle,
            ClientDisconnect: _client_disconnected,
        }

    def reply(self, scope: Scope, error: ApiError) -> Response:
        headers, path = Headers(scope=scope), scope["path"]
        fitting = [render for name, render in self._clients.items() if name in headers]
        fitting += [render for prefix, render in self._dialects if path.startswith(prefix)]
        body = [*fitting, openai_body][0](error)
        return JSONReply(body, error.status, headers=error.headers)

    async def handle(self, request: Request, error: Exception) -> Response:
        """Reply to an exception; also answers OPTIONS where no route does."""
        told = to_api_error(error)
        if told.status == 405:
            told = replace(told, allowed=tuple(allowed_methods(request.scope)))
            if request.method == "OPTIONS":
                return Response(status_code=204, headers=told.headers)
        return self.reply(request.scope, told)

    async def send(self, error: ApiError, scope: Scope, receive: Receive, send: Send) -> None:
        """Reply from a middleware, which ends the request."""
        await self.reply(scope, error)(scope, receive, send)


async def _client_disconnected(request: Request, error: ClientDisconnect) -> Response:
    """Return status 499, as nginx has it; only the log shows it."""
    return Response(status_code=499)
