"""The thread that owns MLX, from its start to its end, and all that lives on it."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Generator
from collections.abc import Sequence as SequenceOf
from concurrent.futures import CancelledError, Future, InvalidStateError
from contextlib import suppress
from typing import Any, TypeVar

from ..config import EngineConfig
from ..errors import ModelGoneError, OverloadedError, UnavailableError
from .embedding import embed
from .memory import MemoryBudget
from .models import CLOSING, Models
from .sequence import Sequence
from .slot import Slot

T = TypeVar("T")

# What waits for memory or a busy model is looked at again after this long, in seconds.
RETRY = 0.05

_log = logging.getLogger(__name__)


class Strikes:
    """Counts faults: so many within so many seconds are borne, one more is too many."""

    def __init__(self, most: int = 3, seconds: float = 60.0) -> None:
        self._times: deque[float] = deque(maxlen=most)
        self._seconds = seconds

    def add(self) -> bool:
        """Another one; True where it is too many."""
        now = time.monotonic()
        full = len(self._times) == self._times.maxlen
        too_many = full and now - self._times[0] < self._seconds
        self._times.append(now)
        return too_many


class Worker:
    """A thread with its models, the requests they run, and the commands that wait for it.

    It ends when it is closed, or by a fault that it cannot go on after: a panic of a library, many
    faults in a row. Whoever waits for anything is told, and then `on_death(error)` is called on it.
    """

    def __init__(self, config: EngineConfig, on_death: Callable[[BaseException], None]) -> None:
        self.config = config
        self.budget = MemoryBudget(prefix_limit=config.prefix_cache_bytes)
        if config.memory_limit is not None:
            self.budget.limit = config.memory_limit
        self.models = Models(config, self.budget, self._turn_of_requests)
        self._on_death = on_death
        self._inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._promises: set[Future[Any]] = set()
        self._tasks: list[Generator[None, None, None]] = []
        self._faults = Strikes()
        self._lock = threading.Lock()  # of the next two: what is posted is heard, or refused
        self._refusal: str | None = None
        self._closing = False
        self._is_resting = True
        self._came_round = time.monotonic()
        self.thread = threading.Thread(target=self._run, name="qwen3mlx-engine", daemon=True)

    @property
    def stuck_for(self) -> float:
        """Seconds that one piece of its work has taken so far; 0 where it has nothing to do."""
        return 0.0 if self._is_resting else time.monotonic() - self._came_round

    def post(self, command: Callable[[Future[T]], None]) -> Future[T]:
        """Carry `command` out on the thread; it settles the future that it is given.

        So does the end of the thread. Raises UnavailableError where that has come.
        """
        done: Future[T] = Future()
        with self._lock:
            if self._refusal is not None:
                raise UnavailableError(self._refusal)
            self._promises.add(done)
            self._inbox.put(lambda: _carry_out(command, done))
        done.add_done_callback(self._promises.discard)
        return done

    def call(self, function: Callable[[], T]) -> Future[T]:
        """What `function` returns or raises there."""
        return self.post(lambda done: _settle(done, function))

    def refuse(self, why: str) -> None:
        """Raise UnavailableError for all that is posted from now on."""
        with self._lock:
            self._refusal = why

    def close(self) -> None:
        """Have it end after what was posted before; nothing is waited for."""
        self.refuse(CLOSING)
        self._inbox.put(self._stop)

    # What follows runs on the thread.

    def _run(self) -> None:
        try:
            self._work()
        # A panic of a library written in Rust is a BaseException, as SystemExit is.
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
                for slot in list(self.models.slots.values()):
                    slot.scheduler.fail_all(error)
        for task in self._tasks:
            for _ in task:
                pass  # each ends as soon as it finds its model gone
        self._tasks.clear()
        self._settle_all(UnavailableError(CLOSING))

    def _die(self, error: BaseException) -> None:
        _log.critical("The engine's thread has ended by a fault.", exc_info=error)
        name = type(error).__name__
        told = UnavailableError(f"The engine failed ({name}): send the request again.")
        self.refuse(str(told))
        for slot in list(self.models.slots.values()):
            for sequence in slot.scheduler.sequences:
                sequence.fail(told)
        self._settle_all(told)
        # Arrays are given back by the thread that made them.
        self._tasks.clear()
        self.models.slots.clear()
        self.models.loads.clear()
        self._on_death(error)

    def _settle_all(self, error: Exception) -> None:
        for done in list(self._promises):
            with suppress(InvalidStateError):  # it is settled already
                done.set_exception(error)

    def _stop(self) -> None:
        self._closing = True
        self.models.close()  # now: a load that is under way finds itself gone

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
        for slot in list(self.models.slots.values()):
            if not slot.is_idle:
                slot.scheduler.step()
                slot.touch()
        for task in list(self._tasks):
            if next(task, self) is self:
                self._tasks.remove(task)

    def _take_command(self, patience: float) -> None:
        """Wait for one, at most `patience` seconds."""
        self._is_resting = patience > 0
        try:
            command = self._inbox.get(timeout=min(patience, threading.TIMEOUT_MAX))
        except queue.Empty:
            return
        finally:
            self._came_round = time.monotonic()
            self._is_resting = False
        command()

    def _is_busy(self) -> bool:
        return bool(self._tasks) or any(not s.is_idle for s in self.models.slots.values())

    def submit(self, slot: Slot, sequence: Sequence, ttl_s: float | None) -> None:
        self._check_open(slot)
        if self.models.available(slot.id) is None:
            raise ModelGoneError(f"{slot.id} makes way for another model: send the request again.")
        if slot.num_requests >= self.config.max_running + self.config.max_waiting:
            raise OverloadedError(
                f"{slot.num_requests} requests are running or waiting for {slot.id} already: "
                "try again later."
            )
        slot.use(ttl_s)
        self.models.make_room_for(slot, slot.scheduler.bytes_needed(len(sequence.ids)))
        slot.scheduler.submit(sequence)

    def cancel(self, slot: Slot, sequence: Sequence) -> None:
        if self._is_open(slot):
            slot.scheduler.cancel(sequence)

    def embed(
        self,
        slot: Slot,
        inputs: SequenceOf[SequenceOf[int]],
        ttl_s: float | None,
        done: Future[list[list[float]]],
    ) -> None:
        """A piece of it in each turn, from the next one on."""
        self._tasks.append(self._embedding(slot, inputs, ttl_s, done))

    def _check_open(self, slot: Slot) -> None:
        if not self._is_open(slot):
            raise ModelGoneError(f"{slot.id} was unloaded: send the request again to load it.")

    def _is_open(self, slot: Slot) -> bool:
        return self.models.slots.get(slot.id) is slot

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


def _carry_out(command: Callable[[Future[T]], None], done: Future[T]) -> None:
    try:
        command(done)
    except Exception as error:
        with suppress(InvalidStateError):
            done.set_exception(error)
        raise


def _settle(done: Future[T], function: Callable[[], T]) -> None:
    if not done.set_running_or_notify_cancel():
        return
    try:
        done.set_result(function())
    except Exception as error:
        done.set_exception(error)
