"""Whole replies: JSON, and errors in the words of the dialect that owns the path."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from ..json_text import json_bytes
from .errors import ApiError, openai_body, to_api_error
from .target import allowed_methods

RenderError = Callable[[ApiError], Mapping[str, Any]]


class JSONReply(JSONResponse):
    """Takes half a surrogate pair too, which a client may have sent."""

    def render(self, content: Any) -> bytes:
        return json_bytes(content)


class LongReply(JSONReply):
    """Written item by item: made on a thread, it lets others go on meanwhile."""

    def render(self, content: Any) -> bytes:
        encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
        return "".join(encoder.iterencode(content)).encode("utf-8", "replace")


class ErrorReplies:
    """Writes errors; `dialects` are path prefixes, of which the longest that fits is asked.

    Before these, `clients` are headers that only the clients of one dialect send.
    """

    def __init__(
        self, dialects: Mapping[str, RenderError], clients: Mapping[str, RenderError] | None = None
    ) -> None:
        self._dialects = sorted(dialects.items(), key=lambda item: -len(item[0]))
        self._clients = clients or {}

    def reply(self, scope: Scope, error: ApiError) -> Response:
        headers, path = Headers(scope=scope), scope["path"]
        fitting = [render for name, render in self._clients.items() if name in headers]
        fitting += [render for prefix, render in self._dialects if path.startswith(prefix)]
        body = [*fitting, openai_body][0](error)
        return JSONReply(body, error.status, headers=error.headers)

    async def handle(self, request: Request, error: Exception) -> Response:
        """FastAPI's exception handler; OPTIONS is answered where no route takes it."""
        told = to_api_error(error)
        if told.status == 405:
            told = replace(told, allowed=tuple(allowed_methods(request.scope)))
            if request.method == "OPTIONS":
                return Response(status_code=204, headers=told.headers)
        return self.reply(request.scope, told)

    async def send(self, error: ApiError, scope: Scope, receive: Receive, send: Send) -> None:
        """For a middleware that ends a request."""
        await self.reply(scope, error)(scope, receive, send)
