"""LM Studio's error object (v1); v0 uses OpenAI's."""

from __future__ import annotations

from typing import Any

from ....errors import ContextLengthError, InvalidRequestError, ModelNotFoundError
from ...http.errors import ApiError

# Codes for which LM Studio has its own type.
_TYPES = ("model_not_found", "job_not_found", "not_implemented")


class NotSupportedError(InvalidRequestError):
    """LM Studio supports it; this server does not."""

    code = "not_implemented"


class JobNotFoundError(ModelNotFoundError):
    """No download has this id."""

    code = "job_not_found"


def render_error(error: ApiError) -> dict[str, Any]:
    """The body of an error in `/api/v1`, also used in events of a stream."""
    details = {"code": error.code, "param": error.param}
    given = {name: value for name, value in details.items() if value is not None}
    full = error.cause
    message = _too_long(full) if isinstance(full, ContextLengthError) else error.message
    return {"error": {"type": _type(error), "message": message, **given}}


def _too_long(error: ContextLengthError) -> str:
    """LM Studio's wording, which agents look for."""
    return (
        "The number of tokens to keep from the initial prompt is greater than the context length "
        f"(n_keep: {error.prompt_tokens} >= n_ctx: {error.context_length}). Try to load the model "
        "with a larger context length, or provide a shorter input."
    )


def _type(error: ApiError) -> str:
    if error.code in _TYPES:
        return error.code
    return "internal_error" if error.status >= 500 else "invalid_request"
