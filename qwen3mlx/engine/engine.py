"""The engine's interface for other threads."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence as SequenceOf
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from ..config import EngineConfig, LoadOptions
from ..errors import UnavailableError
from .commands import Adapt, Cancel, Embed, KeepModel, LoadModel, Submit, UnloadModel
from .memory import MemoryBudget
from .model_pool import Loader, OwnLoader, PendingLoad, ProgressCallback
from .resident_model import ResidentModel
from .sequence import Sequence
from .worker import Strikes, Worker

# Work that takes longer than this many seconds is reported as stuck.
STUCK = 60.0

_log = logging.getLogger(__name__)


class Stats(NamedTuple):
    """A snapshot of the engine: requests, models, and memory in bytes.

    `restarts` counts the threads that were started after a fault.
    """

    running: int
    waiting: int
    loaded_models: int
    weight_bytes: int
    kv_bytes: int
    prefix_cache_bytes: int
    memory_limit: int
    restarts: int


class Engine:
    """Runs models on a thread of its own. Call its methods from any thread; callbacks run on the
    engine's.

    If a fault ends that thread, running and waiting requests fail with UnavailableError, and a new
    thread starts without models. After too many faults within a minute, no new thread starts.
    """

    def __init__(self, config: EngineConfig | None = None, loader: Loader | None = None) -> None:
        self.config = config or EngineConfig()
        self._loader = loader or OwnLoader()
        self.restarts = 0
        self.last_fault: str | None = None
        self._deaths = Strikes()
        self._closing = False
        self._succession = threading.Lock()  # serializes restarts if a new thread dies at once
        self._worker = Worker(self.config, self._loader, self._has_died)

    @property
    def budget(self) -> MemoryBudget:
        return self._worker.budget

    @property
    def resident(self) -> dict[str, ResidentModel]:
        """The models in memory, by id."""
        return dict(self._worker.models.resident)

    def available(self, model_id: str) -> ResidentModel | None:
        """Return the model if it is in memory and accepts requests."""
        return self._worker.models.available(model_id)

    @property
    def loads(self) -> dict[str, PendingLoad]:
        """The models that are loading, by id."""
        return dict(self._worker.models.loads)

    @property
    def is_alive(self) -> bool:
        """Whether the engine has started, and has neither been closed nor given up after faults."""
        return self._worker.thread.is_alive()

    @property
    def trouble(self) -> str | None:
        """Why the engine cannot answer, in one sentence; None if it can."""
        worker = self._worker
        if not worker.thread.is_alive():
            return self._down()
        if (seconds := worker.stuck_for) > STUCK:
            return f"The engine has made no progress for {seconds:.0f} s."
        for model_id, lost in list(worker.models.lost.items()):
            return f"{model_id}: {lost.fault}. It is loaded again."
        return None

    def start(self) -> None:
        self._worker.thread.start()

    def close(self) -> None:
        """Fail all requests with UnavailableError, unload the models, and wait for the thread."""
        self._closing = True
        while (worker := self._worker).thread.is_alive():
            worker.close()
            worker.thread.join()

    def load(
        self,
        model_id: str,
        path: Path,
        options: LoadOptions | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> Future[ResidentModel]:
        """Load a model. With `options` None, a resident model is used as it is, and others load
        with defaults.

        Idle models are unloaded to make room, least recently used first. The load waits for busy
        models, and for requests that use this model with other options. `on_progress` is called
        with 0 to 1. The future raises UnavailableError for a model that was lost, and is loaded
        again.
        """
        return self._worker.post(LoadModel(model_id, path, options, on_progress))

    def adapt(self, base: ResidentModel, model_id: str, folder: Path) -> Future[ResidentModel]:
        """Make a model of `base` and the adapter in `folder`, which shares the base's weights.

        The base stays as long as the model does. The future raises CheckpointError,
        MemoryBudgetError, or ModelGoneError if the base was unloaded in the meantime.
        """
        return self._worker.post(Adapt(base, model_id, folder))

    def unload(self, model_id: str) -> Future[bool]:
        """Unload the model. Its requests, or its load, fail with UnavailableError. Return False if
        there was none.
        """
        return self._worker.post(UnloadModel(model_id))

    def keep(self, resident: ResidentModel, ttl_s: float) -> Future[None]:
        """Keep the model for `ttl_s` seconds after now, and after each request that sets no limit
        of its own.
        """
        return self._worker.post(KeepModel(resident, ttl_s))

    def submit(
        self, resident: ResidentModel, sequence: Sequence, ttl_s: float | None = None
    ) -> Future[None]:
        """Queue a sequence, whose sink receives its outputs. Idle models are unloaded to make room.

        The future raises MemoryBudgetError, OverloadedError, UnavailableError, or ModelGoneError if
        the model was unloaded in the meantime.
        """
        return self._worker.post(Submit(resident, sequence, ttl_s))

    def cancel(self, resident: ResidentModel, sequence: Sequence) -> None:
        """Stop the sequence before the next step. Its sink receives nothing more."""
        with suppress(UnavailableError):  # the sequence ended with the thread
            self._worker.post(Cancel(resident, sequence))

    def embed(
        self,
        resident: ResidentModel,
        inputs: SequenceOf[SequenceOf[int]],
        ttl_s: float | None = None,
        *,
        token_ids: SequenceOf[int] | None = None,
    ) -> Future[list[list[float]]]:
        """Compute a unit vector for each input or, with `token_ids`, the logits of these tokens
        after it. Canceling the future stops the work after its current chunk.
        """
        return self._worker.post(Embed(resident, inputs, token_ids, ttl_s))

    def stats(self) -> Stats:
        models = list(self.resident.values())
        schedulers = [model.scheduler for model in models]
        budget = self.budget
        return Stats(
            running=sum(len(model.scheduler.running) + model.num_embeddings for model in models),
            waiting=sum(len(scheduler.waiting) for scheduler in schedulers),
            loaded_models=len(schedulers),
            weight_bytes=budget.weights,
            kv_bytes=budget.live,
            prefix_cache_bytes=budget.prefixes,
            memory_limit=budget.limit,
            restarts=self.restarts,
        )

    def _has_died(self, error: BaseException) -> None:
        """Start the next thread. Called on the thread that is ending."""
        with self._succession:
            self.last_fault = type(error).__name__
            if self._closing:
                return
            if self._deaths.add():
                _log.critical("The engine has failed too often within a minute and stays down.")
                self._worker.refuse(self._down())
                return
            successor = Worker(self.config, self._loader, self._has_died)
            successor.thread.start()
            self._worker = successor
            self.restarts += 1
        _log.warning("The engine is started again; models are loaded when they are asked for.")

    def _down(self) -> str:
        cause = f" after repeated faults ({self.last_fault})" if self.last_fault else ""
        return f"The engine has stopped{cause}: start the server again."
