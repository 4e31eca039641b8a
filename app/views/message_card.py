"""A message: what was said, thought and called, its figures, and what may be done with it."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ..domain import Message, MessageRow
from .rich_text import RichText, text_label
from .theme import GAP, GAP_L, GAP_S, Theme


class Intents(QObject):
    """What a person wants of a message; its id comes along."""

    copy = Signal(str)
    edit = Signal(str)
    regenerate = Signal(str)
    step_version = Signal(str, int)
    branch = Signal(str)
    continue_answer = Signal(str)
    delete = Signal(str)
    thinking_toggled = Signal(str, bool)


class MessageCard(QWidget):
    """`show_row` changes what it shows; nothing else does."""

    def __init__(
        self, row: MessageRow, theme: Theme, intents: Intents, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._intents = intents
        self._id = row.message.id
        self._thinking: Thinking | None = None
        self._calls: list[QLabel] = []
        layout = self._layout = QVBoxLayout(self)
        layout.setContentsMargins(0, GAP, 0, GAP)
        layout.setSpacing(GAP)
        if row.message.role == "user":
            self._text = RichText(theme.highlighter, self)
            layout.addWidget(self._bubble(self._text))
        else:
            self._text = RichText(theme.highlighter, self)
            layout.addWidget(self._text)
        self._error = QLabel(self)
        self._error.setObjectName("error")
        self._error.setWordWrap(True)
        layout.addWidget(self._error)
        self._footer = Footer(row.message, intents, self)
        layout.addWidget(self._footer)
        self.show_row(row)

    def show_row(self, row: MessageRow) -> None:
        message = row.message
        self._show_thinking(message)
        self._text.show_text(_shown_text(message), growing=message.status == "streaming")
        self._text.setVisible(bool(message.content or message.attachments))
        self._show_calls(message)
        self._error.setText(message.error or "")
        self._error.setVisible(bool(message.error))
        self._footer.show_row(row)
        self.setAccessibleName(f"{message.role}: {message.content[:200]}")

    def _bubble(self, text: QWidget) -> QWidget:
        holder = QWidget(self)
        layout = QHBoxLayout(holder)
        layout.setContentsMargins(GAP_L * 4, 0, 0, 0)
        bubble = QFrame(holder)
        bubble.setObjectName("bubble")
        inner = QVBoxLayout(bubble)
        inner.setContentsMargins(GAP_L, GAP + 2, GAP_L, GAP + 2)
        inner.addWidget(text)
        layout.addWidget(bubble)
        return holder

    def _show_thinking(self, message: Message) -> None:
        if not message.reasoning:
            return
        if self._thinking is None:
            self._thinking = Thinking(self._theme, self)
            self._thinking.toggled.connect(
                lambda is_open: self._intents.thinking_toggled.emit(self._id, is_open)
            )
            self._layout.insertWidget(0, self._thinking)
        self._thinking.show_message(message)

    def _show_calls(self, message: Message) -> None:
        while len(self._calls) < len(message.tool_calls):
            frame = QFrame(self)
            frame.setObjectName("call")
            label = text_label(frame)
            label.setTextFormat(Qt.TextFormat.PlainText)
            QVBoxLayout(frame).addWidget(label)
            self._calls.append(label)
            self._layout.insertWidget(self._layout.indexOf(self._error), frame)
        for label, call in zip(self._calls, message.tool_calls, strict=False):
            label.setText(f"{call.name}  {call.arguments}")


class Thinking(QFrame):
    """What the model thought, folded away when it is over."""

    toggled = Signal(bool)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("thinking")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP, GAP_S, GAP, GAP_S)
        self._head = QToolButton(self)
        self._head.setCheckable(True)
        self._head.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self._head.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._head.toggled.connect(self._toggle)
        self._text = text_label(self)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setObjectName("muted")
        self._text.hide()
        self._message: Message | None = None
        layout.addWidget(self._head)
        layout.addWidget(self._text)

    def show_message(self, message: Message) -> None:
        self._message = message
        self._head.setText(self._title(message))
        self._head.setAccessibleName(self._title(message))
        if self._head.isChecked():
            self._text.setText(message.reasoning[-20_000:])

    def _title(self, message: Message) -> str:
        stats = message.stats
        if message.status == "streaming" and not message.content:
            return self.tr("Thinking… {count} characters").format(count=len(message.reasoning))
        if stats is None or stats.thinking_s is None:
            return self.tr("Thoughts")
        if stats.reasoning_tokens:
            return self.tr("Thought for {seconds} s, {tokens} tokens").format(
                seconds=f"{stats.thinking_s:.1f}", tokens=stats.reasoning_tokens
            )
        return self.tr("Thought for {seconds} s").format(seconds=f"{stats.thinking_s:.1f}")

    def _toggle(self, is_open: bool) -> None:
        if is_open and self._message is not None:
            self._text.setText(self._message.reasoning[-20_000:])
        self._text.setVisible(is_open)
        self.toggled.emit(is_open)


class Footer(QWidget):
    """Figures, versions, and buttons."""

    def __init__(self, message: Message, intents: Intents, parent: QWidget) -> None:
        super().__init__(parent)
        self._id = message.id
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP_S)
        self._previous = self._button("‹", self.tr("Previous version"))
        self._previous.clicked.connect(lambda: intents.step_version.emit(self._id, -1))
        self._place = QLabel(self)
        self._place.setObjectName("muted")
        self._next = self._button("›", self.tr("Next version"))
        self._next.clicked.connect(lambda: intents.step_version.emit(self._id, 1))
        self._stats = QLabel(self)
        self._stats.setObjectName("muted")
        actions = [
            (self.tr("Copy"), self.tr("Copy the message"), intents.copy),
            (self.tr("Edit"), self.tr("Edit the message"), intents.edit),
            (self.tr("Again"), self.tr("Answer again"), intents.regenerate),
            (self.tr("Branch"), self.tr("Branch from here"), intents.branch),
            (self.tr("Delete"), self.tr("Delete from here on"), intents.delete),
        ]
        self._continue = self._button(self.tr("Continue"), self.tr("Continue the answer"))
        self._continue.clicked.connect(lambda: intents.continue_answer.emit(self._id))
        if message.role == "user":
            layout.addStretch()
        for widget in (self._previous, self._place, self._next, self._continue):
            layout.addWidget(widget)
        self._actions = []
        for text, name, signal in actions:
            button = self._button(text, name)
            button.clicked.connect(lambda _=False, signal=signal: signal.emit(self._id))
            self._actions.append(button)
            layout.addWidget(button)
        if message.role != "user":
            layout.addStretch()
        layout.addWidget(self._stats)

    def show_row(self, row: MessageRow) -> None:
        message, several = row.message, row.num_versions > 1
        is_over = message.status != "streaming"
        for widget in (self._previous, self._place, self._next):
            widget.setVisible(several and is_over)
        self._previous.setEnabled(row.version > 0)
        self._next.setEnabled(row.version < row.num_versions - 1)
        self._place.setText(f"{row.version + 1}/{row.num_versions}")
        for button in self._actions:
            button.setVisible(is_over)
        broken = message.status in ("stopped", "failed") or message.finish_reason == "length"
        self._continue.setVisible(message.role == "assistant" and is_over and broken)
        self._stats.setText(self._figures(message))

    def _figures(self, message: Message) -> str:
        stats, parts = message.stats, []
        if stats is not None and stats.tokens_per_second:
            parts.append(self.tr("{rate} tokens/s").format(rate=f"{stats.tokens_per_second:.1f}"))
        if stats is not None and stats.ttft_s is not None:
            parts.append(self.tr("first after {seconds} s").format(seconds=f"{stats.ttft_s:.2f}"))
        if stats is not None and stats.completion_tokens is not None:
            parts.append(self.tr("{count} tokens").format(count=stats.completion_tokens))
        if stats is not None and stats.cached_tokens:
            parts.append(self.tr("{count} cached").format(count=stats.cached_tokens))
        reasons = {
            "length": self.tr("length limit"),
            "tool_calls": self.tr("tool calls"),
        }
        if message.status == "stopped":
            parts.append(self.tr("stopped"))
        elif message.finish_reason in reasons:
            parts.append(reasons[message.finish_reason])
        return " · ".join(parts)

    def _button(self, text: str, name: str) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName("action")
        button.setText(text)
        button.setToolTip(name)
        button.setAccessibleName(name)
        return button


def _shown_text(message: Message) -> str:
    names = "".join(f"`{attachment.name}` " for attachment in message.attachments)
    return f"{names}\n\n{message.content}" if names else message.content
