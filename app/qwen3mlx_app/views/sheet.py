"""A sheet over a part of the window."""

from __future__ import annotations

import shiboken6
from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QWidget


class Sheet(QWidget):
    """Covers its parent. A click beside the sheet or Escape closes it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._sheet = QFrame(self)
        self._sheet.setObjectName("sheet")
        parent.installEventFilter(self)
        self.hide()

    def leave(self) -> None:
        """Close, and return the focus to where it was."""
        raise NotImplementedError

    def place(self) -> QRect:
        """Where the sheet is, within this widget."""
        raise NotImplementedError

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not self._sheet.geometry().contains(event.position().toPoint()):
            self.leave()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        is_resized = event.type() == QEvent.Type.Resize and shiboken6.isValid(self)
        if is_resized and self.isVisible() and watched is self.parentWidget():
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        parent = self.parentWidget()
        assert parent is not None
        self.setGeometry(parent.rect())
        self._sheet.setGeometry(self.place())
