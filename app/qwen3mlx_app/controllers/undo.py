"""What can be undone: the deletions and resets that notices told of."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from ..domain import Notice, Undo

# The most recent ones that are kept.
MOST = 100


class UndoStack(QObject):
    """`possible(whether)`: there is something to undo. `undone(action)`: it was done."""

    possible = Signal(bool)
    undone = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._undos: list[Undo] = []

    @property
    def is_possible(self) -> bool:
        return bool(self._undos)

    def follow(self, notice: Notice) -> None:
        """Keep what the notice offers to undo."""
        if callable(notice.action):
            self._undos = [*self._undos[1 - MOST :], notice.action]
            self.possible.emit(True)

    def undo(self, one: Undo) -> None:
        """Undo one of them, once; what cannot be undone now stays."""
        if one in self._undos and one():
            self._undos.remove(one)
            self.undone.emit(one)
            self.possible.emit(bool(self._undos))

    def undo_last(self) -> None:
        if self._undos:
            self.undo(self._undos[-1])
