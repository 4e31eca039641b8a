"""OpenAI's Responses API, as OpenAI and the Open Responses specification have it."""

from ..errors import openai_body as render_error
from .routes import router

__all__ = ["render_error", "router"]
