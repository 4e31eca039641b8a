"""The view for pipes and dumb terminals: content as it streams, thinking on stderr."""

from __future__ import annotations

from typing import TextIO

from .display import visible
from .terminal import Terminal


class PlainView:
    """Writes content to stdout, thinking to stderr; control characters survive only in a pipe."""

    def __init__(self, terminal: Terminal, *, hide_thinking: bool) -> None:
        self._out, self._err = terminal.stdout, terminal.stderr
        self._hide_thinking = hide_thinking
        self._line_open: TextIO | None = None

    def prefill(self, done: int, total: int) -> None:
        pass

    def reasoning(self, text: str) -> None:
        if not self._hide_thinking:
            self._write(self._err, text)

    def content(self, text: str) -> None:
        if self._line_open is self._err:
            self._write(self._err, "\n\n")
        self._write(self._out, text)

    def close(self) -> None:
        if self._line_open is not None:
            self._write(self._line_open, "\n")

    def _write(self, stream: TextIO, text: str) -> None:
        stream.write(visible(text) if stream.isatty() else text)
        stream.flush()
        self._line_open = None if text.endswith("\n") else stream
