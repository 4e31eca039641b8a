"""A model in memory: its scheduler, its users, and when it expires."""

from __future__ import annotations

import math
import time

from ..config import EngineConfig, LoadOptions
from .loaded import LoadedModel
from .memory import MemoryBudget
from .scheduler import Scheduler

# Seconds that a model waits for the request it was loaded for.
GRACE = 30.0
# The same if another model needs the memory; long enough to render a prompt.
HANDOVER = 2.0


class ResidentModel:
    """`id` is the model's name in requests, and `options` are its load options.

    A model with an adapter shares the weights of its `base`, so `nbytes` are the adapter's; keys
    and values, cached prefixes and batches are its own. The base stays while `num_adapted` models
    share it.

    It stays for `ttl_s` seconds after its last request: that request's own limit, or
    `default_ttl_s`.
    """

    def __init__(
        self,
        model_id: str,
        loaded: LoadedModel,
        options: LoadOptions,
        budget: MemoryBudget,
        config: EngineConfig,
        load_time_s: float,
        base: ResidentModel | None = None,
    ) -> None:
        self.id = model_id
        self.loaded = loaded
        self.options = options
        self.load_time_s = load_time_s
        self.default_ttl_s = self.ttl_s = config.ttl_s
        self.loaded_at = self.last_used = time.monotonic()
        self.num_served = 0
        self.num_embeddings = 0
        self.nbytes = loaded.nbytes
        self.base = base
        self.num_adapted = 0
        if base is not None:
            self.nbytes -= base.nbytes
            base.num_adapted += 1
        self._budget = budget
        budget.weights += self.nbytes
        self.scheduler = Scheduler(loaded.runner(), budget, max_running=config.max_running)

    @property
    def num_requests(self) -> int:
        return self.scheduler.num_sequences + self.num_embeddings

    @property
    def is_idle(self) -> bool:
        return not self.num_requests

    @property
    def may_go(self) -> bool:
        """Whether the model can be unloaded: no request uses it or is about to."""
        awaited = not self.num_served and time.monotonic() - self.last_used < HANDOVER
        return self.is_idle and not awaited

    @property
    def expires_at(self) -> float:
        """When the model expires, in time.monotonic()'s seconds; infinity while it is in use."""
        if not self.is_idle or self.num_adapted:
            return math.inf
        return self.last_used + (self.ttl_s if self.num_served else max(self.ttl_s, GRACE))

    def use(self, ttl_s: float | None) -> None:
        """Register a request; the model stays for `ttl_s` seconds after it."""
        self.num_served += 1
        self.touch()
        self.ttl_s = self.default_ttl_s if ttl_s is None else ttl_s

    def keep(self, ttl_s: float) -> None:
        """Stay for `ttl_s` seconds after now, and after each request without its own limit."""
        self.default_ttl_s = self.ttl_s = ttl_s

    def touch(self) -> None:
        self.last_used = time.monotonic()

    def close(self, error: Exception) -> None:
        """Fail the model's requests with `error`, and free its memory."""
        self.scheduler.close(error)
        self.loaded.unload()
        self._budget.weights -= self.nbytes
        if self.base is not None:
            self.base.num_adapted -= 1
