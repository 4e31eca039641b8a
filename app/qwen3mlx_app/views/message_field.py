"""The field for a message, as high as its text, and the frame around it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject, QSize, Qt, Signal
from PySide6.QtGui import QInputMethodEvent, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QVBoxLayout, QWidget

from ..controllers.drafts import DraftFile
from ..services.timers import single_shot
from .attachment_chips import AttachmentChips
from .opening import local_files
from .plain import show_tip
from .scrolling import reserve_bar
from .theme import GAP

# The most lines, and the most of the window's height that it takes; more can be scrolled to.
MAX_LINES, MAX_SHARE = 10, 0.4
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_PAGES = (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)

# Returns "enter" if the Return key alone sends; else it takes Ctrl, on a Mac Command, with it.
SendWith = Callable[[], str]


class MessageField(QPlainTextEdit):
    """Emits `sent` at the key that sends. Keys of an input method are left to it.

    `files_pasted(paths)`: files that were copied elsewhere, if it `takes_files`.
    """

    sent = Signal()
    files_pasted = Signal(object)

    def __init__(self, send_with: SendWith, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.takes_files = True
        self._send_with = send_with
        self._height = 0
        self._later = single_shot(self, 0, self._fit)
        self.setTabChangesFocus(True)
        self.setAcceptDrops(False)  # the window handles dropped files
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        reserve_bar(self)
        self.textChanged.connect(self._fit)
        self._fit()

    def set_text(self, text: str) -> None:
        """Show other text, with the cursor at its end."""
        if text != self.toPlainText():
            self.setPlainText(text)
            self.moveCursor(self.textCursor().MoveOperation.End)

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), self._height)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_composing = self.textCursor().block().layout().preeditAreaText() != ""
        if is_composing and event.key() in (*_ENTER, Qt.Key.Key_Escape):
            event.accept()
        elif event.key() in _ENTER and self._sends(event):
            self.sent.emit()
        elif event.key() in _PAGES and self.verticalScrollBar().maximum() == 0:
            event.ignore()  # they turn the conversation's
        elif event.key() == Qt.Key.Key_Up and self.document().isEmpty() and not is_composing:
            event.ignore()  # it edits the last question
        else:
            super().keyPressEvent(event)

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        return bool(self._files(source)) or super().canInsertFromMimeData(source)

    def insertFromMimeData(self, source: QMimeData) -> None:
        if paths := self._files(source):
            self.files_pasted.emit(paths)
        elif source.hasImage() and not source.hasText():
            text = self.tr("Images cannot be pasted: Qwen3 reads only text.")
            show_tip(self.mapToGlobal(self.cursorRect().bottomLeft()), text, self)
        else:
            super().insertFromMimeData(source)

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

    def _files(self, source: QMimeData) -> list[Path]:
        return local_files(source) if self.takes_files else []

    def _sends(self, event: QKeyEvent) -> bool:
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        return control or (self._send_with() == "enter" and not shift)

    def _fit(self) -> None:
        """Take the height of the text, or of a line where the window has no room for more.

        The document knows it only of the lines it has shown.
        """
        line = self.fontMetrics().lineSpacing()
        most = max(line, min(MAX_LINES * line, int(MAX_SHARE * self.window().height())))
        height, block = 0.0, self.document().begin()
        while block.isValid() and height <= most:
            height += self.blockBoundingRect(block).height()
            block = block.next()
        is_long = height > most + 1
        frame = self.height() - self.viewport().height() if self.isVisible() else 2
        margins = 2 * int(self.document().documentMargin()) + max(2, frame)
        self._height = int(most if is_long else max(height, line)) + margins
        self.setMinimumHeight(line + margins)
        self.setMaximumHeight(self._height)
        self.resize(self.width(), self._height)  # at once; the layout takes back what it lacks
        self.updateGeometry()


class FieldFrame(QFrame):
    """A field with its files above it; a subclass adds a row of buttons to `column`.

    Emits what the person wants: `sent` only while there is something that can be sent, `entered`
    when the field gets the focus.
    """

    files_given = Signal(object)
    sent = Signal()
    entered = Signal()
    text_changed = Signal(str)
    file_removed = Signal(str)

    def __init__(self, send_with: SendWith, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("composer")
        self._files: Sequence[DraftFile] = ()
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(GAP + 4, GAP + 4, GAP, GAP)
        self.column.setSpacing(GAP)
        self._chips = AttachmentChips(self)
        self._chips.removed.connect(self.file_removed)
        self.text = MessageField(send_with, self)
        self.text.textChanged.connect(self._text_changed)
        self.text.sent.connect(self.send)
        self.text.files_pasted.connect(self.files_given)
        self.text.installEventFilter(self)
        self.column.addWidget(self._chips)
        self.column.addWidget(self.text)

    @property
    def can_send(self) -> bool:
        return bool(self.text.toPlainText().strip() or self._files)

    def send(self) -> None:
        if self.can_send:
            self.sent.emit()

    def show_files(self, files: Sequence[DraftFile]) -> None:
        self._files = files
        self._chips.show_files(files)
        self.show_sendable()

    def show_sendable(self) -> None:
        """Enable the button that sends, or disable it."""
        raise NotImplementedError

    def set_look(self, name: str, is_on: bool) -> None:
        """Set a property that the style sheet asks for."""
        if self.property(name) != is_on:
            self.setProperty(name, is_on)
            self.style().unpolish(self)
            self.style().polish(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.set_look("focused", event.type() == QEvent.Type.FocusIn)
        if event.type() == QEvent.Type.FocusIn:
            self.entered.emit()
        return super().eventFilter(watched, event)

    def _text_changed(self) -> None:
        self.show_sendable()
        self.text_changed.emit(self.text.toPlainText())
