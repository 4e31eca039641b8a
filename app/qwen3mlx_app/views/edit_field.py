"""A message as it is edited, in its own place."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from ..controllers.drafts import OpenDraft
from .file_dialogs import ask_files
from .message_field import FieldFrame, SendWith
from .plain import Button, set_tip
from .shortcuts import as_written
from .theme import GAP
from .widgets import tool_button


class Edits(NamedTuple):
    """`of(message id)` is the unfinished edit of a message, or None."""

    of: Callable[[str], OpenDraft | None]
    send_with: SendWith


# For messages that are not edited where they are shown.
NO_EDITS = Edits(lambda _: None, lambda: "enter")


class EditField(FieldFrame):
    """`is_question`: it has files, and is answered anew. Emits what the person wants."""

    cancelled = Signal()

    def __init__(self, send_with: SendWith, parent: QWidget, *, is_question: bool) -> None:
        super().__init__(send_with, parent)
        self.text.setAccessibleName(self.tr("Edit message"))
        self.text.takes_files = is_question
        row = QHBoxLayout()
        row.setSpacing(GAP)
        if is_question:
            row.addWidget(tool_button(self, "attach", self.tr("Attach files"), self._choose_files))
        row.addStretch()
        cancel = Button(self.tr("Cancel"), self)
        cancel.setAccessibleName(self.tr("Cancel edit"))
        set_tip(cancel, as_written("Esc"))
        cancel.clicked.connect(self.cancelled)
        self._send = Button(self.tr("Send") if is_question else self.tr("Save"), self)
        self._send.setObjectName("primary")
        self._send.clicked.connect(self.send)
        row.addWidget(cancel)
        row.addWidget(self._send)
        self.column.addLayout(row)

    def show_draft(self, draft: OpenDraft) -> None:
        self.text.set_text(draft.text)
        self.show_files(draft.files)

    def show_sendable(self) -> None:
        self._send.setEnabled(self.can_send)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.cancelled.emit()
        else:
            super().keyPressEvent(event)

    def _choose_files(self) -> None:
        if paths := ask_files(self):
            self.files_given.emit(paths)
