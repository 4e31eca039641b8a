"""Shares the memory among weights, live keys and values, and the prefix cache."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ..config.memory import PREFIX_SHARE


@dataclass(slots=True, eq=False)
class MemoryBudget:
    """Tracks the bytes in use by purpose, against one limit.

    `make_room(bytes)` evicts cached prefixes, least recently used first, and returns whether that
    was enough.
    """

    limit: int
    prefix_limit: int | None = None
    weights: int = 0
    live: int = 0
    prefixes: int = 0
    evictors: list[Callable[[], bool]] = field(default_factory=list)

    @property
    def free(self) -> int:
        return self.limit - self.weights - self.live - self.prefixes

    @property
    def largest_request(self) -> int:
        """Return the bytes available to a request that runs alone."""
        return max(self.limit - self.weights, 0)

    @property
    def room_for_prefixes(self) -> int:
        share = int(self.largest_request * PREFIX_SHARE)
        limit = share if self.prefix_limit is None else min(share, self.prefix_limit)
        return min(limit - self.prefixes, self.free)

    def make_room(self, num_bytes: int) -> bool:
        if self.free + self.prefixes < num_bytes:
            return False
        while self.free < num_bytes:
            if not any(evict() for evict in self.evictors):
                return False
        return True
