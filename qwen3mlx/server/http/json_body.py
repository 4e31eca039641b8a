"""Request bodies as JSON, with limits on depth, numbers, names and the number of values.

The parser is pydantic's: even the largest body blocks the interpreter for at most a fifth of a
second, and each string takes no more memory than it needs.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Coroutine, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic_core import from_json
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope

from ...errors import InvalidRequestError, Qwen3MLXError
from .. import bounds
from .invalid_fields import invalid_field

if TYPE_CHECKING:
    from ..core.service import Service

P = ParamSpec("P")
T = TypeVar("T")

# Bytes of a body that is read on the event loop; anything larger would block it for too long.
_SMALL = 8 * 1024
# Bytes of a body with a lone surrogate, which only Python's parser reads: it blocks the interpreter
# three times as long.
_MAX_WITH_SURROGATES = 16 * 2**20
# Bytes to look through at a time, and what continues an escape there.
_PIECE = 64 * 1024
_ESCAPE = re.compile(rb"\\*.?", re.DOTALL)
# The largest number that is read; a float holds 1.8e308.
_MAX_NUMBER = 1.7e308
# The limit of pydantic's parser.
_DEPTH = 200
_TOO_DEEP = f"it is nested more than {_DEPTH} levels deep"


# Validates a route's body: value, where it is -> its model, and its faults.
_Validate = Callable[..., tuple[Any, Sequence[Any]]]


class InvalidJSONError(Qwen3MLXError):
    """400: the body is not valid JSON, or exceeds a limit."""

    code = "invalid_json"


class Route(APIRoute):
    """A FastAPI route that reads every body as JSON, on a worker thread unless it is small.

    Content-Type is ignored: `curl -d` calls every body a form.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        validate = self.body_field.validate if self.body_field else None

        async def handle_json(request: Request) -> Response:
            try:
                return await handle(_JSONRequest(request.scope, request.receive, validate))
            except RequestValidationError as error:
                raise invalid_field(error.errors(), error.body) from None

        return handle_json


class _JSONRequest(Request):
    def __init__(self, scope: Scope, receive: Receive, validate: _Validate | None) -> None:
        super().__init__(scope, receive)
        self._validate = validate
        MutableHeaders(scope=scope)["content-type"] = "application/json"

    async def json(self) -> Any:
        body = await self.body()
        if len(body) < _SMALL:
            return parsed(body)
        service: Service = self.app.state.service
        return await service.threads.read(len(body), self._validated, body)

    def _validated(self, body: bytes) -> Any:
        """The body as its model, which FastAPI accepts without validating it again."""
        value = parsed(body)
        if self._validate is None:
            return value
        model, faults = self._validate(value, loc=("body",))
        if faults:
            raise invalid_field(faults, value)
        return model


async def converted(
    request: Request, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Run `function` on the contents of the request's body, on a worker thread unless it is small.

    Converting tens of thousands of messages takes too long for the event loop.
    """
    size = len(await request.body())
    if size < _SMALL:
        return function(*args, **kwargs)
    service: Service = request.app.state.service
    return await service.threads.read(size, function, *args, **kwargs)


def parsed(body: bytes) -> Any:
    """The value in `body`. Raises InvalidJSONError, and InvalidRequestError for a number."""
    body = body.removeprefix(codecs.BOM_UTF8)
    _check_size(body)
    try:
        value = from_json(body)
    except ValueError as error:
        value = _with_surrogates(body, str(error))
    _check(value)
    return value


def _with_surrogates(body: bytes, text: str) -> Any:
    """JavaScript may cut a string inside a surrogate pair, and escapes the half that is left."""
    if "hex escape" in text and len(body) <= _MAX_WITH_SURROGATES:
        try:
            return json.loads(body)
        except (ValueError, RecursionError) as error:
            text = str(error)
    if "recursion" in text:
        text = _TOO_DEEP
    raise InvalidJSONError(f"The body is not valid JSON: {text}.")


def _check_size(body: bytes) -> None:
    """Counts values outside of strings; exactly only if there could be too many."""
    if _num_values(body) <= bounds.MAX_VALUES and body.count(b"{") <= bounds.MAX_OBJECTS:
        return
    num_values = num_objects = 0
    for piece in _outside_strings(body):
        num_values += _num_values(piece)
        num_objects += piece.count(b"{")
        if num_values > bounds.MAX_VALUES or num_objects > bounds.MAX_OBJECTS:
            raise InvalidJSONError(
                f"The body has more than {bounds.MAX_VALUES} values or {bounds.MAX_OBJECTS} "
                "objects; split it into several requests."
            )


def _num_values(text: bytes) -> int:
    """An upper bound; in valid JSON it misses one value."""
    return text.count(b",") + text.count(b"[") + text.count(b"{")


def _outside_strings(body: bytes) -> Iterator[bytes]:
    """The structure and numbers of the body, piece by piece."""
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
    """Refuses excessive depth, numbers that no float can hold, and keys that are too long."""
    level, depth = [value], 0
    while level:
        objects = [one for one in level if type(one) is dict]
        if any(len(key) > bounds.MAX_NAME for key in set(chain.from_iterable(objects))):
            raise InvalidJSONError(
                f"A key in the body is longer than {bounds.MAX_NAME} characters."
            )
        numbers = [one for one in level if type(one) is int or type(one) is float]
        # Comparisons with NaN are false.
        if beyond := [one for one in numbers if not -_MAX_NUMBER <= one <= _MAX_NUMBER]:
            field = _place(value, beyond[0])
            raise InvalidRequestError(
                f"{field} must be a number from -{_MAX_NUMBER} to {_MAX_NUMBER}.", param=field
            )
        members = chain(map(dict.values, objects), (one for one in level if type(one) is list))
        level, depth = list(chain.from_iterable(members)), depth + 1
    if depth > _DEPTH + 1:
        raise InvalidJSONError(f"The body is not valid JSON: {_TOO_DEEP}.")


def _place(whole: Any, wanted: Any) -> str:
    """The path of `wanted` in `whole`, such as `a.b[0]`."""
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
