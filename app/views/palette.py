"""⌘K: everything that can be done, found by a few letters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QGraphicsDropShadowEffect,
    QLabel,
    QLineEdit,
    QListView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from ..models import ListModel
from ..services.fuzzy import ranked
from .icons import icon
from .sidebar_rows import paint_ground
from .theme import GAP, GAP_L, Theme

WIDTH, TOP, MAX_SHOWN, ROW = 560, 72, 9, 36


@dataclass(frozen=True)
class Entry:
    """`hint` stands at the right: a shortcut, or what kind of thing it is."""

    key: str
    title: str
    hint: str
    icon: str
    do: Callable[[], object]


class Palette(QFrame):
    """A sheet over its parent; `entries` are asked for whenever it opens."""

    def __init__(self, entries: Callable[[], list[Entry]], theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("sheet")
        self._ask = entries
        self._all: list[Entry] = []
        self._found = ListModel[Entry](lambda entry: entry.key, lambda entry: entry.title, self)
        self.field = QLineEdit(self)
        self.field.setPlaceholderText(self.tr("What do you want to do?"))
        self.field.setAccessibleName(self.tr("Command"))
        self.field.textChanged.connect(self._show)
        self.field.installEventFilter(self)
        self._list = QListView(self)
        self._list.setModel(self._found)
        self._list.setItemDelegate(_EntryDelegate(theme, self))
        self._list.setAccessibleName(self.tr("Commands"))
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.setMouseTracking(True)
        self._list.clicked.connect(self._run)
        self._nothing = QLabel(self.tr("Nothing found."), self)
        self._nothing.setObjectName("muted")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP, GAP, GAP, GAP)
        layout.setSpacing(GAP)
        for widget in (self.field, self._list, self._nothing):
            layout.addWidget(widget)
        shadow = QGraphicsDropShadowEffect(self)
        shadow.setBlurRadius(48)
        shadow.setOffset(0, 12)
        shadow.setColor(QColor(0, 0, 0, 70))
        self.setGraphicsEffect(shadow)
        self.hide()

    def open(self) -> None:
        self._all = self._ask()
        self.field.clear()
        self._show()
        self.show()
        self.raise_()
        self.field.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusOut and watched is self.field:
            self.hide()
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return super().eventFilter(watched, event)
        row, last = self._list.currentIndex().row(), self._found.rowCount() - 1
        match event.key():
            case Qt.Key.Key_Escape:
                self._leave()
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self._run(self._list.currentIndex())
            case Qt.Key.Key_Down:
                self._list.setCurrentIndex(self._found.index(min(row + 1, last)))
            case Qt.Key.Key_Up:
                self._list.setCurrentIndex(self._found.index(max(row - 1, 0)))
            case _:
                return super().eventFilter(watched, event)
        return True

    def _show(self) -> None:
        found = ranked(self.field.text(), self._all, lambda entry: entry.title, 50)
        self._found.reset(found)
        self._list.setVisible(bool(found))
        self._nothing.setVisible(not found)
        if found:
            self._list.setCurrentIndex(self._found.index(0))
        height = max(1, min(MAX_SHOWN, len(found))) * ROW
        self._list.setFixedHeight(height)
        self._nothing.setFixedHeight(ROW)
        parent = self.parentWidget()
        assert parent is not None
        width = min(WIDTH, parent.width() - 2 * GAP_L)
        self.setGeometry((parent.width() - width) // 2, TOP, width, self.sizeHint().height())

    def _run(self, index: QModelIndex) -> None:
        if index.isValid():
            entry = self._found.value(index.row())
            self._leave()
            entry.do()

    def _leave(self) -> None:
        self.hide()
        parent = self.parentWidget()
        if parent is not None:
            parent.setFocus()


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
        entry, view, colours = index.data(ListModel.VALUE), _any(option), self._theme.colours
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
        title = metrics.elidedText(entry.title, Qt.TextElideMode.ElideRight, place.width())
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, title)
        painter.restore()


def _any(option: QStyleOptionViewItem) -> Any:
    """The stubs know none of its fields."""
    return option
