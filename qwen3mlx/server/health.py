"""Routes about the server itself: health, version, metrics, and the API reference."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from .. import __version__
from .core.dependencies import ServiceDep
from .http.json_body import Route
from .http.json_response import JSONReply

# The page contains its script and style, and fetches /openapi.json; nothing else is allowed.
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'"
)
PAGE = Path(__file__).with_name("docs.html")

router = APIRouter(tags=["Server"], route_class=Route)


@router.get("/", include_in_schema=False)
async def root() -> dict[str, str]:
    return {
        "name": "qwen3mlx",
        "version": __version__,
        "openai": "/v1",
        "docs": "/docs",
        "health": "/health",
    }


@router.get("/health")
async def health(service: ServiceDep) -> Response:
    """503 while the engine is down or stuck. Reports engine restarts and the last fault."""
    engine = service.engine
    if trouble := engine.trouble:
        return JSONReply({"status": trouble}, 503)
    if not engine.restarts:
        return JSONReply({"status": "ok"})
    past = {"engine_restarts": engine.restarts, "last_fault": engine.last_fault}
    return JSONReply({"status": "ok", **past})


@router.get("/ping")
@router.post("/ping", include_in_schema=False)
async def ping() -> Response:
    """200 with an empty body, like vLLM."""
    return Response()


@router.get("/version")
async def version() -> dict[str, str]:
    """The program's version, like vLLM; Ollama's clients use `/api/version`."""
    return {"version": __version__}


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Return the metrics in Prometheus's text format."""
    content_type = "text/plain; version=0.0.4; charset=utf-8"
    return Response(request.app.state.metrics.text(), headers={"Content-Type": content_type})


@router.get("/docs", include_in_schema=False)
async def docs() -> HTMLResponse:
    return HTMLResponse(
        PAGE.read_text(encoding="utf-8"), headers={"Content-Security-Policy": POLICY}
    )
