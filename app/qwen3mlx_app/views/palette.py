"""The command palette, ⌘K: fuzzy search over all commands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QWidget

from ..models import ListModel
from ..services.plain import one_line
from .icons import icon
from .search_sheet import SearchSheet
from .sidebar_rows import option_of, paint_ground
from .theme import GAP, GAP_L, Theme

WIDTH, TOP, MAX_SHOWN = 560, 72, 9
# Pixels of a row beside the text's height.
AROUND = 22


@dataclass(frozen=True)
class Entry:
    """A command; `hint` at the right is a shortcut or a kind."""

    key: str
    title: str
    hint: str
    icon: str
    do: Callable[[], object]


class Palette(SearchSheet[Entry]):
    """`entries` is called whenever it opens."""

    def __init__(self, entries: Callable[[], list[Entry]], theme: Theme, parent: QWidget) -> None:
        super().__init__(
            key=lambda entry: entry.key,
            title=lambda entry: entry.title,
            row=lambda: theme.font_size + AROUND,
            most=MAX_SHOWN,
            parent=parent,
        )
        self._ask = entries
        self.field.setPlaceholderText(self.tr("Search commands, models, and conversations"))
        self.field.setAccessibleName(self.tr("Command"))
        self._list.setItemDelegate(_EntryDelegate(theme, self))
        self._list.setAccessibleName(self.tr("Commands"))
        self._list.clicked.connect(self._run)

    def everything(self) -> list[Entry]:
        return self._ask()

    def take(self, value: Entry) -> None:
        value.do()

    def steps(self) -> dict[Qt.Key, int]:
        return {**super().steps(), Qt.Key.Key_Tab: 1, Qt.Key.Key_Backtab: -1}

    def place(self) -> QRect:
        width = min(WIDTH, self.width() - 2 * GAP_L)
        height = min(self._sheet.sizeHint().height(), self.height() - TOP - GAP_L)
        return QRect((self.width() - width) // 2, TOP, width, height)


class _EntryDelegate(QStyledItemDelegate):
    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(0, self._theme.font_size + AROUND)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        entry, view, colours = index.data(ListModel.VALUE), option_of(option), self._theme.colours
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_ground(painter, option, self._theme)
        rect = view.rect.adjusted(GAP + 2, 0, -GAP - 2, 0)
        box = rect.adjusted(0, (rect.height() - 18) // 2, 0, 0)
        box.setSize(QSize(18, 18))
        icon(entry.icon).paint(painter, box)
        metrics = QFontMetrics(view.font)
        painter.setFont(view.font)
        painter.setPen(QColor(colours.muted))
        painter.drawText(
            rect, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, entry.hint
        )
        place = rect.adjusted(28, 0, -metrics.horizontalAdvance(entry.hint) - GAP_L, 0)
        painter.setPen(QColor(colours.text))
        title = metrics.elidedText(
            one_line(entry.title), Qt.TextElideMode.ElideRight, place.width()
        )
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, title)
        painter.restore()
