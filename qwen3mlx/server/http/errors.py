"""What goes wrong -> an HTTP status and one sentence; the dialect of the path writes the body."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from ...errors import Qwen3MLXError
from ...quoting import printable, shortened
from .. import bounds
from ..core.telling import told
from .decoding import CODINGS

logger = logging.getLogger(__name__)

# The HTTP status of each `code` of the exception tree.
STATUS = {
    "usage": 400,
    "invalid_request": 400,
    "invalid_encoding": 400,
    "invalid_json": 400,
    "unsupported_encoding": 415,
    "context_length_exceeded": 400,
    # The model's fault, not the server's: clients try a 500 again.
    "invalid_checkpoint": 422,
    "invalid_chat_template": 422,
    # Raised only where no waiting would make room.
    "insufficient_memory": 400,
    "insufficient_scope": 403,
    "model_not_found": 404,
    "thread_not_found": 404,
    "conversation_not_found": 404,
    "overloaded": 429,
    "internal_error": 500,
    "invalid_configuration": 500,
    "not_saved": 507,
    "download_failed": 502,
    "unavailable": 503,
    "too_many_bytes": 503,
}
# Seconds after which a client may try again where the server is full for now.
RETRY_AFTER = {429: 1, 503: 5}


class TooManyBytesError(Qwen3MLXError):
    """503: the bodies of all requests together are as large as they may be."""

    code = "too_many_bytes"


@dataclass(frozen=True, slots=True)
class ApiError:
    """An error as a client sees it, in OpenAI's words; a dialect may use other words for `type`.

    `cause` is the exception behind it, for what a dialect says in words of its own.
    """

    status: int
    message: str
    type: str
    param: str | None = None
    code: str | None = None
    allowed: tuple[str, ...] = ()  # of a 405: the methods that the path takes
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
    """An ApiError with the type that goes with its status, in words that the caller may read."""
    param = None if param is None else shortened(printable(param))
    return ApiError(status, told(message), error_type(status), param, code)


def error_type(status: int) -> str:
    """OpenAI's `error.type`."""
    known = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
    return known.get(status, "server_error" if status >= 500 else "invalid_request_error")


def openai_body(error: ApiError) -> dict[str, Any]:
    """OpenAI's error object, which paths of no dialect use too."""
    return {
        "error": {
            "message": error.message,
            "type": error.type,
            "param": error.param,
            "code": error.code,
        }
    }


def to_api_error(error: BaseException) -> ApiError:
    """What a client is told about `error`; one not foreseen is logged with its traceback."""
    if isinstance(error, Qwen3MLXError):
        return _foreseen(error)
    if isinstance(error, RequestValidationError):
        return _invalid_body(error)
    if isinstance(error, HTTPException):
        # FastAPI wraps whatever reading the body raises.
        if isinstance(error.__cause__, (Qwen3MLXError, RequestValidationError)):
            return to_api_error(error.__cause__)
        return _http_error(error)
    logger.error("A request failed", exc_info=error)
    return api_error(
        500,
        f"The server failed on this request ({type(error).__name__}); its log has the details.",
        code="internal_error",
    )


def _foreseen(error: Qwen3MLXError) -> ApiError:
    status, param = _status(error), getattr(error, "param", None)
    if status >= 500:  # what the caller is not told of it
        logger.info("A request failed: %s", error)
    return replace(api_error(status, str(error), param=param, code=error.code), cause=error)


def _status(error: Qwen3MLXError) -> int:
    """The status of its code, else of the class it derives from."""
    codes = [getattr(cls, "code", None) for cls in type(error).__mro__]
    return next(STATUS[code] for code in [error.code, *codes] if code in STATUS)


def _http_error(error: HTTPException) -> ApiError:
    messages = {
        # FastAPI says no more about a body that `json` cannot read (its encoding, its depth).
        400: ("The body is not valid JSON; send a JSON object in UTF-8.", "invalid_json"),
        404: ("There is nothing at this path; GET /docs lists what there is.", "not_found"),
        405: ("This path does not take this method; see GET /docs.", "method_not_allowed"),
        408: (
            f"The body did not come within {bounds.PATIENCE:.0f} s; send it again, all of it.",
            "request_timeout",
        ),
        413: ("The body is too large for this server; send a shorter one.", "request_too_large"),
    }
    default = (f"{HTTPStatus(error.status_code).phrase}.", None)
    message, code = messages.get(error.status_code, default)
    return api_error(error.status_code, message, code=code)


def _invalid_body(error: RequestValidationError) -> ApiError:
    faults = error.errors()
    if faults[0]["type"] == "json_invalid":
        where = f"{faults[0]['ctx']['error']} at character {faults[0]['loc'][-1]}"
        return api_error(400, f"The body is not valid JSON: {where}.", code="invalid_json")
    # Each member of a union has its complaint: the one that got furthest is the one meant.
    located = [(_field(fault, error.body), fault) for fault in faults]
    path, fault = max(located, key=lambda pair: len(pair[0]))
    param = _dotted(path)
    if fault["type"] == "missing":
        message = f"{param} is missing." if param else "The body is missing: send a JSON object."
    else:
        message = f"{param or 'The body'} is not valid: {_reason(fault)}."
    code = "missing_required_parameter" if fault["type"] == "missing" else "invalid_value"
    return api_error(400, message, param=param or None, code=code)


def _reason(fault: Mapping[str, Any]) -> str:
    # pydantic puts this before the message of a ValueError of ours.
    text = str(fault["msg"]).removeprefix("Value error, ").rstrip(".")
    return text[:1].lower() + text[1:]


def _field(fault: Mapping[str, Any], body: Any) -> list[str | int]:
    """Where in the request, without the names that pydantic gives the members of a union."""
    location: list[str | int] = list(fault["loc"][1:])
    if fault["loc"][0] != "body":
        return location
    missing = location[-1:] if fault["type"] == "missing" else []
    return _within(body, location[: len(location) - len(missing)]) + missing


def _within(body: Any, location: Sequence[str | int]) -> list[str | int]:
    """The parts of `location` that are members of `body`: the longest path, and of two the one that
    takes the later parts, since a member of a union comes before what is in it.
    """
    if not location:
        return []
    part, rest = location[0], location[1:]
    without = _within(body, rest)
    path = [part, *_within(body[part], rest)] if _has(body, part) else []
    return path if len(path) > len(without) else without


def _has(value: Any, part: str | int) -> bool:
    if isinstance(part, int):
        return isinstance(value, list) and part < len(value)
    return isinstance(value, Mapping) and part in value


def _dotted(path: Sequence[str | int]) -> str:
    """`messages[0].content`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return shortened("".join(parts).lstrip("."))
