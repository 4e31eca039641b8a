"""Conversations that a later request goes on with."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from .sse import json_bytes

Messages = Sequence[Mapping[str, Any]]

MAX_BYTES = 64 * 2**20


class ConversationStore:
    """In memory, at most `max_bytes` of JSON: those not used for longest go first.

    Each one is whole, so none is ever cut short when an older one goes. Messages that several
    share are kept once and counted in each.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self.max_bytes = max_bytes
        self.nbytes = 0
        self._stored: OrderedDict[str, tuple[Messages, int]] = OrderedDict()

    def put(self, conversation_id: str, messages: Messages) -> None:
        """One that is larger than all the room there is is not kept."""
        self._forget(conversation_id)
        size = len(json_bytes(messages))
        if size > self.max_bytes:
            return
        self._stored[conversation_id] = (messages, size)
        self.nbytes += size
        while self.nbytes > self.max_bytes:
            self._forget(next(iter(self._stored)))

    def get(self, conversation_id: str) -> Messages | None:
        """None if it is not here, or not any more."""
        if conversation_id not in self._stored:
            return None
        self._stored.move_to_end(conversation_id)
        return self._stored[conversation_id][0]

    def _forget(self, conversation_id: str) -> None:
        _, size = self._stored.pop(conversation_id, ((), 0))
        self.nbytes -= size
