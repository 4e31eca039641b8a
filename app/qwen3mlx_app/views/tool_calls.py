"""Tool calls of an answer: each with its arguments, what it does, and its result."""

from __future__ import annotations

import json
import time
from typing import Any, NamedTuple

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from ..domain import CallProgress, Message, ToolCall
from ..services.plain import one_line
from .call_question import CallQuestion
from .fold import Fold
from .icon_label import IconLabel
from .icons import SMALL
from .plain import Label, selectable
from .style import MONOSPACE
from .theme import GAP, GAP_S, Theme
from .widgets import hint_label, muted

# The most characters shown of arguments and of a result, the first ones.
MAX_SHOWN = 20_000
# Milliseconds between updates of the time that a call has taken.
TICK = 1000


class ShownCall(NamedTuple):
    """A call, its result if there is one, how long it took, and what it does now."""

    call: ToolCall
    result: Message | None = None
    seconds: float | None = None
    progress: CallProgress | None = None

    @property
    def is_asked(self) -> bool:
        return self.progress is not None and self.progress.state == "asked"


class CallCard(QFrame):
    """A tool call, folded but for the question whether it may run.

    Its result comes later, or never. Emits `toggled(is_open)`, and `replied(id, reply)`.
    """

    toggled = Signal(bool)
    replied = Signal(str, str)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("call")
        self._shown: ShownCall | None = None
        self._ticks = QTimer(self)
        self._ticks.setInterval(TICK)
        self._ticks.timeout.connect(self._show_state)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP, GAP_S, GAP, GAP_S)
        layout.setSpacing(GAP_S)
        head = QHBoxLayout()
        head.setSpacing(GAP_S)
        self._name = Fold(self)
        self._name.toggled.connect(self._toggle)
        self._time = muted("", self)
        self._ending = Label("", self)
        self._ending.setStyleSheet(f"font-size: {theme.font_size - 2}px;")
        head.addWidget(IconLabel("tools", SMALL, self))
        head.addWidget(self._name)
        head.addWidget(self._time)
        head.addWidget(self._ending)
        head.addStretch()
        layout.addLayout(head)
        self._bar = QProgressBar(self)
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 100)
        self._doing = hint_label("", self)
        self._question = CallQuestion(self)
        self._question.replied.connect(self._reply)
        size = theme.font_size - 1
        self._arguments, self._answer = self._part(size), self._part(size)
        self._answer_title = muted(self.tr("Result"), self)
        self._body: list[QWidget] = [self._arguments, self._answer_title, self._answer]
        for part in (self._bar, self._doing, *self._body, self._question):
            layout.addWidget(part)
            part.hide()

    def open(self) -> None:
        self._name.setChecked(True)

    def show_call(self, shown: ShownCall) -> None:
        if shown == self._shown:
            return
        was_asked, self._shown = self._shown is not None and self._shown.is_asked, shown
        name = one_line(shown.call.name)
        self._name.set_title(name)
        self.setAccessibleName(one_line(self.tr("Tool call: {name}").format(name=name)))
        if shown.is_asked and not was_asked and shown.progress is not None:
            self._question.ask(name, shown.progress.server)
        self._question.setVisible(shown.is_asked)
        self._show_state()
        self._fill()

    def _show_state(self) -> None:
        """Show how the call ended, or how far it is."""
        if self._shown is None:
            return
        _, result, seconds, progress = self._shown
        is_running = progress is not None and progress.state == "running"
        if progress is not None and is_running:
            seconds = max(0.0, time.time() - progress.since)
        (self._ticks.start if is_running else self._ticks.stop)()
        digits = 0 if is_running else 1
        told = "" if seconds is None else self.tr("{n} s").format(n=f"{seconds:.{digits}f}")
        self._time.setText(self.tr("Running… {time}").format(time=told) if is_running else told)
        self._show_ending(result)
        total = progress.total if progress is not None else None
        self._bar.setVisible(bool(total))
        if progress is not None and total:
            self._bar.setValue(round(100 * min(1.0, max(0.0, progress.done / total))))
            self._bar.setAccessibleName(self.tr("Progress"))
        self._doing.setText(one_line(progress.message if progress is not None else ""))
        self._doing.setVisible(bool(self._doing.text()))

    def _show_ending(self, result: Message | None) -> None:
        ending, kind = "", "muted"
        if result is not None and result.status == "stopped":
            ending = self.tr("stopped")
        elif result is not None and result.finish_reason == "denied":
            ending = self.tr("denied")
        elif result is not None and result.finish_reason == "timeout":
            ending, kind = self.tr("timed out"), "error"
        elif result is not None and _has_failed(result):
            ending, kind = self.tr("failed"), "error"
        self._ending.setText(ending)
        self._ending.setVisible(bool(ending))
        if self._ending.objectName() != kind:
            self._ending.setObjectName(kind)
            self._ending.style().polish(self._ending)

    def _reply(self, reply: str) -> None:
        if self._shown is not None:
            self.replied.emit(self._shown.call.id, reply)

    def _part(self, size: int) -> Label:
        label = selectable(Label("", self, longest=MAX_SHOWN))
        label.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)  # the message's
        label.setStyleSheet(f"font-family: {MONOSPACE}; font-size: {size}px;")
        return label

    def _toggle(self, is_open: bool) -> None:
        self._fill()
        self.toggled.emit(is_open)

    def _fill(self) -> None:
        """Show the arguments and the result where they are wanted, and those of a question."""
        if self._shown is None:
            return
        is_open, call, result = self._name.isChecked(), self._shown.call, self._shown.result
        has_result = is_open and result is not None and result.status != "streaming"
        if is_open or self._shown.is_asked:
            self._arguments.setText(_set_out(call.arguments))
        if has_result and result is not None:
            self._answer.setText(_set_out(result.error or result.content))
        self._arguments.setVisible(is_open or self._shown.is_asked)
        self._answer_title.setVisible(has_result)
        self._answer.setVisible(has_result)


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
