"""LM Studio's own API: v0, which is OpenAI's with statistics, and v1 with stateful chats."""

from fastapi import APIRouter

from . import chat, greeting, v0, v1_models
from .errors import render_error

router = APIRouter()
for part in (greeting, v0, chat, v1_models):
    router.include_router(part.router)

__all__ = ["render_error", "router"]
