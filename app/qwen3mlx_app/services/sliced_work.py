"""Long work on the event loop, in slices."""

from __future__ import annotations

import time
from collections.abc import Iterator

from PySide6.QtCore import QObject

from .timers import single_shot


class SlicedWork(QObject):
    """Carries out work that yields often; other events have a turn every `slice_s` seconds."""

    def __init__(self, slice_s: float, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._slice_s = slice_s
        self._work: Iterator[None] | None = None
        self._next = single_shot(self, 0, self._go_on)

    @property
    def is_running(self) -> bool:
        return self._work is not None

    def start(self, work: Iterator[None]) -> None:
        """Do the first slice now. Work that was not done yet is given up."""
        self.stop()
        self._work = work
        self._go_on()

    def stop(self) -> None:
        self._next.stop()
        self._work = None

    def _go_on(self) -> None:
        work, end = self._work, time.perf_counter() + self._slice_s
        try:
            for _ in work or ():
                if self._work is not work:
                    return
                if time.perf_counter() > end:
                    self._next.start()
                    return
        except BaseException:  # what comes next need not wait for it
            self._end(work)
            raise
        self._end(work)

    def _end(self, work: Iterator[None] | None) -> None:
        if self._work is work:
            self._work = None
