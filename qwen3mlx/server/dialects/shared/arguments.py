"""A call's arguments as clients want them: an object, or the one text of a custom tool."""

from __future__ import annotations

import json
import math
import re
from contextlib import suppress
from typing import Any

from pydantic_core import from_json

from ...json_text import Json

_OPENING = re.compile(r'\s*\{\s*"input"\s*:\s*"')
# A string's text up to its end, or to an escape that is not complete.
_WHOLE = re.compile(r'(?:[^"\\]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*')
_HALF_PAIR = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\Z")


def arguments_object(arguments: str) -> Json:
    """The object; of a call that was cut off, the members that are complete.

    Numbers that JSON cannot hold are null. Nothing where it is nested too deeply to be read.
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
    """The arguments that stand for it, as the model writes them."""
    return json.dumps({"input": text}, ensure_ascii=False)


class CustomInput:
    """Fed with pieces of `{"input": "..."}`, it returns the text behind them."""

    def __init__(self) -> None:
        self._held = ""  # what is not read yet
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
        """The arguments as they are, where they have another form."""
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
