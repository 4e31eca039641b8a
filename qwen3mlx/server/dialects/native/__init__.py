"""The server's own API, for what the window needs and no other dialect offers."""

from fastapi import APIRouter

from ...http.errors import openai_body as render_error
from . import (
    downloads,
    fit,
    folders,
    keys,
    models,
    search,
    settings,
    status,
    tokens,
    tool_chat,
    tools,
)

router = APIRouter(prefix="/api/qwen3mlx", tags=["qwen3mlx"])
for part in (
    models,
    downloads,
    fit,
    search,
    status,
    folders,
    keys,
    settings,
    tokens,
    tools,
    tool_chat,
):
    router.include_router(part.router)

__all__ = ["render_error", "router"]
