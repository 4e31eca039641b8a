"""Anthropic's Messages API: https://platform.claude.com/docs/en/api/messages"""

from fastapi import APIRouter

from .errors import render_error
from .models import router as models_router
from .routes import router as messages_router

router = APIRouter()
router.include_router(messages_router)
router.include_router(models_router)

__all__ = ["render_error", "router"]
