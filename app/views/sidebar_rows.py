"""How the lines of the sidebar are drawn: headings, conversations, and what a search found."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import (
    QDate,
    QLocale,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QPainter,
    QTextCharFormat,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from ..models import ListModel
from ..models.sections import Heading, Line
from ..services.store import Hit
from .icons import icon
from .theme import GAP, GAP_S, Theme

RADIUS = 7
# Lines of text around what was found.
SNIPPET_LINES = 2

Index = QModelIndex | QPersistentModelIndex


class RowDelegate(QStyledItemDelegate):
    """Headings with their fold, lines with a dot while an answer is written in them."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        is_heading = isinstance(index.data(ListModel.VALUE), Heading)
        height = self._theme.font_size + (18 if is_heading else 17)
        return QSize(0, height + (6 if is_heading and index.row() else 0))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = index.data(ListModel.VALUE)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if isinstance(row, Heading):
            self._paint_heading(painter, option, row)
        else:
            self._paint_line(painter, option, row)
        painter.restore()

    def heading(self, row: Heading) -> str:
        if row.folder is not None:
            return row.folder.name
        if row.month is not None:
            day = QDate(row.month.year, row.month.month, 1)
            return QLocale().toString(day, self.tr("MMMM yyyy"))
        return {
            "pinned": self.tr("Pinned"),
            "today": self.tr("Today"),
            "yesterday": self.tr("Yesterday"),
            "week": self.tr("Last 7 days"),
            "month": self.tr("Last 30 days"),
        }[row.kind]

    def _paint_heading(self, painter: QPainter, option: Any, row: Heading) -> None:
        colours, rect = self._theme.colours, option.rect.adjusted(GAP, 0, -GAP, -2)
        font = QFont(option.font)
        font.setPixelSize(self._theme.font_size - 3)
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        painter.setPen(QColor(colours.text if hovered else colours.muted))
        bottom = rect.adjusted(0, rect.height() - self._theme.font_size - 10, 0, 0)
        left = bottom.left()
        if row.folder is not None:
            side = self._theme.font_size + 1
            box = QRect(left, bottom.center().y() - side // 2, side, side)
            icon("folder").paint(painter, box)
            left += side + GAP_S + 1
        text = self.heading(row) + (f"  {row.num_below}" if row.is_folded else "")
        place = bottom.adjusted(left - bottom.left(), 0, -18, 0)
        shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, place.width())
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, shown)
        if hovered or row.is_folded:
            fold = QRect(bottom.right() - 13, bottom.center().y() - 6, 13, 13)
            icon("right" if row.is_folded else "down").paint(painter, fold)

    def _paint_line(self, painter: QPainter, option: Any, row: Line) -> None:
        colours = self._theme.colours
        paint_ground(painter, option, self._theme)
        place = option.rect.adjusted(GAP + 2, 0, -GAP, 0)
        if row.is_busy:
            painter.setBrush(QColor(colours.accent))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawEllipse(QRectF(place.right() - 6, place.center().y() - 2.5, 6, 6))
            place.adjust(0, 0, -14, 0)
        painter.setPen(QColor(colours.text))
        painter.setFont(option.font)
        title = row.conversation.title or self.tr("Untitled")
        title = QFontMetrics(option.font).elidedText(
            title, Qt.TextElideMode.ElideRight, place.width()
        )
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, title)


class HitDelegate(QStyledItemDelegate):
    """A conversation's title, and the text around what was found in it."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        lines = 1 + (SNIPPET_LINES if index.data(ListModel.VALUE).snippet else 0)
        return QSize(0, lines * (self._theme.font_size + 5) + 2 * GAP)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        hit, colours, view = index.data(ListModel.VALUE), self._theme.colours, _any(option)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_ground(painter, option, self._theme)
        rect = view.rect.adjusted(GAP + 2, GAP, -GAP, -GAP)
        font = QFont(view.font)
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(QColor(colours.text))
        title = index.data(Qt.ItemDataRole.DisplayRole) or self.tr("Untitled")
        metrics = QFontMetrics(font)
        title = metrics.elidedText(title, Qt.TextElideMode.ElideRight, rect.width())
        painter.drawText(rect, Qt.AlignmentFlag.AlignTop, title)
        self._paint_snippet(painter, rect.adjusted(0, metrics.height() + 2, 0, 0), hit)
        painter.restore()

    def _paint_snippet(self, painter: QPainter, rect: QRect, hit: Hit) -> None:
        colours = self._theme.colours
        font = QFont(painter.font())
        font.setWeight(QFont.Weight.Normal)
        font.setPixelSize(self._theme.font_size - 2)
        layout = QTextLayout(hit.snippet.replace("\n", " "), font)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(option)
        mark = QTextLayout.FormatRange()
        mark.start, mark.length, mark.format = hit.start, hit.length, QTextCharFormat()
        mark.format.setForeground(QColor(colours.accent))
        mark.format.setFontWeight(QFont.Weight.DemiBold)
        layout.setFormats([mark])
        layout.beginLayout()
        y = 0.0
        for _ in range(SNIPPET_LINES):
            line = layout.createLine()
            if not line.isValid():
                break
            line.setLineWidth(rect.width())
            line.setPosition(QRectF(0, y, 0, 0).topLeft())
            y += line.height()
        layout.endLayout()
        painter.setPen(QColor(colours.muted))
        layout.draw(painter, QRectF(rect).topLeft())


def paint_ground(painter: QPainter, option: QStyleOptionViewItem, theme: Theme) -> None:
    """Under a line that is selected, or that the pointer is over."""
    view = _any(option)
    if view.state & QStyle.StateFlag.State_Selected:
        colour = theme.colours.selection
    elif view.state & QStyle.StateFlag.State_MouseOver:
        colour = theme.colours.hover
    else:
        return
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    painter.drawRoundedRect(QRectF(view.rect).adjusted(0, 1, 0, -1), RADIUS, RADIUS)


def _any(option: QStyleOptionViewItem) -> Any:
    """The stubs know none of its fields."""
    return option
