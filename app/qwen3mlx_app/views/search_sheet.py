"""A sheet over the window with a field, and a list of what is found with it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

import shiboken6
from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QColor,
    QFont,
    QKeyEvent,
    QPainter,
)
from PySide6.QtWidgets import (
    QApplication,
    QGraphicsDropShadowEffect,
    QLineEdit,
    QListView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from ..models import ListModel
from ..services.fuzzy import ranked
from ..services.plain import one_line
from .sheet import Sheet
from .sidebar_rows import option_of, paint_ground
from .theme import GAP, Theme
from .widgets import muted

T = TypeVar("T")

MOST_FOUND = 500


class SheetRows(QStyledItemDelegate):
    """Paints the rows of a sheet; a subclass says how high they are, and what is in one."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme

    def height(self) -> int:
        """Pixels."""
        raise NotImplementedError

    def paint_value(self, painter: QPainter, place: QRect, font: QFont, value: Any) -> None:
        raise NotImplementedError

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(0, self.height())

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        view = option_of(option)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_ground(painter, option, self.theme)
        painter.setFont(view.font)
        place = view.rect.adjusted(GAP + 2, 0, -GAP - 2, 0)
        self.paint_value(painter, place, view.font, index.data(ListModel.VALUE))
        painter.restore()


class SearchSheet(Sheet, Generic[T]):
    """The focus elsewhere closes it, too.

    `most` rows are visible at once.
    """

    def __init__(
        self,
        *,
        key: Callable[[T], Hashable],
        title: Callable[[T], str],
        rows: SheetRows,
        most: int,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._title, self._rows, self._most = title, rows, most
        rows.setParent(self)
        self._all: list[T] = []
        self._before: QWidget | None = None  # the widget that had the focus
        self._found = ListModel[T](key, title, self)
        self.field = QLineEdit(self._sheet)
        self.field.textChanged.connect(self._show)
        self.field.installEventFilter(self)
        self._list = QListView(self._sheet)
        self._list.setModel(self._found)
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.setMouseTracking(True)
        self._list.setItemDelegate(rows)
        self._list.clicked.connect(self._run)
        self._nothing = muted(self.tr("No results"), self._sheet)
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._layout = QVBoxLayout(self._sheet)
        self._layout.setContentsMargins(GAP, GAP, GAP, GAP)
        self._layout.setSpacing(GAP)
        for widget in (self.field, self._list, self._nothing):
            self._layout.addWidget(widget)
        self._sheet.setGraphicsEffect(_shadow(self))
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._on_focus)

    def open(self) -> None:
        """Open the sheet, or close it if it is open."""
        if self.isVisible():
            self.leave()
            return
        self._before = self.window().focusWidget()
        self._all = self.everything()
        self.field.clear()
        self._show()
        self.raise_()
        self.show()
        self.field.setFocus()

    def leave(self) -> None:
        self.hide()
        if self._before is not None and shiboken6.isValid(self._before):
            self._before.setFocus()

    def everything(self) -> list[T]:
        """All that can be found, best first."""
        raise NotImplementedError

    def can_take(self, value: T) -> bool:
        return True

    def take(self, value: T) -> None:
        """Do what a chosen row is for."""
        raise NotImplementedError

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.parentWidget():
            return super().eventFilter(watched, event)
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return self._press(Qt.Key(event.key())) or super().eventFilter(watched, event)
        return super().eventFilter(watched, event)

    def steps(self) -> dict[Qt.Key, int]:
        """How many rows a key moves."""
        key = Qt.Key
        page = {key.Key_PageDown: self._most, key.Key_PageUp: -self._most}
        return {key.Key_Down: 1, key.Key_Up: -1, **page}

    def _press(self, key: Qt.Key) -> bool:
        """Handle a key for the list; False leaves it to the field."""
        steps = self.steps()
        if key == Qt.Key.Key_Escape:
            self.leave()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._run(self._list.currentIndex())
        elif key in steps:
            row = self._list.currentIndex().row() + steps[key]
            self._choose(max(0, min(row, self._found.rowCount() - 1)))
        else:
            return False
        return True

    def _show(self) -> None:
        found = ranked(self.field.text(), self._all, self._title, MOST_FOUND)
        self._found.reset(found)
        self._list.setVisible(bool(found))
        self._nothing.setVisible(not found)
        self._list.setFixedHeight(max(1, min(self._most, len(found))) * self._rows.height())
        self._nothing.setFixedHeight(self._rows.height())
        self._place()
        self._choose(0)

    def _choose(self, row: int) -> None:
        """Select a row, and announce it, since the field keeps the focus."""
        index = self._found.index(row)
        self._list.setCurrentIndex(index)
        said = self._nothing.text()
        if index.isValid():
            said = one_line(self._title(self._found.value(row)))
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self.field, said))

    def _run(self, index: QModelIndex) -> None:
        if index.isValid() and self.can_take(value := self._found.value(index.row())):
            self.leave()
            self.take(value)

    def _on_focus(self, before: QWidget | None, now: QWidget | None) -> None:
        """Close when the focus went to another part of the window."""
        is_here = now is not None and now.window() is self.window()
        if self.isVisible() and now is not None and is_here and not self._sheet.isAncestorOf(now):
            self.hide()


def _shadow(parent: QObject) -> QGraphicsDropShadowEffect:
    shadow = QGraphicsDropShadowEffect(parent)
    shadow.setBlurRadius(48)
    shadow.setOffset(0, 12)
    shadow.setColor(QColor(0, 0, 0, 70))
    return shadow
