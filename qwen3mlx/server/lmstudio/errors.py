"""LM Studio's error object (v1); v0 has OpenAI's."""

from __future__ import annotations

from typing import Any

from ...errors import InvalidRequestError, ModelNotFoundError
from ..errors import ApiError

# Codes that LM Studio has a type of its own for.
_TYPES = ("model_not_found", "job_not_found", "not_implemented")


class NotSupportedError(InvalidRequestError):
    """LM Studio has it; it is not here."""

    code = "not_implemented"


class JobNotFoundError(ModelNotFoundError):
    """No download has this id."""

    code = "job_not_found"


def render_error(error: ApiError) -> dict[str, Any]:
    """The body of an error in `/api/v1`; an event of a stream has it too."""
    details = {"code": error.code, "param": error.param}
    given = {name: value for name, value in details.items() if value is not None}
    return {"error": {"type": _type(error), "message": error.message, **given}}


def _type(error: ApiError) -> str:
    if error.code in _TYPES:
        return error.code
    return "internal_error" if error.status >= 500 else "invalid_request"
