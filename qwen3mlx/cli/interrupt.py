"""Ctrl-C: the exit code; during an answer, it stops that between two tokens, not the program."""

from __future__ import annotations

import signal
from types import FrameType

INTERRUPTED = 130  # 128 + SIGINT, the shells' convention


class CtrlC:
    """Notes the first Ctrl-C within its `with` block; the second raises KeyboardInterrupt.

    A noted Ctrl-C keeps the runtime consistent: an exception could strike in the middle of a cache
    update.
    """

    pressed = False

    def __enter__(self) -> CtrlC:
        self._previous = signal.signal(signal.SIGINT, self._press)
        return self

    def __exit__(self, *exc_info: object) -> None:
        signal.signal(signal.SIGINT, self._previous)

    def _press(self, number: int, frame: FrameType | None) -> None:
        if self.pressed:
            raise KeyboardInterrupt
        self.pressed = True
