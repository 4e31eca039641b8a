"""Temporary chats: kept in memory alone, and forgotten when they are left."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QCoreApplication, QObject, Signal

from ..domain import Notice, Undo
from ..services.store import Stores
from ..services.timers import single_shot
from .answer_runner import AnswerRunner
from .drafts import Drafts

translate = QCoreApplication.translate

# Milliseconds for which a chat that was left can be brought back.
BACK_WITHIN = 30_000


class TemporaryChats(QObject):
    """`wanted(id)`: that one is to be shown again. `forgotten(id)`: nothing is left of it."""

    wanted = Signal(str)
    forgotten = Signal(str)
    notice = Signal(object)

    def __init__(
        self, stores: Stores, answers: AnswerRunner, drafts: Drafts, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._stores = stores
        self._answers = answers
        self._drafts = drafts
        self._left: str | None = None
        self._timer = single_shot(self, BACK_WITHIN, self.forget)

    def leave(self, conversation_id: str) -> None:
        """Stop its answer, and forget it after a while; the one that was left before, now."""
        self.forget()
        self._answers.stop(conversation_id)
        self._left = conversation_id
        self._timer.start()
        undo = Undo("discard_chat", partial(self._bring_back, conversation_id), conversation_id)
        text = translate("chat", "The temporary chat was discarded.")
        self.notice.emit(Notice(text=text, action=undo, topic="temporary"))

    def come_back(self, conversation_id: str | None) -> None:
        """This one is on screen again, whatever brought it there."""
        if conversation_id == self._left:
            self._timer.stop()
            self._left = None

    def forget(self) -> None:
        """Forget for good the one that was left."""
        self._timer.stop()
        conversation_id, self._left = self._left, None
        if conversation_id is not None:
            self._drafts.forget(conversation_id)
            self._stores.forget(conversation_id)
            self.forgotten.emit(conversation_id)

    def _bring_back(self, conversation_id: str) -> bool:
        self.wanted.emit(conversation_id)
        return True
