"""Keys of Linux and Windows that Qt leaves to whatever has the focus."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QWindow
from PySide6.QtWidgets import QMenuBar

Modifier = Qt.KeyboardModifier


class WindowKeys(QObject):
    """F10 opens the menu bar, Shift+F10 a context menu, and Alt with a letter types nothing.

    It sees the keys that no shortcut has taken, before any widget does.
    """

    def __init__(self, window: QWindow, bar: QMenuBar) -> None:
        super().__init__(bar)
        self._window = window
        self._bar = bar
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return False
        held = event.modifiers()
        if event.key() == Qt.Key.Key_F10 and held == Modifier.NoModifier:
            self._bar.setActiveAction(self._bar.actions()[0])
        elif event.key() == Qt.Key.Key_F10 and held == Modifier.ShiftModifier:
            reason = QContextMenuEvent.Reason.Keyboard
            menu = QContextMenuEvent(reason, QPoint(), QPoint())  # the window knows the place
            QCoreApplication.sendEvent(self._window, menu)
        else:
            types = bool(event.text()) and event.text().isprintable()
            return types and held & ~Modifier.ShiftModifier == Modifier.AltModifier
        return True
