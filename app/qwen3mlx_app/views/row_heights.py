"""How high each message of a conversation is, and where it begins."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QObject, Signal

from ..domain import MessageRow
from ..models import ListModel
from ..services.sums import Sums
from ..services.timers import single_shot
from .theme import COLUMN, Theme

# Milliseconds without another width until what was never measured is estimated for it.
PAUSE = 150


class RowHeights(QObject):
    """Follows the rows of `model`. A height is an estimate until it is measured.

    What was measured at another width, or before the message grew, is the estimate then. `changed`:
    there are other estimates.
    """

    changed = Signal()

    def __init__(self, model: ListModel[MessageRow], theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._model = model
        self._theme = theme
        self._width = COLUMN
        self._heights = Sums()
        self._measured: list[bool] = []
        self._later = single_shot(self, PAUSE, self._estimate_again)
        model.modelReset.connect(self.forget)
        model.rowsInserted.connect(self._insert)
        model.rowsRemoved.connect(self._remove)
        model.rowsMoved.connect(self._move)
        model.dataChanged.connect(self._change)
        theme.changed.connect(self.forget)
        self.forget()

    def __len__(self) -> int:
        return len(self._heights)

    def __getitem__(self, row: int) -> int:
        return self._heights[row]

    @property
    def total(self) -> int:
        return self._heights.total

    def top(self, row: int) -> int:
        """Where a row begins."""
        return self._heights.before(row)

    def at(self, y: int) -> int:
        """The row at a position, or the nearest; -1 if there is none."""
        return min(self._heights.find(max(0, y)), len(self._heights) - 1)

    def between(self, top: int, bottom: int) -> range:
        """The rows that are seen between two positions."""
        end = min(self._heights.find(bottom - 1) + 1, len(self._heights))
        return range(self._heights.find(top), end)

    def fit(self, width: int) -> None:
        """Follow the width of the messages."""
        if width == self._width:
            return
        self._width = width
        if any(self._measured):
            self._later.start()
        else:
            self.forget()

    def measure(self, row: int, height: int) -> bool:
        """Take over a height; True if it differs from the estimate."""
        self._measured[row] = True
        is_other = height != self._heights[row]
        self._heights[row] = height
        return is_other

    def forget(self) -> None:
        """Estimate everything: they are other messages, or look different."""
        self._heights.replace(0, map(self._estimate, range(self._model.rowCount())))
        self._measured = [False] * len(self._heights)

    def _estimate(self, row: int) -> int:
        message, size = self._model.value(row).message, self._theme.font_size
        lines = len(message.content) * size * 0.5 / self._width + message.content.count("\n") * 0.6
        return int(60 + lines * size * 1.5)

    def _estimate_again(self) -> None:
        heights = [
            self._heights[row] if is_measured else self._estimate(row)
            for row, is_measured in enumerate(self._measured)
        ]
        self._heights.replace(0, heights)
        self.changed.emit()

    def _insert(self, _: QModelIndex, first: int, last: int) -> None:
        self._heights.insert(first, map(self._estimate, range(first, last + 1)))
        self._measured[first:first] = [False] * (last - first + 1)

    def _remove(self, _: QModelIndex, first: int, last: int) -> None:
        self._heights.take(first, last - first + 1)
        del self._measured[first : last + 1]

    def _move(self, _: QModelIndex, first: int, last: int, __: QModelIndex, before: int) -> None:
        count = last - first + 1
        target = before if before < first else before - count
        self._heights.insert(target, self._heights.take(first, count))
        moved = self._measured[first : last + 1]
        del self._measured[first : last + 1]
        self._measured[target:target] = moved

    def _change(self, first: QModelIndex, last: QModelIndex) -> None:
        for row in range(first.row(), last.row() + 1):
            least = self._heights[row] if self._measured[row] else 0
            self._heights[row] = max(least, self._estimate(row))
