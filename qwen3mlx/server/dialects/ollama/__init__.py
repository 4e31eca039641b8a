"""Ollama's API (`/api/chat` and so on)."""

from fastapi import APIRouter

from . import embed, model_routes, pull, routes
from .errors import render_error

router = APIRouter()
for _routes in (routes, embed, model_routes, pull):
    router.include_router(_routes.router)

__all__ = ["render_error", "router"]
