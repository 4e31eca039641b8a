"""A message: its text, thinking, tool calls and actions."""

from __future__ import annotations

import json

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QEnterEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from ..domain import Message, MessageRow, ToolCall
from ..services.plain import one_line
from .icon_label import IconLabel
from .icons import SMALL, icon
from .message_footer import Footer, Intents
from .plain import Label, Menu, NameLabel, selectable
from .rich_text import RichText
from .style import MONOSPACE
from .theme import GAP, GAP_L, GAP_S, Theme
from .widgets import hint_label, labelled_button

# The most characters shown of thinking, the last ones, and of arguments, the first.
MAX_SHOWN = 20_000
# The most tool calls shown of an answer.
MAX_CALLS = 100


class MessageCard(QWidget):
    """Shows one row; `show_row` updates it."""

    def __init__(
        self, row: MessageRow, theme: Theme, intents: Intents, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._intents = intents
        self._id = row.message.id
        self._thinking: Thinking | None = None
        self._calls: list[CallCard] = []
        is_question = row.message.role == "user"
        layout = self._layout = QVBoxLayout(self)
        layout.setContentsMargins(0, GAP, 0, GAP_S)
        layout.setSpacing(GAP)
        self._text = RichText(theme, self, hugs=is_question)
        self._files = hint_label("", self)
        if is_question:
            self._files.setAlignment(Qt.AlignmentFlag.AlignRight)
        layout.addWidget(self._files)
        self._body = self._bubble(self._text) if is_question else self._text
        layout.addWidget(self._body)
        self._error = Label("", self)
        self._error.setObjectName("error")
        self._error.setWordWrap(True)
        layout.addWidget(self._error)
        self._footer = Footer(row.message, intents, self)
        layout.addWidget(self._footer)
        self.show_row(row)

    def show_row(self, row: MessageRow) -> None:
        message = row.message
        self._show_thinking(message)
        self._files.setText("   ".join(f"▤ {one.name}" for one in message.attachments))
        self._files.setVisible(bool(message.attachments))
        self._text.show_text(message.content, growing=message.status == "streaming")
        self._body.setVisible(bool(message.content))
        self._show_calls(message)
        self._error.setText(message.error or "")
        self._error.setVisible(bool(message.error))
        self._footer.show_row(row)
        names = {
            "user": self.tr("You"),
            "assistant": self.tr("Assistant"),
            "tool": self.tr("Tool result"),
        }
        self.setAccessibleName(one_line(f"{names[message.role]}: {message.content[:200]}"))

    def set_last(self, is_last: bool) -> None:
        """Show the buttons of the last message always, others only under the pointer."""
        self._footer.set_last(is_last)

    def enterEvent(self, event: QEnterEvent) -> None:
        self._footer.set_hovered(True)
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._footer.set_hovered(False)
        super().leaveEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = Menu(self)
        self._footer.fill(menu)
        menu.exec(event.globalPos())

    def _bubble(self, text: QWidget) -> QWidget:
        holder = QWidget(self)
        layout = QHBoxLayout(holder)
        layout.setContentsMargins(GAP_L * 4, 0, 0, 0)
        bubble = QFrame(holder)
        bubble.setObjectName("bubble")
        inner = QVBoxLayout(bubble)
        inner.setContentsMargins(GAP_L, GAP + 4, GAP_L, GAP - 1)  # lines have their spacing below
        inner.addWidget(text)
        layout.addStretch(1)
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
        calls = message.tool_calls[:MAX_CALLS]
        while len(self._calls) < len(calls):
            card = CallCard(self._theme, self)
            self._calls.append(card)
            self._layout.insertWidget(self._layout.indexOf(self._error), card)
        for card, call in zip(self._calls, calls, strict=False):
            card.show_call(call)


class CallCard(QFrame):
    """A tool call with its arguments, indented if they are JSON."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("call")
        self._call: ToolCall | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP + 4, GAP, GAP + 4, GAP)
        layout.setSpacing(GAP_S)
        head = QHBoxLayout()
        sign = IconLabel("tool", SMALL.width(), self)
        self._name = NameLabel("", self)
        self._name.setStyleSheet("font-weight: 600;")
        head.addWidget(sign)
        head.addWidget(self._name, 1)
        layout.addLayout(head)
        self._arguments = selectable(Label("", self, longest=MAX_SHOWN))
        size = theme.font_size - 1
        self._arguments.setStyleSheet(f"font-family: {MONOSPACE}; font-size: {size}px;")
        layout.addWidget(self._arguments)

    def show_call(self, call: ToolCall) -> None:
        if call == self._call:
            return
        self._call = call
        self._name.setText(call.name)
        self._arguments.setText(_set_out(call.arguments))
        self.setAccessibleName(one_line(self.tr("Tool call: {name}").format(name=call.name)))


class Thinking(QFrame):
    """The model's thinking, collapsed until it is wanted."""

    toggled = Signal(bool)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("thinking")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP_S)
        self._head = labelled_button(self, "right", "", size=SMALL, kind="fold")
        self._head.setCheckable(True)
        self._head.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._head.toggled.connect(self._toggle)
        self._text = selectable(Label("", self, longest=MAX_SHOWN))
        line = theme.colours.line
        self._text.setStyleSheet(
            f"color: {theme.colours.muted}; border: none; border-left: 2px solid {line};"
            f" padding-left: {GAP + 4}px; margin-left: {GAP + 2}px;"
        )
        self._text.hide()
        self._message: Message | None = None
        layout.addWidget(self._head)
        layout.addWidget(self._text)

    def open(self) -> None:
        self._head.setChecked(True)

    def show_message(self, message: Message) -> None:
        self._message = message
        title = self._title(message)
        if title != self._head.text():
            self._head.setText(title)
            self._head.setAccessibleName(title)
        if self._head.isChecked():
            self._text.setText(message.reasoning[-MAX_SHOWN:])

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
        self._head.setIcon(icon("down" if is_open else "right"))
        if is_open and self._message is not None:
            self._text.setText(self._message.reasoning[-MAX_SHOWN:])
        self._text.setVisible(is_open)
        self.toggled.emit(is_open)


def _set_out(arguments: str) -> str:
    """Indent JSON arguments; incomplete and very long ones are shown as they are."""
    if len(arguments) > MAX_SHOWN:
        return arguments
    try:
        return json.dumps(json.loads(arguments), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return arguments
