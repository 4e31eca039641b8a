"""Conversations that a later request goes on with."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

from ..json_text import json_bytes

Messages = Sequence[Mapping[str, Any]]
T = TypeVar("T")

MAX_BYTES = 64 * 2**20


class ConversationStore(Generic[T]):
    """In memory, at most `max_bytes` of JSON. Each owner (see `caller.py`) has their own: `of`.

    Where room is short, whoever keeps most lets go what they have not used for longest. Each
    conversation is whole, so none is ever cut short when an older one goes. What several share is
    kept once and counted in each.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self.max_bytes = max_bytes
        self._shelves: dict[str, _Shelf[T]] = {}

    @property
    def nbytes(self) -> int:
        return sum(shelf.nbytes for shelf in self._shelves.values())

    def of(self, owner: str) -> Conversations[T]:
        """Those of `owner`: no other's are found there."""
        return Conversations(self, owner)

    def shelf(self, owner: str) -> _Shelf[T]:
        """Where the owner's are; an empty one is not kept."""
        return self._shelves.get(owner) or _Shelf()

    def keep(self, owner: str, shelf: _Shelf[T]) -> None:
        """Something was put on it: room is made for that."""
        self._shelves[owner] = shelf
        while self.nbytes > self.max_bytes:
            fullest = max(self._shelves, key=lambda name: self._shelves[name].nbytes)
            self._shelves[fullest].remove(next(iter(self._shelves[fullest])))
            if not self._shelves[fullest]:
                del self._shelves[fullest]


class _Shelf(OrderedDict[str, tuple[T, int]]):
    """Conversations by their id, with their sizes; the one used last comes last."""

    nbytes = 0

    def remove(self, conversation_id: str) -> None:
        self.nbytes -= self.pop(conversation_id)[1]


class Conversations(Generic[T]):
    """One owner's, as a request sees them."""

    def __init__(self, store: ConversationStore[T], owner: str) -> None:
        self._store = store
        self._owner = owner

    def put(self, conversation_id: str, conversation: T, nbytes: int | None = None) -> None:
        """`nbytes` is its size, if it is no JSON. One larger than all the room is not kept."""
        self.delete(conversation_id)
        size = len(json_bytes(conversation)) if nbytes is None else nbytes
        if size <= self._store.max_bytes:
            shelf = self._store.shelf(self._owner)
            shelf[conversation_id] = (conversation, size)
            shelf.nbytes += size
            self._store.keep(self._owner, shelf)

    def get(self, conversation_id: str) -> T | None:
        """None if it is not here, or not any more."""
        shelf = self._store.shelf(self._owner)
        if conversation_id not in shelf:
            return None
        shelf.move_to_end(conversation_id)
        return shelf[conversation_id][0]

    def latest_first(self) -> list[T]:
        shelf = self._store.shelf(self._owner)
        return [conversation for conversation, _ in reversed(shelf.values())]

    def delete(self, conversation_id: str) -> bool:
        """False if it is not here."""
        shelf = self._store.shelf(self._owner)
        if conversation_id not in shelf:
            return False
        shelf.remove(conversation_id)
        return True
