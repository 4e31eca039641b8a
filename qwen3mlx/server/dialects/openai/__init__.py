"""OpenAI's models, completions, embeddings; plus rerank, vLLM's tokenize, llama.cpp's props."""

from fastapi import APIRouter

from ...http.errors import openai_body as render_error
from . import catalog, props, rerank, routes, tokens

router = APIRouter()
for part in (catalog, routes, rerank, tokens, props):
    router.include_router(part.router)

__all__ = ["render_error", "router"]
