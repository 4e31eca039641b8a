"""When an answer may begin: the server is ready, the model in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from ..domain import ModelEntry
from ..models import ListModel
from ..services.endpoint import Endpoint
from ..services.http import EndpointError
from .generation import Generation


class Starter(QObject):
    """Answers that are wanted before the server is ready wait for it: `server_wanted`.

    `load_progress(model, 0 to 1)` is said while the model is loaded for one.
    """

    load_progress = Signal(str, float)
    server_wanted = Signal()

    def __init__(
        self, endpoint: Endpoint, models: ListModel[ModelEntry], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._endpoint = endpoint
        self._models = models
        self._ready = False
        self._waiting: list[tuple[Generation, Mapping[str, Any]]] = []

    def set_ready(self, ready: bool, reason: str | None) -> None:
        """`reason`: the server will not be; those that wait end with it."""
        self._ready = ready
        if not ready and reason is None:
            return
        waiting, self._waiting = self._waiting, []
        for generation, body in waiting:
            if reason is not None:
                generation.fail(reason)
            else:
                self.start(generation, body)

    def start(self, generation: Generation, body: Mapping[str, Any]) -> None:
        if not self._ready:
            self._waiting.append((generation, body))
            self.server_wanted.emit()
            return
        model_id = str(body["model"])
        entry = self._models.find(model_id)
        if entry is None or entry.state == "loaded":
            generation.start(body)
            return
        self._endpoint.load(
            model_id,
            on_progress=lambda progress: self.load_progress.emit(model_id, progress),
            done=lambda loaded: self._loaded(loaded, generation, body),
            failed=lambda error: self._not_loaded(model_id, generation, error),
        )

    def forget(self) -> None:
        """Those that were stopped while they waited."""
        self._waiting = [
            (generation, body) for generation, body in self._waiting if not generation.is_over
        ]

    def _not_loaded(self, model_id: str, generation: Generation, error: EndpointError) -> None:
        entry = self._models.find(model_id)
        if entry is not None:
            self._models.put(entry.not_loaded())
        generation.fail(str(error))

    def _loaded(self, entry: ModelEntry, generation: Generation, body: Mapping[str, Any]) -> None:
        self._models.put(entry)
        generation.start(body)
