"""The model and the settings of the open conversation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QCoreApplication, QObject, Signal

from ..domain import ChatSettings, Notice, Undo
from .open_conversation import OpenConversation

translate = QCoreApplication.translate


class ConversationSettings(QObject):
    """`begin` opens a new conversation, where none is open and one is set up."""

    notice = Signal(object)

    def __init__(
        self,
        conversation: OpenConversation,
        begin: Callable[[], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._open = conversation
        self._begin = begin

    def set_model(self, model_id: str) -> None:
        self._open.change(model=model_id)

    def set(self, settings: ChatSettings) -> None:
        """Saved after a pause. What is sent of the conversation stays the same."""
        if self._open.value is None:
            self._begin()
        kept = self._open.settings.first_sent
        self._open.change_later(settings=replace(settings, first_sent=kept))

    def set_first_sent(self, message_id: str | None) -> None:
        """Send no message before this one to the model."""
        self._open.change_later(settings=replace(self._open.settings, first_sent=message_id))

    def replace(self, settings: ChatSettings) -> None:
        """Set them to a preset's or to the model's, which can be undone."""
        before = self._open.settings
        self.set(settings)
        if self._open.value is not None and settings != before:
            shown = self._open.value.id
            restore = partial(self._open.amend, shown, settings=before)
            undo = Undo("replace_settings", restore, shown)
            text = translate("chat", "The conversation's settings were replaced.")
            self.notice.emit(Notice(text=text, action=undo))
