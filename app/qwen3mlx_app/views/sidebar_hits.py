"""Search results: titles, and text around the matches, with the words highlighted."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QPainter,
    QTextCharFormat,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QListView, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from ..models import ListModel
from ..services.store import Hit
from .sidebar_rows import ENTER, INSET, Index, option_of, paint_ground, small
from .sizes import day_text
from .theme import GAP, Theme

# Lines of text around a match.
SNIPPET_LINES = 2


class HitList(QListView):
    """Emits `opened(hit)`, and `left(for_good)` on Escape, or on Up in the first row."""

    opened = Signal(object)
    left = Signal(bool)

    def __init__(self, hits: ListModel[Hit], theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._hits = hits
        self.setModel(hits)
        self.setItemDelegate(HitDelegate(theme, self))
        self.setAccessibleName(self.tr("Search results"))
        self.setMouseTracking(True)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.clicked.connect(self.open)
        theme.changed.connect(self.scheduleDelayedItemsLayout)

    def open(self, index: QModelIndex) -> None:
        if index.isValid():
            self.opened.emit(self._hits.value(index.row()))

    def go_to_first(self) -> None:
        self.setFocus()
        self.setCurrentIndex(self._hits.index(0))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in ENTER:
            self.open(self.currentIndex())
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit(True)
        elif event.key() == Qt.Key.Key_Up and self.currentIndex().row() <= 0:
            self.left.emit(False)
        else:
            super().keyPressEvent(event)


class HitDelegate(QStyledItemDelegate):
    """Paints a title, its last use, and up to two lines of a message."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        font = option_of(option).font
        height = QFontMetrics(font).height() + 2 * GAP
        if index.data(ListModel.VALUE).snippet:
            height += SNIPPET_LINES * QFontMetrics(small(font)).lineSpacing() + 2
        return QSize(0, height)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        hit: Hit = index.data(ListModel.VALUE)
        view = option_of(option)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_ground(painter, option, self._theme)
        place = view.rect.adjusted(INSET, GAP, -INSET, -GAP)
        font = QFont(view.font)
        font.setWeight(QFont.Weight.Medium)
        height = QFontMetrics(font).height()
        width = self._paint_day(painter, QRect(place).adjusted(0, 0, 0, 0), view.font, hit)
        title = index.data(Qt.ItemDataRole.DisplayRole) or self.tr("Untitled")
        colours = self._theme.colours
        head = QRect(place.left(), place.top(), place.width() - width - GAP, height)
        self._paint_text(painter, head, font, title, hit, colours.text, 1)
        body = place.adjusted(0, height + 2, 0, 0)
        self._paint_text(
            painter, body, small(view.font), hit.snippet, hit, colours.muted, SNIPPET_LINES
        )
        painter.restore()

    def _paint_day(self, painter: QPainter, place: QRect, font: QFont, hit: Hit) -> int:
        """Paint the date; returns its width."""
        text, metrics = day_text(hit.updated_at), QFontMetrics(small(font))
        painter.setFont(small(font))
        painter.setPen(QColor(self._theme.colours.muted))
        place.setHeight(QFontMetrics(font).height())
        painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
        return metrics.horizontalAdvance(text)

    def _paint_text(
        self,
        painter: QPainter,
        place: QRect,
        font: QFont,
        text: str,
        hit: Hit,
        colour: str,
        num_lines: int,
    ) -> None:
        layout = _laid_out(text, font, place.width(), num_lines)
        marks = []
        for start, length in hit.marks(layout.text()):
            mark = QTextLayout.FormatRange()
            mark.start, mark.length, mark.format = start, length, QTextCharFormat()
            mark.format.setForeground(QColor(self._theme.colours.accent))
            mark.format.setFontWeight(QFont.Weight.DemiBold)
            marks.append(mark)
        painter.setPen(QColor(colour))
        layout.draw(painter, QPointF(place.topLeft()), marks)


def _laid_out(text: str, font: QFont, width: int, num_lines: int) -> QTextLayout:
    """Lay the text out in `num_lines` lines, elided at the end."""
    layout = QTextLayout(text, font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    starts = _break(layout, width, num_lines)
    if starts and len(starts) == num_lines:
        rest = text[starts[-1] :]
        shown = QFontMetrics(font).elidedText(rest, Qt.TextElideMode.ElideRight, width)
        layout.setText(text[: starts[-1]] + shown)
        _break(layout, width, num_lines)
    return layout


def _break(layout: QTextLayout, width: int, num_lines: int) -> list[int]:
    """Break the text into lines; returns where each starts."""
    starts, y = [], 0.0
    layout.beginLayout()
    for _ in range(num_lines):
        line = layout.createLine()
        if not line.isValid():
            break
        line.setLineWidth(max(1, width))
        line.setPosition(QPointF(0, y))
        y += line.height()
        starts.append(line.textStart())
    layout.endLayout()
    return starts
