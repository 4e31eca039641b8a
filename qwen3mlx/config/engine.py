"""Settings of the engine as a whole."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..errors import InvalidRequestError
from ..settings.table import SERVER


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineConfig:
    """`max_running` answers per model are generated together; `max_waiting` more may wait.

    `memory_limit` and `prefix_cache_bytes` are in bytes (None: chosen for the machine); `ttl_s` is
    the idle time in seconds after which a model is unloaded (infinity: never).
    """

    max_running: int = SERVER["max_running"].default
    max_waiting: int = SERVER["max_waiting"].default
    memory_limit: int | None = None
    prefix_cache_bytes: int | None = None
    ttl_s: float = SERVER["ttl"].default

    def __post_init__(self) -> None:
        least = {"max_running": 1, "max_waiting": 0, "ttl_s": 0}
        for name, low in least.items():
            value = getattr(self, name)
            if math.isnan(value) or value < low:
                raise InvalidRequestError(
                    f"{name} is {value}; it must be at least {low}.", param=name
                )
        for name in ("memory_limit", "prefix_cache_bytes"):
            value = getattr(self, name)
            if value is not None and value < 0:
                raise InvalidRequestError(
                    f"{name} is {value}; it must be a number of bytes.", param=name
                )
