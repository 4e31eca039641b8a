"""Values by key, with their sizes, for stores that are limited in bytes."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

T = TypeVar("T")


class ByteLRU(Generic[T]):
    """`nbytes` is the size of all values. The owner evicts until it is small enough."""

    def __init__(self) -> None:
        self.nbytes = 0
        self._entries: OrderedDict[str, tuple[T, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, key: str, value: T, nbytes: int) -> None:
        """Replaces what `key` had; the value becomes the most recently used."""
        self.remove(key)
        self._entries[key] = (value, nbytes)
        self.nbytes += nbytes

    def get(self, key: str) -> T | None:
        """None if there is none; the value becomes the most recently used."""
        if key not in self._entries:
            return None
        self._entries.move_to_end(key)
        return self._entries[key][0]

    def remove(self, key: str) -> bool:
        """False if there was none."""
        entry = self._entries.pop(key, None)
        if entry is None:
            return False
        self.nbytes -= entry[1]
        return True

    def evict(self) -> None:
        """Remove the least recently used value."""
        self.remove(next(iter(self._entries)))

    def latest_first(self) -> list[T]:
        return [value for value, _ in reversed(self._entries.values())]
