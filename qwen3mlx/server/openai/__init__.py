"""OpenAI's API: models, chat and text completions, embeddings; and vLLM's tokenize."""

from fastapi import APIRouter

from ..errors import openai_body as render_error
from . import catalog, embeddings, routes, tokens

router = APIRouter()
for part in (catalog, routes, embeddings, tokens):
    router.include_router(part.router)

__all__ = ["render_error", "router"]
