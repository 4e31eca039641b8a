"""The Responses API of OpenAI and of the Open Responses specification."""

from fastapi import APIRouter

from ...http.errors import openai_body as render_error
from .conversation_routes import router as conversations_router
from .routes import router as responses_router

router = APIRouter()
router.include_router(responses_router)
router.include_router(conversations_router)

__all__ = ["render_error", "router"]
