"""The answers that are being written, one in a conversation at most."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from ..domain import Message, ModelEntry
from ..models import ListModel
from ..services.endpoint import Endpoint
from ..services.store import Store
from .generation import Generation
from .starter import Starter


class Answers(QObject):
    """They go on whichever conversation is shown. `changed(ids)`: of conversations they are in."""

    changed = Signal(object)
    updated = Signal(object)
    ended = Signal(object)
    prefill = Signal(int, int)
    load_progress = Signal(str, float)
    save_failed = Signal(str)
    server_wanted = Signal()

    def __init__(
        self,
        store: Store,
        endpoint: Endpoint,
        models: ListModel[ModelEntry],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._endpoint = endpoint
        self._running: dict[str, Generation] = {}
        self._starter = Starter(endpoint, models, self)
        self._starter.load_progress.connect(self.load_progress)
        self._starter.server_wanted.connect(self.server_wanted)

    def __contains__(self, conversation_id: str) -> bool:
        return conversation_id in self._running

    def message(self, conversation_id: str) -> Message:
        """The one that is written there, as far as it is."""
        return self._running[conversation_id].message

    def begin(self, answer: Message) -> Generation:
        """It is there, and saved; `start` asks the model for it."""
        generation = Generation(answer, self._endpoint, self._store, self)
        self._running[answer.conversation_id] = generation
        self.changed.emit(list(self._running))
        generation.updated.connect(self.updated)
        generation.prefill.connect(self.prefill)
        generation.save_failed.connect(self.save_failed)
        generation.ended.connect(self._ended)
        return generation

    def start(self, generation: Generation, body: Mapping[str, Any]) -> None:
        self._starter.start(generation, body)

    def stop(self, conversation_id: str) -> None:
        if conversation_id in self._running:
            self._running[conversation_id].stop()

    def stop_all(self) -> None:
        for generation in list(self._running.values()):
            generation.stop()

    def set_server_ready(self, ready: bool, reason: str | None) -> None:
        self._starter.set_ready(ready, reason)

    def _ended(self, message: Message) -> None:
        del self._running[message.conversation_id]
        self.changed.emit(list(self._running))
        self._starter.forget()
        self.ended.emit(message)
