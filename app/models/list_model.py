"""A list of values that views look at."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QAbstractListModel, QByteArray, QModelIndex, QObject, Qt

T = TypeVar("T")

# The default argument of Qt's methods: no parent.
_ROOT = QModelIndex()


class ListModel(QAbstractListModel, Generic[T]):
    """A row for each value; `key` tells which it is, `title` what it is called.

    `set_values` and the others tell views no more than what changed. `VALUE` is the role of the
    value itself.
    """

    VALUE = Qt.ItemDataRole.UserRole + 1

    def __init__(
        self,
        key: Callable[[T], Hashable],
        title: Callable[[T], str] = str,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._key = key
        self._title = title
        self._values: list[T] = []
        self._rows: dict[Hashable, int] = {}

    def rowCount(self, parent: Any = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._values)

    def data(self, index: Any, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self._values):
            return None
        value = self._values[index.row()]
        if role == self.VALUE:
            return value
        return self._title(value) if role == Qt.ItemDataRole.DisplayRole else None

    def roleNames(self) -> dict[int, QByteArray]:
        return {**super().roleNames(), self.VALUE: QByteArray(b"value")}

    def values(self) -> list[T]:
        return list(self._values)

    def value(self, row: int) -> T:
        return self._values[row]

    def row_of(self, key: Hashable) -> int:
        """-1 where it is not in the list."""
        return self._rows.get(key, -1)

    def find(self, key: Hashable) -> T | None:
        row = self.row_of(key)
        return None if row < 0 else self._values[row]

    def reset(self, values: Sequence[T]) -> None:
        """Another list altogether: views begin anew."""
        self.beginResetModel()
        self._take(list(values))
        self.endResetModel()

    def set_values(self, values: Sequence[T]) -> None:
        """The same list, later: rows that stayed stay, wherever they went."""
        wanted = {self._key(value) for value in values}
        for row in range(len(self._values) - 1, -1, -1):
            if self._key(self._values[row]) not in wanted:
                self._remove(row)
        for row, value in enumerate(values):
            known = self.row_of(self._key(value))
            if known < 0:
                self._insert(row, value)
            else:
                if known != row:
                    self._move(known, row)
                self._change(row, value)

    def put(self, value: T) -> None:
        """In the place of the one with its key, or at the end."""
        row = self.row_of(self._key(value))
        if row < 0:
            self._insert(len(self._values), value)
        else:
            self._change(row, value)

    def insert_first(self, value: T, limit: int) -> None:
        """Before all others, of which at most `limit` stay."""
        self._insert(0, value)
        while len(self._values) > limit:
            self._remove(len(self._values) - 1)

    def remove(self, key: Hashable) -> None:
        row = self.row_of(key)
        if row >= 0:
            self._remove(row)

    def _insert(self, row: int, value: T) -> None:
        self.beginInsertRows(QModelIndex(), row, row)
        self._values.insert(row, value)
        self._number(row)
        self.endInsertRows()

    def _remove(self, row: int) -> None:
        self.beginRemoveRows(QModelIndex(), row, row)
        del self._rows[self._key(self._values.pop(row))]
        self._number(row)
        self.endRemoveRows()

    def _move(self, source: int, target: int) -> None:
        """Upwards only: the rows before `target` are in place already."""
        self.beginMoveRows(QModelIndex(), source, source, QModelIndex(), target)
        self._values.insert(target, self._values.pop(source))
        self._number(target)
        self.endMoveRows()

    def _change(self, row: int, value: T) -> None:
        if self._values[row] is not value and self._values[row] != value:
            self._values[row] = value
            index = self.index(row)
            self.dataChanged.emit(index, index)

    def _take(self, values: list[T]) -> None:
        self._values = values
        self._rows = {}
        self._number(0)

    def _number(self, start: int) -> None:
        if start == len(self._values) - 1 >= 0:
            self._rows[self._key(self._values[start])] = start
            return
        for row in range(start, len(self._values)):
            self._rows[self._key(self._values[row])] = row
