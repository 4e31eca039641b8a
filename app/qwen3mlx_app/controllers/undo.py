"""What can be undone: all that notices offered to undo."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from ..domain import Notice, Undo

# The most recent ones that are kept.
MOST = 100


class UndoStack(QObject):
    """`changed(undo)`: the last one is another, or None. `undone(undo)`: it was done.

    `forgotten(is_gone)`: those for which it is true can no longer be undone.
    """

    changed = Signal(object)
    undone = Signal(object)
    forgotten = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._undos: list[Undo] = []

    @property
    def last(self) -> Undo | None:
        return self._undos[-1] if self._undos else None

    @property
    def of_all(self) -> list[Undo]:
        """Those that are not about one conversation."""
        return [one for one in self._undos if one.conversation_id is None]

    def follow(self, notice: Notice) -> None:
        """Keep what the notice offers to undo."""
        if isinstance(notice.action, Undo):
            self.add(notice.action)

    def add(self, one: Undo) -> None:
        self._undos = [*self._undos[1 - MOST :], one]
        self.changed.emit(self.last)

    def forget(self, is_gone: Callable[[Undo], bool]) -> None:
        """Forget what can no longer be undone, since what it was done to is gone."""
        self._undos = [one for one in self._undos if not is_gone(one)]
        self.forgotten.emit(is_gone)
        self.changed.emit(self.last)

    def undo(self, one: Undo) -> None:
        """Undo one of them, once; what cannot be undone now stays."""
        if one in self._undos and one.do():
            self._undos.remove(one)
            self.undone.emit(one)
            self.changed.emit(self.last)

    def undo_last(self) -> None:
        if self.last is not None:
            self.undo(self.last)
