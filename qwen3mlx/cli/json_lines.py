"""One JSON value per line of the standard input, and one per line of the output."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from ..errors import InvalidRequestError, UsageError
from .terminal import Terminal


def answer_lines(terminal: Terminal, answer: Callable[[Any, str], Any]) -> None:
    """Print `answer(value, where)` for each line; `where` names the line in errors."""
    for value, where in _values(terminal):
        text = json.dumps(answer(value, where), ensure_ascii=False)
        print(text, file=terminal.stdout, flush=True)


def _values(terminal: Terminal) -> Iterator[tuple[Any, str]]:
    if terminal.stdin.isatty():
        raise UsageError("It reads JSON lines: pipe them in, or redirect a file with <.")
    for number, line in enumerate(terminal.stdin.buffer, start=1):
        where = f"Line {number}"
        if not line.strip():
            continue
        try:
            yield json.loads(line.decode("utf-8-sig")), where
        except (ValueError, RecursionError) as error:
            raise InvalidRequestError(f"{where} is not JSON ({error}).") from None


def text_in(value: Any, key: str, where: str) -> str:
    """Return the text `key` of an object. Raises InvalidRequestError."""
    text = value.get(key) if isinstance(value, dict) else None
    if not isinstance(text, str):
        raise InvalidRequestError(f"{where} must be an object with the text {key}.")
    return text
