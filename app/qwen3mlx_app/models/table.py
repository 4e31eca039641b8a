"""A table over a list model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt

from ..services.plain import one_line, unmarked
from .list_model import ListModel

T = TypeVar("T")
_ROOT = QModelIndex()


@dataclass(frozen=True)
class Column(Generic[T]):
    """Figures are aligned right. `tip` shows text that is too long for the cell."""

    title: str
    text: Callable[[T], str]
    is_figure: bool = False
    tip: Callable[[T], str] | None = None


class Table(QAbstractTableModel, Generic[T]):
    """Follows the list; `ListModel.VALUE` is the row's value in every column."""

    def __init__(
        self, rows: ListModel[T], columns: Sequence[Column[T]], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._rows = rows
        self._columns = list(columns)
        # Methods, not lambdas: connections to those would outlive the table, as the list does.
        rows.rowsAboutToBeInserted.connect(self._insert_begins)
        rows.rowsInserted.connect(self._insert_ends)
        rows.rowsAboutToBeRemoved.connect(self._removal_begins)
        rows.rowsRemoved.connect(self._removal_ends)
        rows.rowsAboutToBeMoved.connect(self._move_begins)
        rows.rowsMoved.connect(self._move_ends)
        rows.modelAboutToBeReset.connect(self.beginResetModel)
        rows.modelReset.connect(self.endResetModel)
        rows.dataChanged.connect(self._changed)

    def rowCount(self, parent: Any = _ROOT) -> int:
        return 0 if parent.isValid() else self._rows.rowCount()

    def columnCount(self, parent: Any = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._columns)

    def data(self, index: Any, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= self._rows.rowCount():
            return None
        value, column = self._rows.value(index.row()), self._columns[index.column()]
        if role == ListModel.VALUE:
            return value
        if role == Qt.ItemDataRole.DisplayRole:
            return one_line(column.text(value))
        if role == Qt.ItemDataRole.ToolTipRole and column.tip is not None:
            return unmarked(column.tip(value))
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._alignment(column)
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self._columns):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._columns[section].title
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._alignment(self._columns[section])
        return None

    def _insert_begins(self, _: QModelIndex, first: int, last: int) -> None:
        self.beginInsertRows(_ROOT, first, last)

    def _insert_ends(self, *_: object) -> None:
        self.endInsertRows()

    def _removal_begins(self, _: QModelIndex, first: int, last: int) -> None:
        self.beginRemoveRows(_ROOT, first, last)

    def _removal_ends(self, *_: object) -> None:
        self.endRemoveRows()

    def _move_begins(self, _: QModelIndex, first: int, last: int, __: object, to: int) -> None:
        self.beginMoveRows(_ROOT, first, last, _ROOT, to)

    def _move_ends(self, *_: object) -> None:
        self.endMoveRows()

    def _alignment(self, column: Column[T]) -> Qt.AlignmentFlag:
        side = Qt.AlignmentFlag.AlignRight if column.is_figure else Qt.AlignmentFlag.AlignLeft
        return side | Qt.AlignmentFlag.AlignVCenter

    def _changed(self, first: QModelIndex, last: QModelIndex) -> None:
        end = len(self._columns) - 1
        self.dataChanged.emit(self.index(first.row(), 0), self.index(last.row(), end))
