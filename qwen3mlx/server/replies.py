"""Whole replies: JSON, and errors in the words of the dialect that owns the path."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from .errors import ApiError, openai_body, to_api_error
from .sse import json_bytes
from .target import allowed_methods

RenderError = Callable[[ApiError], Mapping[str, Any]]


class JSONReply(JSONResponse):
    """Takes half a surrogate pair too, which a client may have sent."""

    def render(self, content: Any) -> bytes:
        return json_bytes(content)


class ErrorReplies:
    """Writes errors; `dialects` are path prefixes, of which the longest that fits is asked."""

    def __init__(self, dialects: Mapping[str, RenderError]) -> None:
        self._dialects = sorted(dialects.items(), key=lambda item: -len(item[0]))

    def reply(self, path: str, error: ApiError) -> Response:
        fitting = (render for prefix, render in self._dialects if path.startswith(prefix))
        body = next(fitting, openai_body)(error)
        return JSONReply(body, error.status, headers=error.headers)

    async def handle(self, request: Request, error: Exception) -> Response:
        """FastAPI's exception handler; OPTIONS is answered where no route takes it."""
        told = to_api_error(error)
        if told.status == 405:
            told = replace(told, allowed=tuple(allowed_methods(request.scope)))
            if request.method == "OPTIONS":
                return Response(status_code=204, headers=told.headers)
        return self.reply(request.scope["path"], told)

    async def send(self, error: ApiError, scope: Scope, receive: Receive, send: Send) -> None:
        """For a middleware that ends a request."""
        await self.reply(scope["path"], error)(scope, receive, send)
