"""Runs answers once the server and the model are ready."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from ..domain import Message, ModelEntry, Progress
from ..models import ListModel
from ..services.endpoint import Endpoint
from ..services.http import EndpointError
from ..services.store import Stores
from .generation import Generation


class AnswerRunner(QObject):
    """Answers keep running whichever conversation is shown; compared ones are in the same.

    `changed(ids)` names the conversations that have a running answer. `added(messages)`,
    `updated(message)` and `ended(message)` tell of each answer. An answer that is started before
    the server is ready waits, and `server_wanted()` is emitted.
    `load_progress(model, 0 to 1)` is emitted while an answer's model is loaded.
    `save_failed(reason)` and `settled("save")` tell of answers that cannot be saved for a while.
    """

    changed = Signal(object)
    added = Signal(object)
    updated = Signal(object)
    ended = Signal(object)
    load_progress = Signal(str, float)
    save_failed = Signal(str)
    settled = Signal(str)
    server_wanted = Signal()

    def __init__(
        self,
        stores: Stores,
        endpoint: Endpoint,
        models: ListModel[ModelEntry],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._stores = stores
        self._endpoint = endpoint
        self._models = models
        self._running: list[Generation] = []
        self._later: dict[str, tuple[Generation, Mapping[str, Any]]] = {}  # by that before it
        self._server_ready = False
        self._waiting: list[tuple[Generation, Mapping[str, Any]]] = []

    def __contains__(self, conversation_id: str) -> bool:
        return bool(self._of(conversation_id))

    def messages(self, conversation_id: str) -> list[Message]:
        """The answers that are running in the conversation, as far as they have come."""
        return [one.message for one in self._of(conversation_id)]

    def progress(self, message_id: str) -> Progress | None:
        """What a running answer waits for, or does; None if it is over."""
        found = (one.progress for one in self._running if one.message.id == message_id)
        return next(found, None)

    def begin(self, answer: Message) -> Generation:
        """Show and save the answer, still empty; `start` asks the model for it."""
        generation = Generation(answer, self._endpoint, self._stores, self)
        self._running.append(generation)
        self._tell()
        generation.added.connect(self.added)
        generation.updated.connect(self.updated)
        generation.save_failed.connect(self.save_failed)
        generation.settled.connect(self.settled)
        generation.ended.connect(self._on_ended)
        return generation

    def start(self, generation: Generation, body: Mapping[str, Any]) -> None:
        """Send `body` now, after the model is loaded, or once the server is ready."""
        if not self._server_ready:
            self._waiting.append((generation, body))
            generation.wait(Progress(phase="server"))
            self.server_wanted.emit()
            return
        model_id = str(body["model"])
        entry = self._models.find(model_id)
        if entry is None or entry.state == "loaded":
            generation.start(body)
            return
        self._show_loading(model_id, generation, 0)
        self._endpoint.load(
            model_id,
            on_progress=lambda progress: self._show_loading(model_id, generation, progress),
            done=lambda loaded: self._on_loaded(loaded, generation, body),
            failed=lambda error: self._on_load_failed(model_id, generation, error),
        )

    def start_after(self, message_id: str, generation: Generation, body: Mapping[str, Any]) -> None:
        """Start it when another answer is over."""
        self._later[message_id] = generation, body

    def save(self, conversation_id: str) -> None:
        """Save now what has arrived of the conversation's running answers."""
        for generation in self._of(conversation_id):
            generation.save()

    def stop(self, conversation_id: str) -> None:
        for generation in self._of(conversation_id):
            generation.stop()

    def stop_all(self) -> None:
        for generation in list(self._running):
            generation.stop()

    def set_server_ready(self, ready: bool, reason: str | None = None) -> None:
        """Start the answers that wait; with a `reason` why it will not be ready, fail them."""
        self._server_ready = ready
        if not ready and reason is None:
            return
        waiting, self._waiting = self._waiting, []
        for generation, body in waiting:
            if reason is not None:
                generation.fail(reason)
            else:
                self.start(generation, body)

    def _of(self, conversation_id: str) -> list[Generation]:
        return [one for one in self._running if one.message.conversation_id == conversation_id]

    def _tell(self) -> None:
        ids = (one.message.conversation_id for one in self._running)
        self.changed.emit(list(dict.fromkeys(ids)))

    def _on_ended(self, message: Message) -> None:
        self._running = [one for one in self._running if not one.is_over]
        self._waiting = [(one, body) for one, body in self._waiting if not one.is_over]
        self._tell()
        self.ended.emit(message)
        generation, body = self._later.pop(message.id, (None, {}))
        if generation is not None and not generation.is_over:
            self.start(generation, body)

    def _show_loading(self, model_id: str, generation: Generation, progress: float) -> None:
        generation.wait(Progress(phase="loading", done=round(100 * progress), total=100))
        self.load_progress.emit(model_id, progress)

    def _on_loaded(
        self, entry: ModelEntry, generation: Generation, body: Mapping[str, Any]
    ) -> None:
        self._models.put(entry)
        generation.start(body)

    def _on_load_failed(self, model_id: str, generation: Generation, error: EndpointError) -> None:
        entry = self._models.find(model_id)
        if entry is not None:
            self._models.put(entry.not_loaded())
        generation.fail(str(error))
