"""The models in memory: loads them on demand, and unloads idle ones to make room."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

import mlx.core as mx

from ..config import EngineConfig, LoadOptions, ModelConfig
from ..errors import InvalidRequestError, MemoryBudgetError, UnavailableError
from ..model import check_fits, weight_bytes
from ..quoting import size_text
from .loaded import LoadedModel
from .memory import MemoryBudget
from .own_model import OwnModel
from .resident_model import ResidentModel

ProgressCallback = Callable[[float], None]

# Seconds between two attempts to load a lost model again.
AGAIN = 10.0
# Seconds that a model may accept requests while another model waits for its memory.
TURN = 5.0
CLOSING = "The server is closing: send the request again when it is back."

_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class LoadWaiter:
    """A caller waiting for a model; `options` None accepts the options it is loaded with."""

    options: LoadOptions | None
    done: Future[ResidentModel]
    on_progress: ProgressCallback | None


@dataclass(slots=True, eq=False)
class PendingLoad:
    """A model to load; its weights need `needed` bytes, and `progress` goes from 0 to 1."""

    id: str
    path: Path
    needed: int
    waiters: list[LoadWaiter] = field(default_factory=list)
    progress: float = 0.0
    # In time.monotonic()'s seconds; infinity once loading has started.
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


class Lost(NamedTuple):
    """A model that cannot answer because of `fault`; it was last loaded again at `tried`."""

    fault: str
    path: Path
    options: LoadOptions
    tried: float


class Loader(Protocol):
    """Where models are loaded to."""

    @property
    def watch_s(self) -> float:
        """Seconds after which to look again whether a model can still answer; infinity: never."""

    def needed(
        self, model_id: str, path: Path, options: LoadOptions | None, budget: MemoryBudget
    ) -> int:
        """Return the bytes of the weights. Raises MemoryBudgetError if they exceed even an empty
        memory.
        """

    def load(
        self,
        model_id: str,
        path: Path,
        options: LoadOptions,
        budget: MemoryBudget,
        on_progress: Callable[[int, int], None],
    ) -> LoadedModel: ...


class OwnLoader:
    """Loads models into the memory of this process."""

    watch_s = math.inf

    def needed(
        self, model_id: str, path: Path, options: LoadOptions | None, budget: MemoryBudget
    ) -> int:
        needed = weight_bytes(path, options)
        check_fits(model_id, needed, budget.limit)
        return needed

    def load(
        self,
        model_id: str,
        path: Path,
        options: LoadOptions,
        budget: MemoryBudget,
        on_progress: Callable[[int, int], None],
    ) -> LoadedModel:
        return OwnModel.load(path, options, on_progress)


class ModelPool:
    """Manages the models on the engine's thread. `others_turn` advances streams while a model
    loads. `lost` are models that could not answer any more, until they are loaded again.
    """

    def __init__(
        self,
        config: EngineConfig,
        budget: MemoryBudget,
        others_turn: Callable[[], None],
        loader: Loader,
    ) -> None:
        self.resident: dict[str, ResidentModel] = {}
        self.loads: dict[str, PendingLoad] = {}
        self.lost: dict[str, Lost] = {}
        self._loader = loader
        self._config = config
        self._budget = budget
        self._others_turn = others_turn

    def request(self, model_id: str, path: Path, waiter: LoadWaiter) -> None:
        """Give `waiter` the model now, or as soon as it is loaded.

        A lost model is refused until it is there again: that may take minutes, or fail each time.
        """
        resident = self.available(model_id)
        if resident is not None and waiter.options in (None, resident.options):
            resident.touch()
            if waiter.done.set_running_or_notify_cancel():
                waiter.done.set_result(resident)
            return
        if waiter.done.set_running_or_notify_cancel():
            try:
                if (lost := self.lost.get(model_id)) is not None:
                    raise UnavailableError(
                        f"{lost.fault}, and {model_id} is loaded again: send the request again in "
                        "a while."
                    )
                # Check before another model is unloaded for a load that cannot succeed.
                ModelConfig.from_folder(path).with_options(waiter.options or LoadOptions())
                self._queue(model_id, path, waiter)
            except Exception as error:
                waiter.done.set_exception(error)

    def available(self, model_id: str) -> ResidentModel | None:
        """Return the model if it is in memory and accepts requests.

        Once another load has waited too long for its memory, a model accepts no more requests. It
        becomes idle, is unloaded, and later requests for it queue behind that load.
        """
        resident = self.resident.get(model_id)
        if resident is None or (resident.base and self.available(resident.base.id) is None):
            return None
        before = time.monotonic() - TURN
        others = [load for load in list(self.loads.values()) if load.id != model_id]
        makes_way = resident.loaded_at < before and any(o.waits_since < before for o in others)
        return None if makes_way else resident

    def adapt(self, base: ResidentModel, model_id: str, folder: Path) -> ResidentModel:
        """Return `base` with the adapter in `folder`: one in memory, or a new one.

        Raises CheckpointError; MemoryBudgetError if the adapter has no room beside the base.
        """
        from ..model.deltas import adapter_bytes

        if (resident := self.resident.get(model_id)) is not None:
            resident.touch()
            return resident
        start = time.perf_counter()
        if not isinstance(base.loaded, OwnModel):
            raise InvalidRequestError(
                f"{base.id} is shared by several computers, which adapters are not: ask for "
                f"{base.id} alone.",
                param="model",
            )
        needed = adapter_bytes(folder, base.loaded.model.dtype)
        check_fits(model_id, base.nbytes + needed, self._budget.limit)
        while not self._budget.make_room(needed):
            if not self._unload_idle(but=base):
                raise MemoryBudgetError(
                    f"{model_id} needs {size_text(needed)} more, which other models use: try again "
                    "when they are idle."
                )
        loaded, seconds = base.loaded.adapted(folder), time.perf_counter() - start
        resident = ResidentModel(
            model_id, loaded, base.options, self._budget, self._config, seconds, base
        )
        self.resident[model_id] = resident
        _log.info("%s is there (%.1f s, %.1f MB).", model_id, seconds, resident.nbytes / 1e6)
        return resident

    def make_room_for(self, resident: ResidentModel, num_bytes: int) -> None:
        """Unload idle models if a request for this one needs their memory."""
        while self._budget.largest_request < num_bytes:
            if not self._unload_idle(but=resident):
                return

    def _queue(self, model_id: str, path: Path, waiter: LoadWaiter) -> None:
        if model_id not in self.loads:
            needed = self._loader.needed(model_id, path, waiter.options, self._budget)
            self.loads[model_id] = PendingLoad(model_id, path, needed)
        self.loads[model_id].waiters.append(waiter)

    def unload(self, model_id: str) -> bool:
        """Fail the model's requests, or its load. Return False if it had neither."""
        self.lost.pop(model_id, None)
        load = self.loads.pop(model_id, None)
        if load is not None:
            load.fail(_unloaded(model_id))  # a running load stops at its next progress report
        resident = self.resident.get(model_id)
        if resident is not None:
            self._evict(resident)
        return load is not None or resident is not None

    def close(self) -> None:
        error = UnavailableError(CLOSING)
        for load in self.loads.values():
            load.fail(error)
        self.loads.clear()
        for resident in self.resident.values():
            resident.close(error)
        self.resident.clear()

    def load_next(self) -> bool:
        """Load the first model that fits. Return False if there was nothing to do."""
        for load in list(self.loads.values()):
            try:
                if self._is_there(load):
                    self._hand_over(load, self.resident[load.id])
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
        """Unload models past their idle time. Return the seconds until the next one may expire."""
        now = time.monotonic()
        for resident in reversed(list(self.resident.values())):  # adapters before their base
            if (fault := resident.loaded.fault) is not None:
                self._lose(resident, fault)
            elif resident.expires_at <= now:
                _log.info(
                    "%s was not used for %.0f s and is unloaded.", resident.id, resident.ttl_s
                )
                self._evict(resident)
        for model_id, lost in list(self.lost.items()):
            if model_id not in self.loads and lost.tried + AGAIN <= now:
                self._load_again(model_id)
        ends = [resident.expires_at - now for resident in self.resident.values()]
        return min([self._loader.watch_s, *ends]) if ends or self.lost else math.inf

    def _lose(self, resident: ResidentModel, fault: str) -> None:
        """Fail the requests of a model that cannot answer any more, and load it again."""
        _log.error("%s: %s. It is loaded again.", resident.id, fault)
        del self.resident[resident.id]
        self.lost[resident.id] = Lost(fault, resident.loaded.path, resident.options, 0.0)
        resident.close(UnavailableError(f"{fault}: send the request again."))
        self._load_again(resident.id)

    def _load_again(self, model_id: str) -> None:
        lost = self.lost[model_id]._replace(tried=time.monotonic())
        self.lost[model_id] = lost
        waiter = LoadWaiter(lost.options, Future(), None)
        waiter.done.add_done_callback(_log_failure)
        self._queue(model_id, lost.path, waiter)

    def _load(self, load: PendingLoad) -> None:
        start = time.perf_counter()

        def report(done: int, total: int) -> None:
            load.report(done, total)
            self._others_turn()
            if self.loads.get(load.id) is not load:
                raise UnavailableError(CLOSING)

        options = load.options
        load.waits_since = math.inf
        loaded = self._loader.load(load.id, load.path, options, self._budget, report)
        self.lost.pop(load.id, None)
        seconds = time.perf_counter() - start
        resident = ResidentModel(load.id, loaded, options, self._budget, self._config, seconds)
        self.resident[load.id] = resident
        _log.info("%s is loaded (%.1f s, %.2f GB).", load.id, seconds, resident.nbytes / 1e9)
        self._hand_over(load, resident)

    def _is_there(self, load: PendingLoad) -> bool:
        """Return whether the model is in memory after all, with options that suit every waiter."""
        resident = self.available(load.id)
        if resident is None:
            return False
        return all(w.options in (None, resident.options) for w in load.waiters)

    def _hand_over(self, load: PendingLoad, resident: ResidentModel) -> None:
        resident.touch()
        del self.loads[load.id]
        for waiter in load.waiters:
            if waiter.options in (None, resident.options):
                waiter.done.set_result(resident)
            else:
                self._queue(load.id, load.path, waiter)

    def _evict(self, resident: ResidentModel) -> None:
        for adapted in list(self.resident.values()):
            if adapted.base is resident:
                self._evict(adapted)
        del self.resident[resident.id]
        resident.close(_unloaded(resident.id))
        mx.clear_cache()

    def _make_room(self, load: PendingLoad) -> bool:
        """Unload idle models until `load` fits. Return False while busy models prevent that."""
        own = self.resident.get(load.id)
        if own is not None:
            sharing = [each for each in self.resident.values() if own in (each, each.base)]
            if not all(each.may_go for each in sharing):
                return False
            self._evict(own)
        while not self._budget.make_room(load.needed):
            if not self._unload_idle():
                return False
        return True

    def _unload_idle(self, but: ResidentModel | None = None) -> bool:
        """Unload the least recently used idle model."""
        able = [r for r in self.resident.values() if r.may_go and not r.num_adapted]
        idle = [r for r in able if r is not but]
        if not idle:
            return False
        self._evict(min(idle, key=lambda resident: resident.last_used))
        return True


def _log_failure(done: Future[ResidentModel]) -> None:
    if not done.cancelled() and (error := done.exception()) is not None:
        _log.error("It could not be loaded again: %s", error)


def _unloaded(model_id: str) -> UnavailableError:
    return UnavailableError(f"{model_id} was unloaded: send the request again to load it.")
