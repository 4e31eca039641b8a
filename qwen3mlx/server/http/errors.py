"""Exceptions -> an HTTP status and a message; the dialect of the path writes the body."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException

from ...errors import Qwen3MLXError
from ...quoting import printable, shortened
from .. import bounds
from ..core.telling import told
from .decoding import CODINGS

logger = logging.getLogger(__name__)

# The HTTP status for each `code` in the exception hierarchy.
STATUS = {
    "usage": 400,
    "invalid_request": 400,
    "invalid_encoding": 400,
    "invalid_json": 400,
    "unsupported_encoding": 415,
    "context_length_exceeded": 400,
    # The checkpoint is at fault, not the server: clients would retry a 500.
    "invalid_checkpoint": 422,
    "invalid_chat_template": 422,
    # Raised only if waiting would not free enough memory.
    "insufficient_memory": 400,
    "insufficient_scope": 403,
    "model_not_found": 404,
    "thread_not_found": 404,
    "conversation_not_found": 404,
    "overloaded": 429,
    "internal_error": 500,
    "invalid_configuration": 500,
    "not_saved": 507,
    "not_deleted": 500,
    "download_failed": 502,
    "hub_unreachable": 502,
    "tool_server_failed": 502,
    "unavailable": 503,
    "too_many_bytes": 503,
}
# Seconds after which a client may try again while the server is full.
RETRY_AFTER = {429: 1, 503: 5}


class TooManyBytesError(Qwen3MLXError):
    """503: the bodies of all requests together have reached the limit."""

    code = "too_many_bytes"


@dataclass(frozen=True, slots=True)
class ApiError:
    """An error as a client sees it, in OpenAI's terms; a dialect may name `type` differently.

    `cause` is the original exception, for dialects that word some errors themselves.
    """

    status: int
    message: str
    type: str
    param: str | None = None
    code: str | None = None
    allowed: tuple[str, ...] = ()  # of a 405: the methods that the path supports
    cause: Qwen3MLXError | None = field(default=None, compare=False)

    @property
    def headers(self) -> dict[str, str]:
        if self.status == 401:
            return {"WWW-Authenticate": "Bearer"}
        if self.status == 405:
            return {"Allow": ", ".join(self.allowed)}
        if self.status == 408:
            return {"Connection": "close"}
        if self.status == 415:
            return {"Accept-Encoding": ", ".join(CODINGS)}
        seconds = RETRY_AFTER.get(self.status)
        return {} if seconds is None else {"Retry-After": str(seconds)}


def api_error(
    status: int, message: str, *, param: str | None = None, code: str | None = None
) -> ApiError:
    """An ApiError with the type that matches its status, and a message the caller may see."""
    param = None if param is None else shortened(printable(param))
    return ApiError(status, told(message), error_type(status), param, code)


def error_type(status: int) -> str:
    """OpenAI's `error.type`."""
    known = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
    return known.get(status, "server_error" if status >= 500 else "invalid_request_error")


def openai_body(error: ApiError) -> dict[str, Any]:
    """OpenAI's error object, also used for paths that belong to no dialect."""
    return {
        "error": {
            "message": error.message,
            "type": error.type,
            "param": error.param,
            "code": error.code,
        }
    }


def to_api_error(error: BaseException) -> ApiError:
    """Return what a client learns about `error`; unexpected errors are logged with a traceback."""
    if isinstance(error, Qwen3MLXError):
        return _foreseen(error)
    if isinstance(error, HTTPException):
        # FastAPI wraps whatever reading the body raises.
        if isinstance(error.__cause__, Qwen3MLXError):
            return _foreseen(error.__cause__)
        return _http_error(error)
    logger.error("A request failed", exc_info=error)
    return api_error(
        500,
        f"Internal server error ({type(error).__name__}); see the server's log for details.",
        code="internal_error",
    )


def _foreseen(error: Qwen3MLXError) -> ApiError:
    status, param = _status(error), getattr(error, "param", None)
    if status >= 500:  # the caller may only see a part of the message
        logger.info("A request failed: %s", error)
    return replace(api_error(status, str(error), param=param, code=error.code), cause=error)


def _status(error: Qwen3MLXError) -> int:
    """The status of its code, or else of its closest base class that has one."""
    codes = [getattr(cls, "code", None) for cls in type(error).__mro__]
    return next(STATUS[code] for code in [error.code, *codes] if code in STATUS)


def _http_error(error: HTTPException) -> ApiError:
    messages = {
        # FastAPI gives no details about a body that it cannot read (its encoding, its depth).
        400: ("The body is not valid JSON; send a JSON object in UTF-8.", "invalid_json"),
        404: ("No such path; GET /docs lists the available ones.", "not_found"),
        405: ("This path does not support this method; see GET /docs.", "method_not_allowed"),
        408: (
            f"The complete body did not arrive within {bounds.PATIENCE:.0f} s; send it again.",
            "request_timeout",
        ),
        413: ("The body is too large for this server; send a smaller one.", "request_too_large"),
    }
    default = (f"{HTTPStatus(error.status_code).phrase}.", None)
    message, code = messages.get(error.status_code, default)
    return api_error(error.status_code, message, code=code)
