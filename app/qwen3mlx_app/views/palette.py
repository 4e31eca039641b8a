"""The command palette, ⌘K: fuzzy search over all commands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import shiboken6
from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QColor,
    QFocusEvent,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
)
from PySide6.QtWidgets import (
    QFrame,
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
from .icons import icon
from .sidebar_rows import option_of, paint_ground
from .theme import GAP, GAP_L, Theme
from .widgets import muted

WIDTH, TOP, MAX_SHOWN, ROW = 560, 72, 9, 36
# How many rows a key moves.
STEPS = {
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_Tab: 1,
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_Backtab: -1,
    Qt.Key.Key_PageDown: MAX_SHOWN,
    Qt.Key.Key_PageUp: -MAX_SHOWN,
}
# The focus comes back by itself from the field's menu and from other programs.
STAYS_AFTER = (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason)


@dataclass(frozen=True)
class Entry:
    """A command; `hint` at the right is a shortcut or a kind."""

    key: str
    title: str
    hint: str
    icon: str
    do: Callable[[], object]


class Palette(QWidget):
    """A sheet that covers its parent; a click beside it closes it.

    `entries` is called whenever it opens.
    """

    def __init__(self, entries: Callable[[], list[Entry]], theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._ask = entries
        self._all: list[Entry] = []
        self._before: QWidget | None = None  # the widget that had the focus
        self._found = ListModel[Entry](lambda entry: entry.key, lambda entry: entry.title, self)
        self._sheet = QFrame(self)
        self._sheet.setObjectName("sheet")
        self.field = QLineEdit(self._sheet)
        self.field.setPlaceholderText(self.tr("Search commands, models, and conversations"))
        self.field.setAccessibleName(self.tr("Command"))
        self.field.textChanged.connect(self._show)
        self.field.installEventFilter(self)
        self._list = QListView(self._sheet)
        self._list.setModel(self._found)
        self._list.setItemDelegate(_EntryDelegate(theme, self))
        self._list.setAccessibleName(self.tr("Commands"))
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.setMouseTracking(True)
        self._list.clicked.connect(self._run)
        self._nothing = muted(self.tr("No results"), self._sheet)
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout = QVBoxLayout(self._sheet)
        layout.setContentsMargins(GAP, GAP, GAP, GAP)
        layout.setSpacing(GAP)
        for widget in (self.field, self._list, self._nothing):
            layout.addWidget(widget)
        shadow = QGraphicsDropShadowEffect(self)
        shadow.setBlurRadius(48)
        shadow.setOffset(0, 12)
        shadow.setColor(QColor(0, 0, 0, 70))
        self._sheet.setGraphicsEffect(shadow)
        parent.installEventFilter(self)
        self.hide()

    def open(self) -> None:
        """Open the palette, or close it if it is open."""
        if self.isVisible():
            self._leave()
            return
        self._before = self.window().focusWidget()
        self._all = self._ask()
        self.field.clear()
        self._show()
        self.show()
        self.raise_()
        self.field.setFocus()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not self._sheet.geometry().contains(event.position().toPoint()):
            self._leave()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.parentWidget():
            if event.type() == QEvent.Type.Resize and self.isVisible():
                self._place()
        elif isinstance(event, QFocusEvent) and event.lostFocus():
            if event.reason() not in STAYS_AFTER:
                self.hide()
        elif isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return self._press(event) or super().eventFilter(watched, event)
        return super().eventFilter(watched, event)

    def _press(self, event: QKeyEvent) -> bool:
        """Handle a key for the list; False leaves it to the field."""
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Escape:
            self._leave()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._run(self._list.currentIndex())
        elif key in STEPS:
            row = self._list.currentIndex().row() + STEPS[key]
            self._choose(max(0, min(row, self._found.rowCount() - 1)))
        else:
            return False
        return True

    def _show(self) -> None:
        found = ranked(self.field.text(), self._all, lambda entry: entry.title, 50)
        self._found.reset(found)
        self._list.setVisible(bool(found))
        self._nothing.setVisible(not found)
        height = max(1, min(MAX_SHOWN, len(found))) * ROW
        self._list.setFixedHeight(height)
        self._nothing.setFixedHeight(ROW)
        self._place()
        self._choose(0)

    def _place(self) -> None:
        parent = self.parentWidget()
        assert parent is not None
        self.setGeometry(parent.rect())
        width = min(WIDTH, self.width() - 2 * GAP_L)
        height = min(self._sheet.sizeHint().height(), self.height() - TOP - GAP_L)
        self._sheet.setGeometry((self.width() - width) // 2, TOP, width, height)

    def _choose(self, row: int) -> None:
        """Select a row, and announce it, since the field keeps the focus."""
        index = self._found.index(row)
        self._list.setCurrentIndex(index)
        said = one_line(self._found.value(row).title) if index.isValid() else self._nothing.text()
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self.field, said))

    def _run(self, index: QModelIndex) -> None:
        if index.isValid():
            entry = self._found.value(index.row())
            self._leave()
            entry.do()

    def _leave(self) -> None:
        """Close, and return the focus to where it was."""
        self.hide()
        if self._before is not None and shiboken6.isValid(self._before):
            self._before.setFocus()


class _EntryDelegate(QStyledItemDelegate):
    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(0, ROW)

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
        box = rect.adjusted(0, (ROW - 18) // 2, 0, 0)
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
