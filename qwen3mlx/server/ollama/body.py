"""How Ollama reads bodies."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.routing import APIRoute
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response


class JSONRoute(APIRoute):
    """A body is JSON whatever its header says: `curl -d`, as in Ollama's docs, calls it a form.

    Web pages can send such a body without asking first; the check of Origin is what stops them.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def read_as_json(request: Request) -> Response:
            MutableHeaders(scope=request.scope)["content-type"] = "application/json"
            return await handle(request)

        return read_as_json
