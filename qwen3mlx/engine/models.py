"""Which models are in memory: loading on demand, and making room."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

import mlx.core as mx

from ..config import EngineConfig, LoadOptions, ModelConfig
from ..errors import UnavailableError
from ..model import check_fits, weight_bytes
from .loaded import LoadedModel
from .memory import MemoryBudget
from .slot import Slot

ProgressCallback = Callable[[float], None]

# Seconds that a model may go on taking requests while another waits for its memory.
TURN = 5.0
CLOSING = "The server is closing: send the request again when it is back."

_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Waiter:
    """Someone who wants a model; `options` None takes it with those it has."""

    options: LoadOptions | None
    done: Future[Slot]
    on_progress: ProgressCallback | None


@dataclass(slots=True, eq=False)
class Load:
    """A model to be loaded; its weights need `needed` bytes, `progress` goes from 0 to 1."""

    id: str
    path: Path
    needed: int
    waiters: list[Waiter] = field(default_factory=list)
    progress: float = 0.0
    # On time.monotonic()'s clock; infinity once it is under way.
    waits_since: float = field(default_factory=time.monotonic)

    @property
    def options(self) -> LoadOptions:
        wanted = (waiter.options for waiter in self.waiters)
        return next((options for options in wanted if options is not None), LoadOptions())

    def report(self, done: int, total: int) -> None:
        self.progress = done / total if total else 1.0
        for waiter in self.waiters:
            if waiter.on_progress is not None:
                waiter.on_progress(self.progress)

    def fail(self, error: Exception) -> None:
        for waiter in self.waiters:
            if not waiter.done.cancelled():
                waiter.done.set_exception(error)


class Models:
    """The models in memory, on the engine's thread. `others_turn` keeps streams alive meanwhile."""

    def __init__(
        self, config: EngineConfig, budget: MemoryBudget, others_turn: Callable[[], None]
    ) -> None:
        self.slots: dict[str, Slot] = {}
        self.loads: dict[str, Load] = {}
        self._config = config
        self._budget = budget
        self._others_turn = others_turn

    def want(self, model_id: str, path: Path, waiter: Waiter) -> None:
        """Give `waiter` the model now, or when it is loaded."""
        slot = self.available(model_id)
        if slot is not None and waiter.options in (None, slot.options):
            slot.touch()
            if waiter.done.set_running_or_notify_cancel():
                waiter.done.set_result(slot)
            return
        if waiter.done.set_running_or_notify_cancel():
            try:
                # Before another model makes room for one that cannot be loaded so.
                ModelConfig.from_folder(path).with_options(waiter.options or LoadOptions())
                self._queue(model_id, path, waiter)
            except Exception as error:
                waiter.done.set_exception(error)

    def available(self, model_id: str) -> Slot | None:
        """The model, if it is in memory and takes requests.

        One that has had its turn takes none while another has waited too long for its memory: it
        becomes idle then, and whoever wants it waits behind that one.
        """
        slot = self.slots.get(model_id)
        if slot is None:
            return None
        before = time.monotonic() - TURN
        others = [load for load in list(self.loads.values()) if load.id != model_id]
        makes_way = slot.loaded_at < before and any(o.waits_since < before for o in others)
        return None if makes_way else slot

    def make_room_for(self, slot: Slot, num_bytes: int) -> None:
        """Unload idle models, if a request of this one needs their memory."""
        while self._budget.largest_request < num_bytes:
            if not self._unload_idle(but=slot):
                return

    def _queue(self, model_id: str, path: Path, waiter: Waiter) -> None:
        if model_id not in self.loads:
            self.loads[model_id] = Load(model_id, path, self._needed(model_id, path))
        self.loads[model_id].waiters.append(waiter)

    def unload(self, model_id: str) -> bool:
        """Ends its requests, and its load where it is being loaded; False if neither was."""
        load = self.loads.pop(model_id, None)
        if load is not None:
            load.fail(_unloaded(model_id))  # one under way finds itself gone at its next report
        slot = self.slots.get(model_id)
        if slot is not None:
            self._evict(slot)
        return load is not None or slot is not None

    def close(self) -> None:
        error = UnavailableError(CLOSING)
        for load in self.loads.values():
            load.fail(error)
        self.loads.clear()
        for slot in self.slots.values():
            slot.close(error)
        self.slots.clear()

    def load_next(self) -> bool:
        """Load the first model there is room for; False if there was nothing to do."""
        for load in list(self.loads.values()):
            try:
                if self._is_there(load):
                    self._hand_over(load, self.slots[load.id])
                elif self._make_room(load):
                    self._load(load)
                else:
                    continue
            except Exception as error:
                if self.loads.get(load.id) is load:
                    del self.loads[load.id]
                    load.fail(error)
            return True
        return False

    def expire(self) -> float:
        """Unload what nobody has used for its time; seconds until the next may have to go."""
        now = time.monotonic()
        for slot in list(self.slots.values()):
            if slot.expires_at <= now:
                _log.info("%s was not used for %.0f s and is unloaded.", slot.id, slot.ttl_s)
                self._evict(slot)
        return min((slot.expires_at - now for slot in self.slots.values()), default=math.inf)

    def _load(self, load: Load) -> None:
        start = time.perf_counter()

        def report(done: int, total: int) -> None:
            load.report(done, total)
            self._others_turn()
            if self.loads.get(load.id) is not load:
                raise UnavailableError(CLOSING)

        options = load.options
        load.waits_since = math.inf
        loaded = LoadedModel.load(load.path, options, report)
        seconds = time.perf_counter() - start
        slot = Slot(load.id, loaded, options, self._budget, self._config, seconds)
        self.slots[load.id] = slot
        _log.info("%s is loaded (%.1f s, %.2f GB).", load.id, seconds, slot.nbytes / 1e9)
        self._hand_over(load, slot)

    def _is_there(self, load: Load) -> bool:
        """It made way for another, and that one found room elsewhere."""
        slot = self.available(load.id)
        return slot is not None and all(w.options in (None, slot.options) for w in load.waiters)

    def _hand_over(self, load: Load, slot: Slot) -> None:
        slot.touch()
        del self.loads[load.id]
        for waiter in load.waiters:
            if waiter.options in (None, slot.options):
                waiter.done.set_result(slot)
            else:
                self._queue(load.id, load.path, waiter)

    def _evict(self, slot: Slot) -> None:
        del self.slots[slot.id]
        slot.close(_unloaded(slot.id))
        mx.clear_cache()

    def _needed(self, model_id: str, path: Path) -> int:
        """Bytes of its weights. Raises MemoryBudgetError where even an empty memory has fewer."""
        needed = weight_bytes(path)
        check_fits(model_id, needed, self._budget.limit)
        return needed

    def _make_room(self, load: Load) -> bool:
        """Unload idle models until `load` fits; False while busy ones stand in the way."""
        own = self.slots.get(load.id)
        if own is not None:
            if not own.may_go:
                return False
            self._evict(own)
        while not self._budget.make_room(load.needed):
            if not self._unload_idle():
                return False
        return True

    def _unload_idle(self, but: Slot | None = None) -> bool:
        """The one that was used longest ago."""
        idle = [slot for slot in self.slots.values() if slot.may_go and slot is not but]
        if not idle:
            return False
        self._evict(min(idle, key=lambda slot: slot.last_used))
        return True


def _unloaded(model_id: str) -> UnavailableError:
    return UnavailableError(f"{model_id} was unloaded: send the request again to load it.")
