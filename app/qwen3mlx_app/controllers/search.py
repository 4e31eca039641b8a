"""The search through all conversations."""

from __future__ import annotations

from PySide6.QtCore import QObject

from ..models import ListModel
from ..services.store import Hit, Store, StoreError
from ..services.timers import single_shot
from .conversations import ConversationsController
from .store_controller import StoreController

# Milliseconds without typing after which the search starts.
PAUSE = 80


class Search(StoreController):
    """`hits` are what was found; those of conversations that are deleted go."""

    def __init__(
        self, store: Store, conversations: ConversationsController, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._conversations = conversations.conversations
        self.hits = ListModel[Hit](lambda hit: hit.conversation_id, self._title_of, self)
        self._question = ""
        self._timer = single_shot(self, PAUSE, self._search)
        conversations.removed.connect(self.hits.remove)
        conversations.reloaded.connect(self._search)

    def look_for(self, question: str) -> None:
        """Search after a pause; an empty question clears `hits`."""
        self._question = question
        if question.strip():
            self._timer.start()
        else:
            self._timer.stop()
            self.hits.reset([])

    def _search(self) -> None:
        if not self._question.strip():
            return
        try:
            self.hits.reset(self._store.search(self._question))
        except StoreError as error:
            self._notify_error(str(error))

    def _title_of(self, hit: Hit) -> str:
        known = self._conversations.find(hit.conversation_id)
        return known.title if known else ""
