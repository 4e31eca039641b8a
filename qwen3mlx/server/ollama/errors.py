"""Ollama's error object."""

from __future__ import annotations

from typing import Any

from ..errors import ApiError
from ..sse import ndjson


def render_error(error: ApiError) -> dict[str, Any]:
    """All that Ollama's clients read: the sentence."""
    return {"error": error.message}


def error_line(error: ApiError) -> bytes:
    """The last line of a stream that fails."""
    return ndjson(render_error(error))
