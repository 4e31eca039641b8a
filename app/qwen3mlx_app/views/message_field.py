"""The field for a message, as high as its text."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QInputMethodEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QWidget

from ..services.timers import single_shot
from .scrolling import reserve_bar

# The most lines, and the most of the window's height that it takes; more can be scrolled to.
MAX_LINES, MAX_SHARE = 10, 0.4


class MessageField(QPlainTextEdit):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._later = single_shot(self, 0, self._fit)
        self.setTabChangesFocus(True)
        self.setAcceptDrops(False)  # the window handles dropped files
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        reserve_bar(self)
        self.textChanged.connect(self._fit)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.window().installEventFilter(self)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._later.start()  # all widgets are being styled now

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        super().inputMethodEvent(event)
        self._fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.window() and event.type() == QEvent.Type.Resize:
            self._fit()
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        """Take the height of the text. The document knows it only of the lines it has shown."""
        line = self.fontMetrics().lineSpacing()
        most = max(line, min(MAX_LINES * line, int(MAX_SHARE * self.window().height())))
        height, block = 0.0, self.document().begin()
        while block.isValid() and height <= most:
            height += self.blockBoundingRect(block).height()
            block = block.next()
        is_long = height > most + 1
        frame = self.height() - self.viewport().height() if self.isVisible() else 2
        margins = 2 * int(self.document().documentMargin()) + max(2, frame)
        self.setFixedHeight(int(most if is_long else max(height, line)) + margins)
