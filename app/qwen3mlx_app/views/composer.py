"""The composer: text, attachments, thinking, model, and context use."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from ..controllers.drafts import OpenDraft
from ..domain import Attachment, ThinkingMode
from ..services.plain import one_line
from .counts import exact_count, short_count
from .file_dialogs import ask_files
from .icons import icon
from .message_field import FieldFrame, SendWith
from .meter import Meter
from .model_button import ElidingButton, ModelButton
from .plain import Button, set_tip
from .theme import GAP_L, GAP_S, Theme
from .tools_button import ToolsButton
from .widgets import labelled_button, muted, tool_button


class Composer(FieldFrame):
    """Emits what the person wants; shows what it is told."""

    stopped = Signal()
    thinking_changed = Signal(bool)
    models_wanted = Signal()
    other_removed = Signal()

    def __init__(self, send_with: SendWith, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(send_with, parent)
        self._theme = theme
        self._is_too_long = False
        self.text.setAccessibleName(self.tr("Message"))
        self.column.addLayout(self._row())
        self.set_temporary(False)

    @property
    def can_send(self) -> bool:
        return super().can_send and not self._is_too_long and not self._send.isHidden()

    @property
    def attachments(self) -> list[Attachment]:
        """The files of the draft that were read."""
        return [file.attachment for file in self._files if file.attachment is not None]

    def show_draft(self, draft: OpenDraft | None) -> None:
        """Show a draft that was begun before."""
        self.text.set_text(draft.text if draft else "")
        self.show_files(draft.files if draft else ())

    def set_busy(self, busy: bool) -> None:
        self._send.setVisible(not busy)
        self._stop.setVisible(busy)

    def show_other(self, name: str | None) -> None:
        """Name the model that answers as well, if one does."""
        self._other.setVisible(name is not None)
        self._other.setText(one_line(name or ""))
        set_tip(self._other, self.tr("{name} answers as well. Click to stop.").format(name=name))
        self._other.setAccessibleName(self.tr("Stop comparing"))
        self._fit_row()

    def set_temporary(self, is_temporary: bool) -> None:
        """Show that what is written is not saved."""
        hint = self.tr("Ask Qwen…")
        if is_temporary:
            hint = self.tr("Ask Qwen… This chat is not saved.")
        self.text.setPlaceholderText(hint)
        self.set_look("temporary", is_temporary)

    def set_thinking(self, mode: ThinkingMode) -> None:
        with QSignalBlocker(self._think):
            self._think.setChecked(mode.is_on)
        self._think.setEnabled(mode.can_change and not mode.by_switch)
        text = self.tr("Think")
        if mode.is_on and mode.budget is not None:
            text += f" · {short_count(mode.budget)}"
        self._think.setText(text)
        if mode.by_switch:
            tip = self.tr("Set by /think or /no_think in the message")
        elif mode.can_change:
            tip = self.tr("Think before answering")
        elif mode.is_on:
            tip = self.tr("This model always thinks before answering")
        else:
            tip = self.tr("This model does not support thinking")
        set_tip(self._think, tip)

    def set_cost(self, used: int | None, total: int | None) -> None:
        known = used is not None and bool(total)
        self._meter.setVisible(known)
        self._is_too_long = used is not None and bool(total) and used >= (total or 0)
        self.show_sendable()
        if used is None or not total:
            self._cost.setText("")
            self._fit_row()
            return
        self._meter.set_share(used / total)
        size = short_count(total)
        if self._is_too_long:
            text = self.tr("{used} / {size}, too long").format(used=exact_count(used), size=size)
        else:
            percent = round(100 * used / total)
            text = self.tr("{percent}% of {size}").format(percent=percent, size=size)
        self._cost.setText(text)
        self._fit_row()
        tip = self.tr("{used} of {total} tokens").format(used=f"{used:,}", total=f"{total:,}")
        for widget in (self._cost, self._meter):
            set_tip(widget, tip)
        self._meter.setAccessibleName(one_line(f"{text}: {tip}"))

    def choose_files(self) -> None:
        if paths := ask_files(self):
            self.files_given.emit(paths)

    def _row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(GAP_S)
        attach = tool_button(self, "attach", self.tr("Attach files"), self.choose_files)
        set_tip(attach, self.tr("Attach text, code, PDF, or Word files"))
        self._think = labelled_button(self, "think", self.tr("Think"), kind="pill")
        self._think.setAccessibleName(self.tr("Think before answering"))
        self._think.setCheckable(True)
        self._think.toggled.connect(self.thinking_changed)
        self.tools = ToolsButton(self)
        self.model = ModelButton(self)
        self.model.clicked.connect(self.models_wanted)
        self._other = ElidingButton(self)
        self._other.setObjectName("pill")
        self._other.setIcon(icon("close"))
        self._other.clicked.connect(self.other_removed)
        self._other.hide()
        self._meter = Meter(self._theme, self)
        self._cost = muted("", self)
        self._cost.setAccessibleName(self.tr("Context used"))
        self._send = self._round("send", self.tr("Send"))
        self._send.setEnabled(False)
        self._send.clicked.connect(self.send)
        self._stop = self._round("stop", self.tr("Stop"))
        self._stop.clicked.connect(self.stopped)
        self._stop.hide()
        left: list[QWidget] = [attach, self._think, self.tools, self.model, self._other]
        right: list[QWidget] = [self._meter, self._cost, self._send, self._stop]
        self._in_row = [*left, *right]
        for widget in left:
            row.addWidget(widget)
        row.addStretch()
        for widget in right:
            row.addWidget(widget)
        return row

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_row()

    def _fit_row(self) -> None:
        """Leave out the figures of the context where there is no room; the meter's tip has them.

        Where there is still none, the words of the tools' button and of thinking go as well.
        """
        style = Qt.ToolButtonStyle
        self.tools.set_short(False)
        self._think.setToolButtonStyle(style.ToolButtonTextBesideIcon)
        names = [one for one in (self.model, self._other) if not one.isHidden()]
        left_out: list[QWidget] = [self._cost, self._stop, self.model, self._other]
        others = [one for one in self._in_row if one not in left_out]
        fixed = sum(one.minimumWidth() for one in names)
        fixed += (len(self._in_row) - 1) * GAP_S + 2 * GAP_L

        def needed() -> int:
            return fixed + sum(one.sizeHint().width() for one in others)

        is_narrow = needed() > self.width()
        self.tools.set_short(is_narrow)
        if needed() > self.width():
            self._think.setToolButtonStyle(style.ToolButtonIconOnly)
        whole = needed() + self._cost.sizeHint().width()
        is_shown = bool(self._cost.text()) and not is_narrow and whole <= self.width()
        self._cost.setVisible(is_shown)

    def _round(self, name: str, text: str) -> Button:
        button = Button("", self)
        button.setObjectName("round")
        button.setIcon(icon(name, "on_accent"))
        set_tip(button, text)
        button.setAccessibleName(text)
        return button

    def show_sendable(self) -> None:
        self._send.setEnabled(super().can_send and not self._is_too_long)
        too_long = self.tr("Too long for the model's context")
        set_tip(self._send, too_long if self._is_too_long else self.tr("Send"))
