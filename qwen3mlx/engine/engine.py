"""The thread that owns MLX: it loads models, steps their schedulers, and serves all others."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Generator
from collections.abc import Sequence as SequenceOf
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ..config import EngineConfig, LoadOptions
from ..errors import ModelGoneError, OverloadedError, UnavailableError
from .embedding import embed
from .memory import MemoryBudget
from .models import CLOSING, Load, Models, ProgressCallback, Waiter
from .sequence import Sequence
from .slot import Slot

T = TypeVar("T")

# What waits for memory or a busy model is looked at again after this long, in seconds.
RETRY = 0.05

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stats:
    """The engine at one moment: requests, models, and memory in bytes."""

    running: int
    waiting: int
    loaded_models: int
    weight_bytes: int
    kv_bytes: int
    prefix_cache_bytes: int
    memory_limit: int


class Engine:
    """Its methods may be called from any thread; callbacks are made on the engine's own."""

    def __init__(self, config: EngineConfig | None = None) -> None:
        self.config = config or EngineConfig()
        self.budget = MemoryBudget(prefix_limit=self.config.prefix_cache_bytes)
        if self.config.memory_limit is not None:
            self.budget.limit = self.config.memory_limit
        self._models = Models(self.config, self.budget, self._turn_of_requests)
        self._inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._tasks: list[Generator[None, None, None]] = []
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="qwen3mlx-engine", daemon=True)

    @property
    def slots(self) -> dict[str, Slot]:
        """The models in memory, by id."""
        return dict(self._models.slots)

    def available(self, model_id: str) -> Slot | None:
        """The model, if it is in memory and takes requests."""
        return self._models.available(model_id)

    @property
    def loads(self) -> dict[str, Load]:
        """The models that are being loaded, by id."""
        return dict(self._models.loads)

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """End all requests with UnavailableError, let go of the models, wait for the thread."""
        if self._thread.is_alive():
            self._inbox.put(self._close)
            self._thread.join()

    def load(
        self,
        model_id: str,
        path: Path,
        options: LoadOptions | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> Future[Slot]:
        """The model in memory; `options` None takes it as it is there, or loads it with defaults.

        Idle models make room, least recently used first; busy ones are waited for, and so is a
        model that is in use with other options. `on_progress` gets 0 to 1.
        """
        done: Future[Slot] = Future()
        waiter = Waiter(options, done, on_progress)
        self._post(lambda: self._models.want(model_id, path, waiter))
        return done

    def unload(self, model_id: str) -> Future[bool]:
        """Its requests, or its load, end with UnavailableError. False if there was neither."""
        return self._call(lambda: self._models.unload(model_id))

    def keep(self, slot: Slot, ttl_s: float) -> Future[None]:
        """The model stays for `ttl_s` seconds, now and after requests that say nothing else."""
        return self._call(lambda: slot.keep(ttl_s))

    def submit(self, slot: Slot, sequence: Sequence, ttl_s: float | None = None) -> Future[None]:
        """Hand a request in; its sink gets what comes of it. Idle models make room for it.

        The future raises MemoryBudgetError, OverloadedError, UnavailableError, or, where the model
        was let go since it was loaded, ModelGoneError.
        """
        return self._call(lambda: self._submit(slot, sequence, ttl_s))

    def cancel(self, slot: Slot, sequence: Sequence) -> None:
        """Before the next step. Its sink hears nothing any more."""
        self._inbox.put(lambda: slot.scheduler.cancel(sequence))

    def embed(
        self, slot: Slot, inputs: SequenceOf[SequenceOf[int]], ttl_s: float | None = None
    ) -> Future[list[list[float]]]:
        """A unit vector for each input; cancelling the future stops the work at its next chunk."""
        done: Future[list[list[float]]] = Future()
        self._post(lambda: self._tasks.append(self._embedding(slot, inputs, ttl_s, done)))
        return done

    def stats(self) -> Stats:
        schedulers = [slot.scheduler for slot in self.slots.values()]
        return Stats(
            running=sum(len(scheduler.running) for scheduler in schedulers),
            waiting=sum(len(scheduler.waiting) for scheduler in schedulers),
            loaded_models=len(schedulers),
            weight_bytes=self.budget.weights,
            kv_bytes=self.budget.live,
            prefix_cache_bytes=self.budget.prefixes,
            memory_limit=self.budget.limit,
        )

    def _call(self, function: Callable[[], T]) -> Future[T]:
        done: Future[T] = Future()
        self._post(lambda: _settle(done, function))
        return done

    def _post(self, command: Callable[[], None]) -> None:
        if self._closing:
            raise UnavailableError(CLOSING)
        self._inbox.put(command)

    # What follows runs on the engine's thread.

    def _run(self) -> None:
        while not self._closing:
            try:
                self._turn()
            except Exception as error:
                _log.exception("A turn of the engine failed; the running requests are ended.")
                for slot in self.slots.values():
                    slot.scheduler.fail_all(error)
        while not self._inbox.empty():
            self._take_command(0)
        self._close()

    def _turn(self) -> None:
        self._turn_of_requests()
        self._models.load_next()
        patience = self._models.expire()
        if self._models.loads:
            patience = min(patience, RETRY)
        if not self._closing and not self._is_busy():
            self._take_command(patience)

    def _turn_of_requests(self) -> None:
        while not self._inbox.empty():
            self._take_command(0)
        for slot in self.slots.values():
            if not slot.is_idle:
                slot.scheduler.step()
                slot.touch()
        for task in list(self._tasks):
            if next(task, self) is self:
                self._tasks.remove(task)

    def _take_command(self, patience: float) -> None:
        """Wait for one, at most `patience` seconds."""
        try:
            command = self._inbox.get(timeout=min(patience, threading.TIMEOUT_MAX))
        except queue.Empty:
            return
        command()

    def _is_busy(self) -> bool:
        return bool(self._tasks) or any(not slot.is_idle for slot in self.slots.values())

    def _submit(self, slot: Slot, sequence: Sequence, ttl_s: float | None) -> None:
        self._check_open(slot)
        if self._models.available(slot.id) is None:
            raise ModelGoneError(f"{slot.id} makes way for another model: send the request again.")
        if slot.num_requests >= self.config.max_running + self.config.max_waiting:
            raise OverloadedError(
                f"{slot.num_requests} requests are running or waiting for {slot.id} already: "
                "try again later."
            )
        slot.use(ttl_s)
        self._models.make_room_for(slot, slot.scheduler.bytes_needed(len(sequence.ids)))
        slot.scheduler.submit(sequence)

    def _check_open(self, slot: Slot) -> None:
        if not self._is_open(slot):
            raise ModelGoneError(f"{slot.id} was unloaded: send the request again to load it.")

    def _is_open(self, slot: Slot) -> bool:
        return self._models.slots.get(slot.id) is slot

    def _embedding(
        self,
        slot: Slot,
        inputs: SequenceOf[SequenceOf[int]],
        ttl_s: float | None,
        done: Future[list[list[float]]],
    ) -> Generator[None, None, None]:
        def check() -> None:
            if done.cancelled():
                raise CancelledError
            if not self._is_open(slot):
                raise UnavailableError(f"{slot.id} was unloaded: send the request again.")

        try:
            self._check_open(slot)
            slot.use(ttl_s)
            vectors = yield from embed(slot, inputs, self.budget, check)
            _settle(done, lambda: vectors)
        except Exception as error:
            if done.set_running_or_notify_cancel():
                done.set_exception(error)

    def _close(self) -> None:
        self._closing = True
        self._models.close()
        for task in self._tasks:
            for _ in task:
                pass  # each ends as soon as it finds its model gone
        self._tasks.clear()


def _settle(done: Future[T], function: Callable[[], T]) -> None:
    if not done.set_running_or_notify_cancel():
        return
    try:
        done.set_result(function())
    except Exception as error:
        done.set_exception(error)
