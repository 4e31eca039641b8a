"""Paint and edit the sidebar's rows: headings and conversations."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QFontMetrics, QHelpEvent, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from ..models import ListModel
from ..models.sections import Heading, Line, SidebarRow, row_text
from .icons import icon
from .plain import show_tip
from .sizes import count_text, day_text
from .text_scale import grown
from .theme import GAP, GAP_L, Theme

RADIUS = 7
# Pixels from a row's edge to its text, and between texts.
INSET, SPACE = GAP + 2, 6
# The size of the mark of a running answer, of small icons and of a folder's, in pixels at the
# default text size.
DOT, SIGN, FOLDER = 6, 13, 16

Index = QModelIndex | QPersistentModelIndex
State = QStyle.StateFlag
ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class RowDelegate(QStyledItemDelegate):
    """All rows have the same height. Emits `named(row, name)` when a row is renamed.

    `target` is the key of the heading under which a drop would go.
    """

    named = Signal(object, str)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.target: str | None = None

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(0, self._theme.font_size + 18)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: SidebarRow = index.data(ListModel.VALUE)
        view = option_of(option)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ground(painter, view, row)
        self._paint_focus(painter, view, row)
        place = self._text_place(view.rect, row)
        place.setRight(self._paint_end(painter, view, row))
        painter.setFont(self._font(view.font, row))
        painter.setPen(QColor(self._text_colour(view, row)))
        text = QFontMetrics(painter.font()).elidedText(
            row_text(row), Qt.TextElideMode.ElideRight, place.width()
        )
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, text)
        if isinstance(row, Heading) and row.folder is not None:
            _paint_sign(painter, "folder", view.rect.left() + INSET, view.rect, grown(FOLDER))
        painter.restore()

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        editor = QLineEdit(parent)
        is_heading = isinstance(index.data(ListModel.VALUE), Heading)
        name = self.tr("Folder name") if is_heading else self.tr("Conversation title")
        editor.setAccessibleName(name)
        return editor

    def eventFilter(self, editor: QObject, event: QEvent) -> bool:
        """Ignore the Enter that opened the editor while it is still held down."""
        if isinstance(event, QKeyEvent) and event.isAutoRepeat() and event.key() in ENTER:
            return True
        return super().eventFilter(editor, event)

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        """Keep what is being typed, also if the row changes meanwhile."""
        if isinstance(editor, QLineEdit) and not editor.isModified():
            row = index.data(ListModel.VALUE)
            editor.setText(_name_of(row))
            editor.selectAll()

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        if isinstance(editor, QLineEdit) and editor.isModified():
            self.named.emit(index.data(ListModel.VALUE), editor.text())

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: Index
    ) -> None:
        row = index.data(ListModel.VALUE)
        place = self._text_place(option_of(option).rect, row)
        left = GAP + 1 if isinstance(row, Line) else SPACE - 1  # beside a folder's icon
        editor.setGeometry(place.adjusted(-left, 1, INSET, -1))

    def helpEvent(
        self,
        event: QHelpEvent,
        view: QAbstractItemView,
        option: QStyleOptionViewItem,
        index: Index,
    ) -> bool:
        """Show the whole title as a tooltip if it is elided."""
        row = index.data(ListModel.VALUE) if index.isValid() else None
        text = row_text(row) if row is not None else ""
        metrics = QFontMetrics(option_of(option).font)
        has_room = metrics.horizontalAdvance(text) < option_of(option).rect.width() - 3 * INSET
        show_tip(event.globalPos(), "" if has_room else text, view)
        return True

    def _text_place(self, rect: QRect, row: SidebarRow) -> QRect:
        place = rect.adjusted(INSET, 0, -INSET, 0)
        if isinstance(row, Line):
            return place.adjusted(GAP_L if row.kind == "folder" else 0, 0, 0, 0)
        if row.folder is not None:
            return place.adjusted(grown(FOLDER) + SPACE, 0, 0, 0)
        return place.adjusted(0, GAP, 0, 0)  # closer to its rows

    def _font(self, given: QFont, row: SidebarRow) -> QFont:
        if isinstance(row, Line) or row.folder is not None:
            return given
        font = small(given)
        font.setWeight(QFont.Weight.DemiBold)
        return font

    def _text_colour(self, view: Any, row: SidebarRow) -> str:
        is_quiet = isinstance(row, Heading) and row.folder is None
        if is_quiet and not view.state & State.State_MouseOver:
            return self._theme.colours.muted
        return self._theme.colours.text

    def _paint_ground(self, painter: QPainter, view: Any, row: SidebarRow) -> None:
        """Paint the background, also of rows under the heading of a drop."""
        key = row.key if isinstance(row, Heading) else row.heading
        if key == self.target:
            colours, is_heading = self._theme.colours, isinstance(row, Heading)
            _paint_rounded(painter, view.rect, colours.selection if is_heading else colours.hover)
        elif isinstance(row, Line) or row.folder is not None:
            paint_ground(painter, view, self._theme)

    def _paint_focus(self, painter: QPainter, view: Any, row: SidebarRow) -> None:
        """Paint the focus frame of a row that is not selected."""
        if not view.state & State.State_HasFocus or view.state & State.State_Selected:
            return
        is_low = isinstance(row, Heading) and row.folder is None
        frame = QRectF(view.rect).adjusted(0.5, GAP + 0.5 if is_low else 1.5, -0.5, -1.5)
        painter.setPen(QPen(QColor(self._theme.colours.accent), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(frame, RADIUS, RADIUS)

    def _paint_end(self, painter: QPainter, view: Any, row: SidebarRow) -> int:
        """Paint what is at the right; returns where the text must end."""
        right: int = view.rect.right() - INSET
        if isinstance(row, Heading):
            return self._paint_fold(painter, view, row, right)
        if row.is_busy:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self._theme.colours.accent))
            dot = grown(DOT)
            top = view.rect.center().y() + 0.5 - dot / 2
            painter.drawEllipse(QRectF(right - dot, top, dot, dot))
            return right - dot - SPACE
        if row.conversation.pinned:
            side = grown(SIGN)
            _paint_sign(painter, "pin", right - side, view.rect, side)
            return right - side - SPACE
        if row.kind == "folder":
            return self._paint_small(painter, view, day_text(row.conversation.updated_at), right)
        return right

    def _paint_fold(self, painter: QPainter, view: Any, row: Heading, right: int) -> int:
        """Paint the disclosure arrow, and the number of collapsed rows."""
        rect = view.rect if row.folder is not None else view.rect.adjusted(0, GAP, 0, 0)
        side = grown(SIGN)
        if row.is_folded or view.state & State.State_MouseOver:
            sign = "right" if row.is_folded else "down"
            _paint_sign(painter, sign, right - side + 2, rect, side)
        right -= side + 2
        if row.is_folded and row.num_below:
            view.rect = rect
            return self._paint_small(painter, view, count_text(row.num_below), right)
        return right

    def _paint_small(self, painter: QPainter, view: Any, text: str, right: int) -> int:
        font = small(view.font)
        width = QFontMetrics(font).horizontalAdvance(text)
        painter.setFont(font)
        painter.setPen(QColor(self._theme.colours.muted))
        place = QRect(right - width, view.rect.top(), width + 1, view.rect.height())
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, text)
        return right - width - SPACE


def paint_ground(painter: QPainter, option: QStyleOptionViewItem, theme: Theme) -> None:
    """Paint the background of a selected or hovered row."""
    view = option_of(option)
    if view.state & State.State_Selected:
        colour = theme.colours.selection
    elif view.state & State.State_MouseOver:
        colour = theme.colours.hover
    else:
        return
    _paint_rounded(painter, view.rect, colour)


def small(font: QFont) -> QFont:
    """A smaller font for secondary text."""
    smaller = QFont(font)
    smaller.setPixelSize(font.pixelSize() - 2)
    return smaller


def option_of(option: QStyleOptionViewItem) -> Any:
    """The option, untyped: the stubs lack its fields."""
    return option


def _name_of(row: SidebarRow) -> str:
    """The unmodified name, for the editor."""
    if isinstance(row, Line):
        return row.conversation.title
    return row.folder.name if row.folder is not None else row_text(row)


def _paint_rounded(painter: QPainter, rect: QRect, colour: str) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    painter.drawRoundedRect(QRectF(rect).adjusted(0, 1, 0, -1), RADIUS, RADIUS)


def _paint_sign(painter: QPainter, name: str, left: int, rect: QRect, side: int) -> None:
    top = rect.top() + (rect.height() - side) // 2
    icon(name).paint(painter, QRect(left, top, side, side))
