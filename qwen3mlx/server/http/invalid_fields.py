"""What pydantic finds wrong with a request -> one error that names the field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...errors import InvalidRequestError
from ...quoting import shortened

# How many faults of a body are examined; one is reported.
_MOST_FAULTS = 100


class InvalidFieldError(InvalidRequestError):
    """400: a field, or the body, is missing or has an invalid value."""

    code = "invalid_value"


class MissingFieldError(InvalidFieldError):
    """400: a required field, or the body, is missing."""

    code = "missing_required_parameter"


def invalid_field(faults: Sequence[Mapping[str, Any]], body: Any) -> InvalidFieldError:
    """`faults` are those of pydantic, each with its `loc` in the request; `body` is its JSON."""
    # Each member of a union reports an error: the one with the longest path is the one meant.
    located = [(_field(fault, body), fault) for fault in faults[:_MOST_FAULTS]]
    path, fault = max(located, key=lambda pair: len(pair[0]))
    param = _dotted(path)
    if fault["type"] == "missing":
        message = f"{param} is missing." if param else "The body is missing; send a JSON object."
        return MissingFieldError(message, param=param or None)
    message = f"{param or 'The body'} is not valid: {_reason(fault)}."
    return InvalidFieldError(message, param=param or None)


def _reason(fault: Mapping[str, Any]) -> str:
    # pydantic adds this prefix to the messages of our ValueErrors.
    text = str(fault["msg"]).removeprefix("Value error, ").rstrip(".")
    return text[:1].lower() + text[1:]


def _field(fault: Mapping[str, Any], body: Any) -> list[str | int]:
    """The path in the request, without pydantic's names for the members of a union."""
    location: list[str | int] = list(fault["loc"][1:])
    if fault["loc"][0] != "body":
        return location
    missing = location[-1:] if fault["type"] == "missing" else []
    return _within(body, location[: len(location) - len(missing)]) + missing


def _within(body: Any, location: Sequence[str | int]) -> list[str | int]:
    """The parts of `location` that exist in `body`: the longest path.

    Of two equally long paths, the one with the later parts: the name of a member of a union comes
    before what is in it.
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
