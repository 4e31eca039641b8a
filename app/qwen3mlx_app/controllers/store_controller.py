"""What controllers that write to the store have in common."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from ..domain import Notice
from ..services.store import StoreError

# Milliseconds until what could not be saved is tried again.
AGAIN = 2_000


class StoreController(QObject):
    """`notice(notice)` tells a person what could not be saved, `settled("save")` that it can be."""

    notice = Signal(object)
    settled = Signal(str)

    def _try(self, action: Callable[[], None], *, again: bool = False) -> bool:
        """Whether the store did it; where it did not, the person is told why, if not before."""
        try:
            action()
        except StoreError as error:
            if not again:
                self._notify_error(str(error), "save")
            return False
        self.settled.emit("save")
        return True

    def _notify_error(self, text: str, topic: str = "") -> None:
        self.notice.emit(Notice(text=text, kind="error", topic=topic))
