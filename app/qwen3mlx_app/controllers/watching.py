"""A stream of news from the server that is followed for as long as the server runs."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from ..services.http import Call, EndpointError, Failed
from ..services.timers import single_shot

# Milliseconds until a lost connection is made again, while the server runs.
WATCH_AGAIN = 1000


class Watching(QObject):
    """`follow(ended)` makes the connection, and calls `ended` when it is lost."""

    def __init__(self, follow: Callable[[Failed], Call], parent: QObject) -> None:
        super().__init__(parent)
        self._follow = follow
        self._call: Call | None = None
        self._again = single_shot(self, WATCH_AGAIN, self.start)

    def start(self) -> None:
        """Connect, anew if there is a connection."""
        self.stop()
        self._call = self._follow(self._on_ended)

    def stop(self) -> None:
        self._again.stop()
        if self._call is not None:
            self._call.abort()
            self._call = None

    def _on_ended(self, error: EndpointError) -> None:
        self._call = None
        if error.status is None:  # else the server cannot be watched
            self._again.start()
