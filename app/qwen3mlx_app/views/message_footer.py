"""A message's footer: versions, statistics and actions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Qt, Signal, SignalInstance
from PySide6.QtWidgets import QHBoxLayout, QWidget

from ..domain import EDITED, Message, MessageRow
from .copy_button import CopyButton
from .figures import Figures
from .icons import icon
from .plain import Menu, NameLabel, ToolButton
from .theme import GAP_S
from .widgets import tool_button


class Intents(QObject):
    """What a person wants to do with a message, given by its id; with a file, by the file's.

    `call_replied` has the id of a tool call, and whether it may run.
    """

    copy = Signal(str)
    copy_rich = Signal(str)
    edit = Signal(str)
    edit_entered = Signal(str)
    edit_changed = Signal(str, str)
    edit_sent = Signal(str)
    edit_cancelled = Signal(str)
    files_given = Signal(str, object)
    file_removed = Signal(str)
    regenerate = Signal(str)
    regenerate_with = Signal(str)
    step_version = Signal(str, int)
    branch = Signal(str)
    continue_answer = Signal(str)
    delete = Signal(str)
    call_replied = Signal(str, str)


class Footer(QWidget):
    """Actions and statistics are shown under the pointer, with the focus, or if it is the last.

    They keep their space: nothing moves when they come.
    """

    def __init__(self, message: Message, intents: Intents, parent: QWidget) -> None:
        super().__init__(parent)
        self._message = message
        self._intents = intents
        self._reasons: set[str] = set()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        self._previous = self._button("left", self.tr("Previous version"), partial(self._step, -1))
        self._place = NameLabel("", self)
        self._place.setObjectName("muted")
        self._next = self._button("right", self.tr("Next version"), partial(self._step, 1))
        self._continue = self._button(
            "continue", self.tr("Continue"), partial(self._emit, intents.continue_answer)
        )
        copy = CopyButton(self.tr("Copy Message"), partial(self._emit, intents.copy), self)
        self._actions: list[QWidget] = [
            copy,
            *(
                self._button(name, text, partial(self._emit, signal))
                for name, text, signal in self._choices()
            ),
        ]
        self._stats = None if message.role == "user" else Figures(self)
        self._shown = [*self._actions, *([self._stats] if self._stats is not None else [])]
        for kept in self._shown:
            policy = kept.sizePolicy()
            policy.setRetainSizeWhenHidden(True)
            kept.setSizePolicy(policy)
        versions = [self._previous, self._place, self._next]
        for widget in (*versions, self._continue, *self._actions):
            layout.addWidget(widget)
        if self._stats is not None:
            layout.addSpacing(GAP_S)
            layout.addWidget(self._stats, 1)

    def focused(self) -> int:
        """The number of the button that has the focus, or -1."""
        focused = self.window().focusWidget()
        found = [place for place, one in enumerate(self._buttons()) if one is focused]
        return found[0] if found else -1

    def take_focus(self, number: int) -> None:
        """Give the focus to a button, if there is one that can be pressed."""
        button = self._buttons()[number] if number >= 0 else None
        if button is not None and button.isVisible() and button.isEnabled():
            button.setFocus(Qt.FocusReason.TabFocusReason)

    def _buttons(self) -> list[QWidget]:
        return [self._previous, self._next, self._continue, *self._actions]

    def show_row(self, row: MessageRow) -> None:
        message, several = row.message, row.num_versions > 1
        self._message = message
        is_over = message.status != "streaming"
        for widget in (self._previous, self._next):
            widget.setVisible(several and is_over)
        parts = [f"{row.version + 1}/{row.num_versions}"] if several else []
        parts += [self.tr("edited")] if message.finish_reason == EDITED else []
        self._place.setText(" · ".join(parts))
        self._place.setVisible(bool(parts) and is_over)
        self._previous.setEnabled(row.version > 0)
        self._next.setEnabled(row.version < row.num_versions - 1)
        self._continue.setVisible(message.is_broken_off)
        if self._stats is not None:
            self._stats.show_figures(self._figures(message))
        self._show_actions()

    def set_shown(self, reason: str, is_shown: bool) -> None:
        """Show the actions as long as there is a reason to."""
        (self._reasons.add if is_shown else self._reasons.discard)(reason)
        self._show_actions()

    def fill(self, menu: Menu) -> None:
        """Add the actions to a menu."""
        copies = [
            ("copy", self.tr("Copy as Markdown"), self._intents.copy),
            ("", self.tr("Copy as Rich Text"), self._intents.copy_rich),
        ]
        for name, text, signal in copies:
            menu.add(text, partial(self._emit, signal), icon(name) if name else None)
        if self._message.status == "streaming":
            return
        menu.addSeparator()
        if self._message.is_broken_off:
            menu.add(self.tr("Continue"), partial(self._emit, self._intents.continue_answer))
        for name, text, signal in self._choices():
            menu.add(text, partial(self._emit, signal), icon(name))
            if signal is self._intents.regenerate:
                text, signal = self.tr("Regenerate With…"), self._intents.regenerate_with
                menu.add(text, partial(self._emit, signal))

    def _choices(self) -> list[tuple[str, str, SignalInstance]]:
        intents = self._intents
        return [
            ("edit", self.tr("Edit Message"), intents.edit),
            ("again", self.tr("Regenerate"), intents.regenerate),
            ("branch", self.tr("Branch from Here"), intents.branch),
            ("trash", self.tr("Delete from Here"), intents.delete),
        ]

    def _show_actions(self) -> None:
        shown = self._message.status != "streaming" and bool(self._reasons)
        for widget in self._shown:
            widget.setVisible(shown)

    def _emit(self, signal: SignalInstance) -> None:
        signal.emit(self._message.id)

    def _step(self, step: int) -> None:
        self._intents.step_version.emit(self._message.id, step)

    def _figures(self, message: Message) -> list[str]:
        """The most important are first: why the answer ended, then how fast and long it is."""
        stats, figures = message.stats, self._ending(message)
        if stats is None:
            return figures
        if stats.tokens_per_second:
            figures.append(self.tr("{rate} tokens/s").format(rate=f"{stats.tokens_per_second:.1f}"))
        if stats.completion_tokens is not None:
            figures.append(self.tr("{count} tokens").format(count=stats.completion_tokens))
        if stats.ttft_s is not None:
            figures.append(
                self.tr("{seconds} s to first token").format(seconds=f"{stats.ttft_s:.2f}")
            )
        if stats.cached_tokens:
            figures.append(self.tr("{count} cached").format(count=stats.cached_tokens))
        return figures

    def _ending(self, message: Message) -> list[str]:
        if message.status == "stopped":
            return [self.tr("stopped")]
        reasons = {"length": self.tr("length limit"), "tool_calls": self.tr("tool calls")}
        reason = reasons.get(message.finish_reason or "")
        return [reason] if reason else []

    def _button(self, name: str, text: str, do: Callable[[], None]) -> ToolButton:
        return tool_button(self, name, text, do, kind="action")
