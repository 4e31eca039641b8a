"""Conversations that later requests continue."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

from ..json_text import json_bytes
from .byte_lru import ByteLRU

Messages = Sequence[Mapping[str, Any]]
T = TypeVar("T")

MAX_BYTES = 64 * 2**20


class ConversationStore(Generic[T]):
    """Keeps up to `max_bytes` of JSON in memory. Each owner (see `caller.py`) has their own: `of`.

    When space runs out, the owner with the most data loses their least recently used conversation.
    Every conversation is complete, so none is cut short when an older one goes. Messages shared by
    several are stored once, but counted in each.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self.max_bytes = max_bytes
        self._by_owner: dict[str, ByteLRU[T]] = {}
        self.lock = threading.RLock()

    @property
    def nbytes(self) -> int:
        return sum(kept.nbytes for kept in self._by_owner.values())

    def of(self, owner: str) -> Conversations[T]:
        """The conversations of `owner`, who sees no others."""
        return Conversations(self, owner)

    def kept(self, owner: str) -> ByteLRU[T]:
        """Return the owner's conversations; an empty one is not stored."""
        return self._by_owner.get(owner) or ByteLRU()

    def keep(self, owner: str, kept: ByteLRU[T]) -> None:
        """Store what the owner has, and make room for it."""
        self._by_owner[owner] = kept
        while self.nbytes > self.max_bytes:
            fullest = max(self._by_owner, key=lambda name: self._by_owner[name].nbytes)
            self._by_owner[fullest].evict()
            if not self._by_owner[fullest]:
                del self._by_owner[fullest]


class Conversations(Generic[T]):
    """One owner's conversations by id. May be used from any thread."""

    def __init__(self, store: ConversationStore[T], owner: str) -> None:
        self._store = store
        self._owner = owner

    def put(self, conversation_id: str, conversation: T, nbytes: int | None = None) -> None:
        """`nbytes` is its size, needed if it is not JSON. Not kept if larger than the store."""
        size = len(json_bytes(conversation)) if nbytes is None else nbytes
        with self._store.lock:
            self.delete(conversation_id)
            if size <= self._store.max_bytes:
                kept = self._store.kept(self._owner)
                kept.put(conversation_id, conversation, size)
                self._store.keep(self._owner, kept)

    def get(self, conversation_id: str) -> T | None:
        """None if it was never stored, or is gone."""
        with self._store.lock:
            return self._store.kept(self._owner).get(conversation_id)

    def latest_first(self) -> list[T]:
        with self._store.lock:
            return self._store.kept(self._owner).latest_first()

    def delete(self, conversation_id: str) -> bool:
        """False if it was not stored."""
        with self._store.lock:
            return self._store.kept(self._owner).remove(conversation_id)
