"""OpenAI's API: models, completions, embeddings; plus vLLM's tokenize and llama.cpp's props."""

from fastapi import APIRouter

from ...http.errors import openai_body as render_error
from . import catalog, props, routes, tokens

router = APIRouter()
for part in (catalog, routes, tokens, props):
    router.include_router(part.router)

__all__ = ["render_error", "router"]
