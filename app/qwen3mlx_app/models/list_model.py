"""A list of values as a Qt model."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QAbstractListModel, QByteArray, QModelIndex, QObject, Qt

from ..services.plain import one_line

T = TypeVar("T")

# The default argument of Qt's methods: no parent.
_ROOT = QModelIndex()


class ListModel(QAbstractListModel, Generic[T]):
    """A row for each value; `key` identifies it, `title` is its text.

    All changes are reported to views row by row. `VALUE` is the role of the
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
        return one_line(self._title(value)) if role == Qt.ItemDataRole.DisplayRole else None

    def roleNames(self) -> dict[int, QByteArray]:
        return {**super().roleNames(), self.VALUE: QByteArray(b"value")}

    def values(self) -> list[T]:
        return list(self._values)

    def value(self, row: int) -> T:
        return self._values[row]

    def row_of(self, key: Hashable) -> int:
        """The row of a value, or -1."""
        return self._rows.get(key, -1)

    def find(self, key: Hashable) -> T | None:
        row = self.row_of(key)
        return None if row < 0 else self._values[row]

    def reset(self, values: Sequence[T]) -> None:
        """Replace the whole list; views start over."""
        self.beginResetModel()
        self._take(list(values))
        self.endResetModel()

    def set_values(self, values: Sequence[T]) -> None:
        """Update the list: rows that stay are kept, and as few as possible move."""
        keys = [self._key(value) for value in values]
        wanted = set(keys)
        gone = [row for row, value in enumerate(self._values) if self._key(value) not in wanted]
        for first, last in reversed(list(_runs(gone))):
            self._remove(first, last)
        self._arrange([key for key in keys if key in self._rows])
        new = [row for row, key in enumerate(keys) if key not in self._rows]
        for first, last in _runs(new):
            self._insert(first, values[first : last + 1])
        for row, value in enumerate(values):
            self._change(row, value)

    def put(self, value: T) -> None:
        """Replace the value with the same key, or append it."""
        row = self.row_of(self._key(value))
        if row < 0:
            self._insert(len(self._values), [value])
        else:
            self._change(row, value)

    def insert_first(self, value: T, limit: int) -> None:
        """Insert at the top, and keep at most `limit` rows."""
        self._insert(0, [value])
        if len(self._values) > limit:
            self._remove(limit, len(self._values) - 1)

    def remove(self, key: Hashable) -> None:
        row = self.row_of(key)
        if row >= 0:
            self._remove(row, row)

    def _insert(self, first: int, values: Sequence[T]) -> None:
        self.beginInsertRows(QModelIndex(), first, first + len(values) - 1)
        self._values[first:first] = values
        self._number(first, len(self._values))
        self.endInsertRows()

    def _remove(self, first: int, last: int) -> None:
        self.beginRemoveRows(QModelIndex(), first, last)
        for value in self._values[first : last + 1]:
            del self._rows[self._key(value)]
        del self._values[first : last + 1]
        self._number(first, len(self._values))
        self.endRemoveRows()

    def _arrange(self, keys: Sequence[Hashable]) -> None:
        """Move the existing rows into the order of `keys`."""
        staying = _longest_rising([self._rows[key] for key in keys])
        for place, key in enumerate(keys):
            if place not in staying:
                before = self._rows[keys[place - 1]] + 1 if place else 0
                self._move(self._rows[key], before)

    def _move(self, source: int, before: int) -> None:
        """Move a row before the row `before`, in today's numbering."""
        if before in (source, source + 1):
            return
        self.beginMoveRows(QModelIndex(), source, source, QModelIndex(), before)
        target = before if before < source else before - 1
        self._values.insert(target, self._values.pop(source))
        self._number(min(source, target), max(source, target) + 1)
        self.endMoveRows()

    def _change(self, row: int, value: T) -> None:
        if self._values[row] is not value and self._values[row] != value:
            self._values[row] = value
            index = self.index(row)
            self.dataChanged.emit(index, index)

    def _take(self, values: list[T]) -> None:
        self._values = values
        self._rows = {}
        self._number(0, len(values))

    def _number(self, first: int, end: int) -> None:
        for row in range(first, end):
            self._rows[self._key(self._values[row])] = row


def _runs(rows: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The first and last of each run of consecutive numbers."""
    first = 0
    for place in range(1, len(rows) + 1):
        if place == len(rows) or rows[place] != rows[place - 1] + 1:
            yield rows[first], rows[place - 1]
            first = place


def _longest_rising(numbers: Sequence[int]) -> set[int]:
    """The places of a longest rising subsequence of distinct numbers, by patience sorting."""
    lowest: list[int] = []  # the smallest last number of a rising subsequence of each length
    places: list[int] = []  # its place
    before: list[int] = []  # for each place, the previous one in its subsequence
    for place, number in enumerate(numbers):
        length = bisect_left(lowest, number)
        before.append(places[length - 1] if length else -1)
        lowest[length : length + 1] = [number]
        places[length : length + 1] = [place]
    found: set[int] = set()
    place = places[-1] if places else -1
    while place >= 0:
        found.add(place)
        place = before[place]
    return found
