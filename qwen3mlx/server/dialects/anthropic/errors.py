"""Anthropic's error object: https://platform.claude.com/docs/en/api/errors"""

from __future__ import annotations

from typing import Any

from ....errors import ContextLengthError
from ...http.errors import ApiError

_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
}


def render_error(error: ApiError) -> dict[str, Any]:
    """The body of an error reply, and the data of an `error` event."""
    default = "api_error" if error.status >= 500 else "invalid_request_error"
    message = error.message
    if isinstance(full := error.cause, ContextLengthError):
        # Agents look for this wording and shorten the conversation then.
        message = f"prompt is too long: {full.prompt_tokens} tokens > {full.context_length} maximum"
    details = {"details": {"error_code": error.code}} if _is_of_thread(error) else {}
    return {
        "type": "error",
        "error": {"type": _TYPES.get(error.status, default), "message": message, **details},
        "request_id": None,
    }


def _is_of_thread(error: ApiError) -> bool:
    return error.code is not None and error.code.startswith("thread_")
