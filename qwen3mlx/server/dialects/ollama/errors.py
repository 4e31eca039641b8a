"""Ollama's error object."""

from __future__ import annotations

from typing import Any

from ....errors import ContextLengthError
from ...http.errors import ApiError


def render_error(error: ApiError) -> dict[str, Any]:
    """Ollama's clients only read the message."""
    if isinstance(full := error.cause, ContextLengthError):
        return {"error": _too_long(full)}
    return {"error": error.message}


def _too_long(error: ContextLengthError) -> str:
    """The wording of both Ollama and llama.cpp: agents look for either."""
    prompt, context = error.prompt_tokens, error.context_length
    return (
        f"prompt too long; exceeded max context length by {prompt - context} tokens: the request "
        f"({prompt} tokens) exceeds the available context size ({context} tokens)"
    )
