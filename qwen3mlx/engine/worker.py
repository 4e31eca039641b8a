"""The thread that owns MLX, and everything that runs on it."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import CancelledError, Future, InvalidStateError
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from ..config import EngineConfig
from ..errors import ModelGoneError, OverloadedError, UnavailableError
from ..model.device import default_memory_limit
from .commands import (
    Adapt,
    Cancel,
    Close,
    Command,
    Embed,
    KeepModel,
    LoadModel,
    Submit,
    UnloadModel,
)
from .embedding import embed
from .memory import MemoryBudget
from .model_pool import CLOSING, Loader, LoadWaiter, ModelPool
from .resident_model import ResidentModel
from .sequence import Sequence

T = TypeVar("T")

# Seconds between attempts to load a model that waits for memory or a busy model.
RETRY = 0.05

_log = logging.getLogger(__name__)


class Strikes:
    """Tolerates a number of faults within a number of seconds."""

    def __init__(self, most: int = 3, seconds: float = 60.0) -> None:
        self._times: deque[float] = deque(maxlen=most)
        self._seconds = seconds

    def add(self) -> bool:
        """Count a fault; return whether it is one too many."""
        now = time.monotonic()
        full = len(self._times) == self._times.maxlen
        too_many = full and now - self._times[0] < self._seconds
        self._times.append(now)
        return too_many


class Worker:
    """A thread with its models, their requests, and the commands waiting for it.

    It ends when it is closed, or after a fault that it cannot survive: a library's panic, or many
    faults in a row. It then fails everything that waits, and calls `on_death(error)`.
    """

    def __init__(
        self, config: EngineConfig, loader: Loader, on_death: Callable[[BaseException], None]
    ) -> None:
        self.config = config
        limit = config.memory_limit
        self.budget = MemoryBudget(
            limit=default_memory_limit() if limit is None else limit,
            prefix_limit=config.prefix_cache_bytes,
        )
        self.models = ModelPool(config, self.budget, self._turn_of_requests, loader)
        self._on_death = on_death
        self._inbox: queue.SimpleQueue[tuple[Command, Future[Any]]] = queue.SimpleQueue()
        self._promises: set[Future[Any]] = set()
        self._tasks: list[Generator[None, None, None]] = []
        self._faults = Strikes()
        # Guards the next two, so that each command is either executed or refused.
        self._lock = threading.Lock()
        self._refusal: str | None = None
        self._closing = False
        self._is_resting = True
        self._came_round = time.monotonic()
        self.thread = threading.Thread(target=self._run, name="qwen3mlx-engine", daemon=True)

    @property
    def stuck_for(self) -> float:
        """The seconds that the current piece of work has taken; 0 while idle."""
        return 0.0 if self._is_resting else time.monotonic() - self._came_round

    def post(self, command: Command) -> Future[Any]:
        """Queue `command`; the future gets its result.

        If the thread ends, the future fails. Raises UnavailableError if it has already ended.
        """
        done: Future[Any] = Future()
        with self._lock:
            if self._refusal is not None:
                raise UnavailableError(self._refusal)
            self._promises.add(done)
            self._inbox.put((command, done))
        done.add_done_callback(self._promises.discard)
        return done

    def refuse(self, why: str) -> None:
        """Make `post` raise UnavailableError from now on."""
        with self._lock:
            self._refusal = why

    def close(self) -> None:
        """Stop after the commands posted so far. Does not wait for that."""
        self.refuse(CLOSING)
        self._inbox.put((Close(), Future()))

    # The methods below run on the thread.

    def _run(self) -> None:
        try:
            self._work()
        # A panic in a Rust library is a BaseException, like SystemExit.
        except BaseException as error:
            self._die(error)

    def _work(self) -> None:
        while not self._closing:
            try:
                self._turn()
            except Exception as error:
                if self._faults.add():
                    raise
                _log.exception("A turn of the engine failed; the running requests are ended.")
                for resident in list(self.models.resident.values()):
                    resident.scheduler.fail_all(error)
        for task in self._tasks:
            for _ in task:
                pass  # each stops once it finds its model unloaded
        self._tasks.clear()
        self._settle_all(UnavailableError(CLOSING))

    def _die(self, error: BaseException) -> None:
        _log.critical("The engine's thread has ended by a fault.", exc_info=error)
        name = type(error).__name__
        told = UnavailableError(f"The engine failed ({name}): send the request again.")
        residents = list(self.models.resident.values())
        sequences = [each for resident in residents for each in resident.scheduler.sequences]
        # Arrays must be freed by the thread that made them.
        self._tasks.clear()
        for resident in residents:
            resident.loaded.unload()
        self.models.resident.clear()
        self.models.loads.clear()
        # Whoever is told may come again at once, and then finds the next thread.
        self._on_death(error)
        if self._refusal is None:
            self.refuse(str(told))
        for sequence in sequences:
            sequence.fail(told)
        self._settle_all(told)

    def _settle_all(self, error: Exception) -> None:
        for done in list(self._promises):
            with suppress(InvalidStateError):  # the future is done already
                done.set_exception(error)

    def _stop(self) -> None:
        self._closing = True
        self.models.close()  # at once: a running load stops at its next report

    def _turn(self) -> None:
        self._turn_of_requests()
        self.models.load_next()
        patience = self.models.expire()
        if self.models.loads:
            patience = min(patience, RETRY)
        if not self._closing and not self._is_busy():
            self._take_command(patience)

    def _turn_of_requests(self) -> None:
        self._came_round = time.monotonic()
        while not self._inbox.empty():
            self._take_command(0)
        residents = list(self.models.resident.values())
        for resident in residents:
            if not resident.is_idle:
                resident.touch()
                others = (other.scheduler.decode_s for other in residents if other is not resident)
                resident.scheduler.step(sum(others))
        for task in list(self._tasks):
            if next(task, self) is self:
                self._tasks.remove(task)

    def _take_command(self, patience: float) -> None:
        """Wait up to `patience` seconds for a command."""
        self._is_resting = patience > 0
        try:
            command, done = self._inbox.get(timeout=min(patience, threading.TIMEOUT_MAX))
        except queue.Empty:
            return
        finally:
            self._came_round = time.monotonic()
            self._is_resting = False
        try:
            self._carry_out(command, done)
        except Exception as error:
            with suppress(InvalidStateError):
                done.set_exception(error)
            raise

    def _carry_out(self, command: Command, done: Future[Any]) -> None:
        match command:
            case LoadModel(model_id, path, options, on_progress):
                self.models.request(model_id, path, LoadWaiter(options, done, on_progress))
            case Adapt(base, model_id, folder):
                _settle(done, lambda: self.adapt(base, model_id, folder))
            case UnloadModel(model_id):
                _settle(done, lambda: self.models.unload(model_id))
            case KeepModel(resident, ttl_s):
                _settle(done, lambda: resident.keep(ttl_s))
            case Submit(resident, sequence, ttl):
                _settle(done, lambda: self.submit(resident, sequence, ttl))
            case Cancel(resident, sequence):
                self.cancel(resident, sequence)
                done.set_result(None)
            case Embed():
                self.embed(command, done)
            case Close():
                self._stop()

    def _is_busy(self) -> bool:
        return bool(self._tasks) or any(not s.is_idle for s in self.models.resident.values())

    def adapt(self, base: ResidentModel, model_id: str, folder: Path) -> ResidentModel:
        self._check_open(base)
        return self.models.adapt(base, model_id, folder)

    def submit(self, resident: ResidentModel, sequence: Sequence, ttl_s: float | None) -> None:
        self._check_open(resident)
        if self.models.available(resident.id) is None:
            raise ModelGoneError(
                f"{resident.id} is being unloaded for another model: send the request again."
            )
        if resident.num_requests >= self.config.max_running + self.config.max_waiting:
            raise OverloadedError(
                f"{resident.num_requests} requests are running or waiting for {resident.id} "
                "already: try again later."
            )
        resident.use(ttl_s)
        self.models.make_room_for(resident, resident.scheduler.bytes_needed(len(sequence.ids)))
        resident.scheduler.submit(sequence)

    def cancel(self, resident: ResidentModel, sequence: Sequence) -> None:
        if self._is_open(resident):
            resident.scheduler.cancel(sequence)

    def embed(self, command: Embed, done: Future[list[list[float]]]) -> None:
        """Embed in pieces, one per turn, starting with the next turn."""
        self._tasks.append(self._embedding(command, done))

    def _check_open(self, resident: ResidentModel) -> None:
        if not self._is_open(resident):
            raise ModelGoneError(f"{resident.id} was unloaded: send the request again to load it.")

    def _is_open(self, resident: ResidentModel) -> bool:
        return self.models.resident.get(resident.id) is resident

    def _embedding(
        self, command: Embed, done: Future[list[list[float]]]
    ) -> Generator[None, None, None]:
        resident = command.resident

        def check() -> None:
            if done.cancelled():
                raise CancelledError
            if not self._is_open(resident):
                why = resident.loaded.fault or f"{resident.id} was unloaded"
                raise UnavailableError(f"{why}: send the request again.")

        try:
            self._check_open(resident)
            resident.use(command.ttl_s)
            rows = yield from embed(resident, command.inputs, command.token_ids, self.budget, check)
            _settle(done, lambda: rows)
        except Exception as error:
            if done.set_running_or_notify_cancel():
                done.set_exception(error)


def _settle(done: Future[T], function: Callable[[], T]) -> None:
    if not done.set_running_or_notify_cancel():
        return
    try:
        done.set_result(function())
    except Exception as error:
        done.set_exception(error)
