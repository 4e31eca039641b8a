"""Tells clients of every dialect what was left out of their request: one header per warning."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...quoting import shortened
from ...request_warnings import collecting_warnings
from ..core.telling import told

WARNING_HEADER = "X-Qwen3MLX-Warning"

# Clients refuse replies with too many or too long headers; the log has all warnings in full.
MAX_WARNINGS = 10
MAX_CHARACTERS = 500


class WarningHeaders:
    """Adds the `request_warnings.warn` messages raised before the reply starts."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with collecting_warnings() as warnings:

            async def tell(message: Message) -> None:
                # An error has no answer from which something could have been left out.
                if message["type"] == "http.response.start" and message["status"] < 400:
                    headers = MutableHeaders(scope=message)
                    for value in _header_values(warnings):
                        headers.append(WARNING_HEADER, value)
                await send(message)

            await self._app(scope, receive, tell)


def _header_values(warnings: list[str]) -> list[str]:
    """Return the warnings in ASCII, with other characters as Python escapes."""
    values = [
        shortened(told(warning).encode("ascii", "backslashreplace").decode(), MAX_CHARACTERS)
        for warning in warnings[:MAX_WARNINGS]
    ]
    if len(warnings) > MAX_WARNINGS:
        values.append(f"{len(warnings) - MAX_WARNINGS} more; see the server's log.")
    return values
