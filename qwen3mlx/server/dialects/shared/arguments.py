"""The arguments of a call as clients need them: an object, or the text of a custom tool."""

from __future__ import annotations

import json
import math
import re
from contextlib import suppress
from typing import Any

from pydantic_core import from_json

from ...json_text import Json

_OPENING = re.compile(r'\s*\{\s*"input"\s*:\s*"')
# The text of a JSON string up to its end, or up to an incomplete escape.
_WHOLE = re.compile(r'(?:[^"\\]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*')
_HALF_PAIR = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\Z")


def arguments_object(arguments: str) -> Json:
    """The arguments as an object; for a truncated call, its complete members.

    Infinite numbers become null. Empty if nested too deeply to parse.
    """
    with suppress(ValueError, RecursionError):
        return _only_object(
            json.loads(arguments, parse_float=_finite, parse_constant=lambda _: None)
        )
    with suppress(ValueError):
        return _only_object(from_json(arguments, allow_partial=True, allow_inf_nan=False))
    return {}


def _only_object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _finite(text: str) -> float | None:
    value = float(text)
    return value if math.isfinite(value) else None


def custom_arguments(text: str) -> str:
    """The arguments that contain `text`, as the model writes them."""
    return json.dumps({"input": text}, ensure_ascii=False)


class CustomInput:
    """Turns pieces of `{"input": "..."}` into the text of `input`."""

    def __init__(self) -> None:
        self._held = ""  # not decoded yet
        self._arguments: list[str] = []
        self._is_open = False
        self._is_over = False

    def add(self, arguments: str) -> str:
        self._arguments.append(arguments)
        if self._is_over:
            return ""
        self._held += arguments
        if not self._is_open:
            opening = _OPENING.match(self._held)
            if opening is None:
                return ""
            self._is_open = True
            self._held = self._held[opening.end() :]
        return self._read()

    def finish(self) -> str:
        """The raw arguments, if they have another form."""
        return "" if self._is_open else "".join(self._arguments)

    def _read(self) -> str:
        match = _WHOLE.match(self._held)
        text = match[0] if match else ""
        half = _HALF_PAIR.search(text)
        if half and not self._held.startswith('"', len(text)):
            text = text[: half.start()]
        self._held = self._held[len(text) :]
        self._is_over = self._held.startswith('"')
        return str(json.loads(f'"{text}"', strict=False))
