"""A model's thinking: a line with its time and tokens, and the text when it is unfolded."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from ..domain import Message
from .fold import Fold
from .message_text import MessageText
from .rich_text import RichLabel
from .theme import GAP, GAP_S, Theme


class Thinking(QFrame):
    """Folded until it is wanted. Emits `toggled(is_open)`."""

    toggled = Signal(bool)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("thinking")
        self._message: Message | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP_S)
        self._head = Fold(self)
        self._head.toggled.connect(self._toggle)
        self._body = QFrame(self)
        self._body.setObjectName("barred")
        inside = QVBoxLayout(self._body)
        inside.setContentsMargins(GAP + 4, 0, 0, 0)
        self._text = MessageText(theme, self._body, muted=True)
        inside.addWidget(self._text)
        self._body.hide()
        layout.addWidget(self._head)
        layout.addWidget(self._body)

    def open(self) -> None:
        self._head.setChecked(True)

    def show_message(self, message: Message) -> None:
        self._message = message
        self._head.set_title(self._title(message))
        if self._head.isChecked():
            self._show_text(message)

    def labels(self) -> list[RichLabel]:
        """The labels of its text, while it is unfolded."""
        return self._text.labels() if self._head.isChecked() else []

    def texts(self) -> list[MessageText]:
        """Its text, while it is unfolded."""
        return [self._text] if self._head.isChecked() else []

    def _title(self, message: Message) -> str:
        stats = message.stats
        seconds = f"{(stats.thinking_s if stats else None) or 0:.1f}"
        tokens = (stats.reasoning_tokens if stats else None) or 0
        if message.status == "streaming" and not (message.content or message.tool_calls):
            return self.tr("Thinking… {seconds} s, {tokens} tokens").format(
                seconds=seconds, tokens=f"{tokens:,}"
            )
        if stats is None or stats.thinking_s is None:
            return self.tr("Thoughts")
        if tokens:
            return self.tr("Thought for {seconds} s, {tokens} tokens").format(
                seconds=seconds, tokens=f"{tokens:,}"
            )
        return self.tr("Thought for {seconds} s").format(seconds=seconds)

    def _show_text(self, message: Message) -> None:
        is_growing = message.status == "streaming" and not message.content
        self._text.show_text(message.reasoning, growing=is_growing)

    def _toggle(self, is_open: bool) -> None:
        if is_open and self._message is not None:
            self._show_text(self._message)
        self._body.setVisible(is_open)
        self.toggled.emit(is_open)
