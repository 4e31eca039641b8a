"""Routes about the server itself: health, version, metrics, and the API reference.

They need no FastAPI, so that a server is healthy early.
"""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from .. import __version__
from .core.service import Service
from .http.json_response import JSONReply

# The page contains its script and style, and fetches /openapi.json; nothing else is allowed.
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'"
)
PAGE = Path(__file__).with_name("docs.html")


async def root(request: Request) -> Response:
    return JSONReply(
        {
            "name": "qwen3mlx",
            "version": __version__,
            "openai": "/v1",
            "docs": "/docs",
            "health": "/health",
        }
    )


async def health(request: Request) -> Response:
    """503 while the engine is down or stuck. Reports engine restarts and the last fault."""
    service: Service = request.app.state.service
    engine = service.engine
    if trouble := engine.trouble:
        return JSONReply({"status": trouble}, 503)
    if not engine.restarts:
        return JSONReply({"status": "ok"})
    past = {"engine_restarts": engine.restarts, "last_fault": engine.last_fault}
    return JSONReply({"status": "ok", **past})


async def ping(request: Request) -> Response:
    """200 with an empty body, like vLLM."""
    return Response()


async def version(request: Request) -> Response:
    """The program's version, like vLLM; Ollama's clients use `/api/version`."""
    return JSONReply({"version": __version__})


async def metrics(request: Request) -> Response:
    """Return the metrics in Prometheus's text format."""
    content_type = "text/plain; version=0.0.4; charset=utf-8"
    return Response(request.app.state.metrics.text(), headers={"Content-Type": content_type})


async def docs(request: Request) -> HTMLResponse:
    return HTMLResponse(
        PAGE.read_text(encoding="utf-8"), headers={"Content-Security-Policy": POLICY}
    )


ROUTES = (
    Route("/", root, include_in_schema=False),
    Route("/health", health),
    Route("/ping", ping),
    Route("/ping", ping, methods=["POST"], include_in_schema=False),
    Route("/version", version),
    Route("/metrics", metrics),
    Route("/docs", docs, include_in_schema=False),
)
