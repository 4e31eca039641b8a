"""Conversations that a later request goes on with."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

from .sse import json_bytes

Messages = Sequence[Mapping[str, Any]]
T = TypeVar("T")

MAX_BYTES = 64 * 2**20


class ConversationStore(Generic[T]):
    """In memory, at most `max_bytes` of JSON: those not used for longest go first.

    Each one is whole, so none is ever cut short when an older one goes. What several share is
    kept once and counted in each.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self.max_bytes = max_bytes
        self.nbytes = 0
        self._stored: OrderedDict[str, tuple[T, int]] = OrderedDict()

    def put(self, conversation_id: str, conversation: T, nbytes: int | None = None) -> None:
        """`nbytes` is its size, if it is no JSON. One larger than all the room is not kept."""
        self.delete(conversation_id)
        size = len(json_bytes(conversation)) if nbytes is None else nbytes
        if size > self.max_bytes:
            return
        self._stored[conversation_id] = (conversation, size)
        self.nbytes += size
        while self.nbytes > self.max_bytes:
            self.delete(next(iter(self._stored)))

    def get(self, conversation_id: str) -> T | None:
        """None if it is not here, or not any more."""
        if conversation_id not in self._stored:
            return None
        self._stored.move_to_end(conversation_id)
        return self._stored[conversation_id][0]

    def latest_first(self) -> list[T]:
        return [conversation for conversation, _ in reversed(self._stored.values())]

    def delete(self, conversation_id: str) -> bool:
        """False if it is not here."""
        if conversation_id not in self._stored:
            return False
        self.nbytes -= self._stored.pop(conversation_id)[1]
        return True
