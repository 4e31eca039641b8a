"""The path and method that a request means.

Comes before the guards, so that all spellings of a path are treated the same.
"""

from __future__ import annotations

from urllib.parse import unquote

from starlette.datastructures import MutableHeaders
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# Paths below /v1 that clients also request without it.
_BELOW_V1 = {"chat", "completions", "embeddings", "messages", "models", "responses"}
# Paths outside of /v1 that clients also request below it.
_BESIDE_V1 = {
    *("v1", "api", "health", "ping", "props", "version"),
    *("tokenize", "detokenize", "tokenizer_info"),
}


class Target:
    """Middleware that normalizes paths, and answers HEAD wherever there is GET.

    A target in absolute form replaces Host: https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = dict(scope)  # the original scope keeps what was sent
        raw = scope.get("raw_path") or scope["path"].encode("ascii", "replace")
        authority, path = _split(raw.decode("ascii", "replace"))
        if authority is not None:
            scope["headers"] = list(scope["headers"])
            MutableHeaders(scope=scope)["host"] = authority
        path = canonical(path)
        scope["raw_path"], scope["path"] = path.encode(), unquote(path)
        if scope["method"] == "HEAD":
            scope["method"], send = "GET", _HeadOnly(send)
        await self._app(scope, receive, send)


class _HeadOnly:
    """Ends the reply after its headers; the body is dropped, even if it never ends."""

    def __init__(self, send: Send) -> None:
        self._send = send

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._send(message)
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})


def canonical(path: str) -> str:
    """The normalized path: `/v1/v1/models/`, `//models` and `/models` become `/v1/models`.

    `path` is still escaped: an escaped slash is part of a name and stays.
    """
    parts = [part for part in path.split("/") if part and path != "*"]
    while len(parts) > 1 and parts[0] == "v1" and parts[1] in _BESIDE_V1:
        del parts[0]
    if parts and parts[0] in _BELOW_V1:
        parts.insert(0, "v1")
    return "/" + "/".join(parts)


def allowed_methods(scope: Scope) -> list[str]:
    """The methods that the path of this request supports, over all matching routes."""
    routes = scope["app"].router.routes
    found = [
        method
        for method in METHODS
        if any(route.matches({**scope, "method": method})[0] is Match.FULL for route in routes)
    ]
    return [*found, *(["HEAD"] if "GET" in found else []), "OPTIONS"]


def _split(target: str) -> tuple[str | None, str]:
    """The authority of an absolute target (None for other targets), and the path."""
    if not target.lower().startswith(("http://", "https://")):
        return None, target
    authority, slash, path = target.partition("://")[2].partition("/")
    return authority, slash + path
