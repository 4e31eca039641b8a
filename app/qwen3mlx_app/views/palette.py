"""The command palette, ⌘K: fuzzy search over all commands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QWidget

from ..services.plain import one_line
from .icons import SIZE, icon
from .search_sheet import SearchSheet, SheetRows
from .text_scale import grown
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
            rows=_Rows(theme),
            most=MAX_SHOWN,
            parent=parent,
        )
        self._ask = entries
        self.field.setPlaceholderText(self.tr("Search commands, models, and conversations"))
        self.field.setAccessibleName(self.tr("Command"))
        self._list.setAccessibleName(self.tr("Commands"))

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


class _Rows(SheetRows):
    """An icon and the title; the hint at the end."""

    def height(self) -> int:
        return self.theme.font_size + AROUND

    def paint_value(self, painter: QPainter, place: QRect, font: QFont, value: Entry) -> None:
        colours, metrics = self.theme.colours, QFontMetrics(font)
        side = grown(SIZE)
        box = QRect(place.left(), place.center().y() - side // 2, side, side)
        icon(value.icon).paint(painter, box)
        painter.setPen(QColor(colours.muted))
        painter.drawText(
            place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, value.hint
        )
        line = place.adjusted(side + GAP + 2, 0, -metrics.horizontalAdvance(value.hint) - GAP_L, 0)
        painter.setPen(QColor(colours.text))
        title = metrics.elidedText(one_line(value.title), Qt.TextElideMode.ElideRight, line.width())
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, title)
