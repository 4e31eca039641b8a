"""A request's body as JSON, within limits of depth, of numbers and names, and of how many values.

The parser is pydantic's: what is read from a body of the largest size keeps the interpreter for
a fifth of a second at most, and each string for itself takes no more room than it needs.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Coroutine, Iterator
from typing import TYPE_CHECKING, Any

from fastapi.routing import APIRoute
from pydantic_core import from_json
from starlette.requests import Request
from starlette.responses import Response

from ...errors import InvalidRequestError, Qwen3MLXError
from .. import bounds

if TYPE_CHECKING:
    from ..core.service import Service

# Bytes of a body that is read without a thread of its own: that would take longer.
_SMALL = 64 * 1024
# Bytes of one with half of a surrogate pair in it, which only Python's own parser reads: it keeps
# the interpreter for three times as long.
_MOST_WITH_HALVES = 16 * 2**20
# Bytes looked through at a time, and what continues an escape there.
_PIECE = 64 * 1024
_ESCAPE = re.compile(rb"\\*.?", re.DOTALL)
# No larger number is read; a float holds 1.8e308.
_MOST = 1.7e308
# What pydantic's parser allows.
_DEPTH = 200
_TOO_DEEP = f"it is nested more than {_DEPTH} levels deep"


class InvalidJSONError(Qwen3MLXError):
    """400: the body is no JSON, or more of it than is read."""

    code = "invalid_json"


class Route(APIRoute):
    """FastAPI's, whose bodies are read by `parsed`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_json(request: Request) -> Response:
            return await handle(_JSONRequest(request.scope, request.receive))

        return handle_json


class _JSONRequest(Request):
    async def json(self) -> Any:
        body = await self.body()
        if len(body) < _SMALL:
            return parsed(body)
        # A few at a time: between two of them, others are answered.
        service: Service = self.app.state.service
        return await service.read(len(body), parsed, body)


def parsed(body: bytes) -> Any:
    """The value that `body` holds. Raises InvalidJSONError, in one sentence."""
    body = body.removeprefix(codecs.BOM_UTF8)
    _check_size(body)
    try:
        value = from_json(body)
    except ValueError as error:
        value = _with_halves(body, str(error))
    _check(value)
    return value


def _with_halves(body: bytes, text: str) -> Any:
    """JavaScript cuts strings within a pair, and writes the half that is left as an escape."""
    if "hex escape" in text and len(body) <= _MOST_WITH_HALVES:
        try:
            return json.loads(body)
        except (ValueError, RecursionError) as error:
            text = str(error)
    if "recursion" in text:
        text = _TOO_DEEP
    raise InvalidJSONError(f"The body is not valid JSON: {text}.")


def _check_size(body: bytes) -> None:
    """Counts what is outside of strings, exactly only where that can be too much."""
    if _num_values(body) <= bounds.MAX_VALUES and body.count(b"{") <= bounds.MAX_OBJECTS:
        return
    num_values = num_objects = 0
    for piece in _outside_strings(body):
        num_values += _num_values(piece)
        num_objects += piece.count(b"{")
        if num_values > bounds.MAX_VALUES or num_objects > bounds.MAX_OBJECTS:
            raise InvalidJSONError(
                f"The body holds more than {bounds.MAX_VALUES} values, or {bounds.MAX_OBJECTS} "
                "objects: send fewer, or in several requests."
            )


def _num_values(text: bytes) -> int:
    """At most; of valid JSON, but one."""
    return text.count(b",") + text.count(b"[") + text.count(b"{")


def _outside_strings(body: bytes) -> Iterator[bytes]:
    """What of the body is structure and numbers, a PIECE at a time."""
    start, within = 0, 0
    while start < len(body):
        end = start + _PIECE
        if body[end - 1 : end] == b"\\":
            match = _ESCAPE.match(body, end)
            end = match.end() if match else end
        piece = body[start:end].replace(b"\\\\", b"").replace(b'\\"', b"")
        parts = piece.split(b'"')
        yield b"".join(parts[within::2])
        within = (within + len(parts) - 1) % 2
        start = end


def _check(value: Any) -> None:
    """Refuses depth, numbers that no float holds, and longer names than any has reason to be."""
    level, depth = [value], 0
    while level:
        inner: list[Any] = []
        for one in level:
            if isinstance(one, str):
                continue
            if isinstance(one, dict):
                inner.extend(one.values())
                if max(map(len, one), default=0) > bounds.MAX_NAME:
                    raise InvalidJSONError(
                        f"A key in the body is longer than {bounds.MAX_NAME} characters."
                    )
            elif isinstance(one, list):
                inner.extend(one)
            elif isinstance(one, (int, float)) and not -_MOST <= one <= _MOST:
                field = _place(value, one)
                raise InvalidRequestError(
                    f"{field} is no number that can be read: it must be from -{_MOST} to {_MOST}.",
                    param=field,
                )
        level, depth = inner, depth + 1
    if depth > _DEPTH + 1:
        raise InvalidJSONError(f"The body is not valid JSON: {_TOO_DEEP}.")


def _place(whole: Any, wanted: Any) -> str:
    """`a.b[0]`, where `wanted` is in `whole`."""
    waiting = [("", whole)]
    while waiting:
        path, one = waiting.pop()
        if one is wanted:
            break
        if isinstance(one, dict):
            waiting += [(f"{path}.{name}", inner) for name, inner in one.items()]
        elif isinstance(one, list):
            waiting += [(f"{path}[{index}]", inner) for index, inner in enumerate(one)]
    return path.lstrip(".") or "The body"
