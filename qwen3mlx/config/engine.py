"""What a user sets for the engine as a whole."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..errors import InvalidRequestError


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineConfig:
    """`max_running` answers of a model are computed together, `max_waiting` more may wait.

    `memory_limit` and `prefix_cache_bytes` are bytes (None: what suits the machine); `ttl_s` is how
    long a model that nobody uses stays in memory (seconds; infinity: for ever).
    """

    max_running: int = 16
    max_waiting: int = 256
    memory_limit: int | None = None
    prefix_cache_bytes: int | None = None
    ttl_s: float = 3600.0

    def __post_init__(self) -> None:
        least = {"max_running": 1, "max_waiting": 0, "ttl_s": 0}
        for name, low in least.items():
            value = getattr(self, name)
            if math.isnan(value) or value < low:
                raise InvalidRequestError(
                    f"{name} is {value}; it must be {low} or more.", param=name
                )
        for name in ("memory_limit", "prefix_cache_bytes"):
            value = getattr(self, name)
            if value is not None and value < 0:
                raise InvalidRequestError(
                    f"{name} is {value}; it must be a number of bytes.", param=name
                )
