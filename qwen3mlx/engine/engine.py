"""The engine as other threads see it: what they ask for, and what becomes of it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence as SequenceOf
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..config import EngineConfig, LoadOptions
from ..errors import UnavailableError
from .commands import Cancel, Embed, KeepModel, LoadModel, Submit, UnloadModel
from .memory import MemoryBudget
from .model_pool import PendingLoad, ProgressCallback
from .resident_model import ResidentModel
from .sequence import Sequence
from .worker import Strikes, Worker

# One piece of work that takes longer than this many seconds is told: no healthy one does.
STUCK = 60.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stats:
    """The engine at one moment: requests, models, and memory in bytes.

    `restarts` are those of its thread, after faults.
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
    """Its methods may be called from any thread; callbacks are made on the engine's own.

    Where a fault ends that thread, what runs or waits ends with UnavailableError and another one is
    started; models are loaded again when they are asked for. After too many faults within a minute
    it stays down.
    """

    def __init__(self, config: EngineConfig | None = None) -> None:
        self.config = config or EngineConfig()
        self.restarts = 0
        self.last_fault: str | None = None
        self._deaths = Strikes()
        self._closing = False
        self._succession = threading.Lock()  # a successor that dies at once waits for its turn
        self._worker = Worker(self.config, self._has_died)

    @property
    def budget(self) -> MemoryBudget:
        return self._worker.budget

    @property
    def resident(self) -> dict[str, ResidentModel]:
        """The models in memory, by id."""
        return dict(self._worker.models.resident)

    def available(self, model_id: str) -> ResidentModel | None:
        """The model, if it is in memory and takes requests."""
        return self._worker.models.available(model_id)

    @property
    def loads(self) -> dict[str, PendingLoad]:
        """The models that are being loaded, by id."""
        return dict(self._worker.models.loads)

    @property
    def is_alive(self) -> bool:
        """False before it is started, after it is closed, and where it stays down."""
        return self._worker.thread.is_alive()

    @property
    def trouble(self) -> str | None:
        """What keeps it from answering, in one sentence; None: nothing does."""
        worker = self._worker
        if not worker.thread.is_alive():
            return self._down()
        if (seconds := worker.stuck_for) > STUCK:
            return f"The engine has made no progress for {seconds:.0f} s."
        return None

    def start(self) -> None:
        self._worker.thread.start()

    def close(self) -> None:
        """End all requests with UnavailableError, let go of the models, wait for the thread."""
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
        """The model in memory; `options` None takes it as it is there, or loads it with defaults.

        Idle models make room, least recently used first; busy ones are waited for, and so is a
        model that is in use with other options. `on_progress` gets 0 to 1.
        """
        return self._worker.post(LoadModel(model_id, path, options, on_progress))

    def unload(self, model_id: str) -> Future[bool]:
        """Its requests, or its load, end with UnavailableError. False if there was neither."""
        return self._worker.post(UnloadModel(model_id))

    def keep(self, resident: ResidentModel, ttl_s: float) -> Future[None]:
        """The model stays for `ttl_s` seconds, now and after requests that say nothing else."""
        return self._worker.post(KeepModel(resident, ttl_s))

    def submit(
        self, resident: ResidentModel, sequence: Sequence, ttl_s: float | None = None
    ) -> Future[None]:
        """Hand a request in; its sink gets what comes of it. Idle models make room for it.

        The future raises MemoryBudgetError, OverloadedError, UnavailableError, or, where the model
        was let go since it was loaded, ModelGoneError.
        """
        return self._worker.post(Submit(resident, sequence, ttl_s))

    def cancel(self, resident: ResidentModel, sequence: Sequence) -> None:
        """Before the next step. Its sink hears nothing any more."""
        with suppress(UnavailableError):  # it has ended with the thread
            self._worker.post(Cancel(resident, sequence))

    def embed(
        self,
        resident: ResidentModel,
        inputs: SequenceOf[SequenceOf[int]],
        ttl_s: float | None = None,
    ) -> Future[list[list[float]]]:
        """A unit vector for each input; cancelling the future stops the work at its next chunk."""
        return self._worker.post(Embed(resident, inputs, ttl_s))

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
        """On the thread that ends: start the next one."""
        with self._succession:
            self.last_fault = type(error).__name__
            if self._closing:
                return
            if self._deaths.add():
                _log.critical("The engine has failed too often within a minute and stays down.")
                self._worker.refuse(self._down())
                return
            successor = Worker(self.config, self._has_died)
            successor.thread.start()
            self._worker = successor
            self.restarts += 1
        _log.warning("The engine is started again; models are loaded when they are asked for.")

    def _down(self) -> str:
        cause = f" after repeated faults ({self.last_fault})" if self.last_fault else ""
        return f"The engine has stopped{cause}: start the server again."
