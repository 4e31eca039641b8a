"""Tool calls of an answer: each with its arguments and its result, folded."""

from __future__ import annotations

import json
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from ..domain import Message, ToolCall
from ..services.plain import one_line
from .fold import Fold
from .icon_label import IconLabel
from .icons import SMALL
from .plain import Label, selectable
from .style import MONOSPACE
from .theme import GAP, GAP_S, Theme
from .widgets import muted

# The most characters shown of arguments and of a result, the first ones.
MAX_SHOWN = 20_000


class CallCard(QFrame):
    """A tool call; its result comes later, or never. Emits `toggled(is_open)`."""

    toggled = Signal(bool)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("call")
        self._shown: tuple[ToolCall, Message | None] | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP, GAP_S, GAP, GAP_S)
        layout.setSpacing(GAP_S)
        head = QHBoxLayout()
        head.setSpacing(GAP_S)
        self._name = Fold(self)
        self._name.toggled.connect(self._toggle)
        self._time = muted("", self)
        self._failed = Label(self.tr("failed"), self)
        self._failed.setObjectName("error")
        self._failed.setStyleSheet(f"font-size: {theme.font_size - 2}px;")
        head.addWidget(IconLabel("tool", SMALL.width(), self))
        head.addWidget(self._name)
        head.addWidget(self._time)
        head.addWidget(self._failed)
        head.addStretch()
        layout.addLayout(head)
        size = theme.font_size - 1
        self._arguments, self._answer = self._part(size), self._part(size)
        self._answer_title = muted(self.tr("Result"), self)
        self._body: list[QWidget] = [self._arguments, self._answer_title, self._answer]
        for part in self._body:
            layout.addWidget(part)
            part.hide()

    def open(self) -> None:
        self._name.setChecked(True)

    def show_call(self, call: ToolCall, result: Message | None, seconds: float | None) -> None:
        if (call, result) == self._shown:
            return
        self._shown = call, result
        self._name.set_title(one_line(call.name))
        self.setAccessibleName(one_line(self.tr("Tool call: {name}").format(name=call.name)))
        self._time.setText("" if seconds is None else self.tr("{n} s").format(n=f"{seconds:.1f}"))
        self._failed.setVisible(result is not None and _has_failed(result))
        if self._name.isChecked():
            self._fill()

    def _part(self, size: int) -> Label:
        label = selectable(Label("", self, longest=MAX_SHOWN))
        label.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)  # the message's
        label.setStyleSheet(f"font-family: {MONOSPACE}; font-size: {size}px;")
        return label

    def _toggle(self, is_open: bool) -> None:
        self._fill()
        if not is_open:
            for part in self._body:
                part.hide()
        self.toggled.emit(is_open)

    def _fill(self) -> None:
        if self._shown is None:
            return
        call, result = self._shown
        self._arguments.setText(_set_out(call.arguments))
        self._arguments.show()
        if result is not None:
            self._answer.setText(_set_out(result.error or result.content))
        self._answer_title.setVisible(result is not None)
        self._answer.setVisible(result is not None)


def _has_failed(result: Message) -> bool:
    """Whether the tool says so: MCP by `isError`, others by `error`."""
    if result.error or result.status == "failed":
        return True
    said = _parsed(result.content)
    return isinstance(said, dict) and bool(said.get("isError") or said.get("error"))


def _set_out(text: str) -> str:
    """Indent JSON; incomplete and very long ones are shown as they are."""
    parsed = _parsed(text)
    return text if parsed is None else json.dumps(parsed, indent=2, ensure_ascii=False)


def _parsed(text: str) -> Any:
    if len(text) > MAX_SHOWN:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
