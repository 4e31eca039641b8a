"""Stored responses and conversations, which later requests continue."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

from ....errors import InvalidRequestError, Qwen3MLXError
from ....quoting import quoted
from ...core.conversations import Conversations, ConversationStore
from ...json_text import Json, json_bytes
from .items import Item, new_id

MAX_BYTES = 128 * 2**20


class PreviousResponseNotFoundError(InvalidRequestError):
    """Has OpenAI's code, upon which clients send the whole conversation again."""

    code = "previous_response_not_found"


class ConversationNotFoundError(Qwen3MLXError):
    """There is no stored conversation or item with this id."""

    code = "conversation_not_found"


class StoredResponse(NamedTuple):
    """A response and its input items, including the whole conversation before it."""

    response: Json
    input_items: Sequence[Item]

    @property
    def id(self) -> str:
        response_id: str = self.response["id"]
        return response_id

    @property
    def conversation(self) -> list[Item]:
        return [*self.input_items, *self.response["output"]]

    @property
    def nbytes(self) -> int:
        """The size as JSON; items shared with other responses count in each."""
        return len(json_bytes([self.response, *self.input_items]))


@dataclass(frozen=True, slots=True)
class Conversation:
    """Items, to which each response in the conversation is added."""

    metadata: Mapping[str, str]
    conversation: Sequence[Item]
    id: str = field(default_factory=lambda: new_id("conv"))
    created_at: int = field(default_factory=lambda: int(time.time()))

    @property
    def nbytes(self) -> int:
        return len(json_bytes([self.metadata, *self.conversation]))

    @property
    def json(self) -> Json:
        head = {"id": self.id, "object": "conversation", "created_at": self.created_at}
        return {**head, "metadata": dict(self.metadata)}


AllStored = ConversationStore[StoredResponse | Conversation]


class ResponseStore:
    """One owner's stored responses and conversations, for one request.

    Each response contains its whole conversation, so none is cut short when an older one goes.
    """

    def __init__(self, stored: Conversations[StoredResponse | Conversation]) -> None:
        self._stored = stored

    def put(self, stored: StoredResponse | Conversation) -> None:
        self._stored.put(stored.id, stored, stored.nbytes)

    def get(self, response_id: str) -> StoredResponse | None:
        stored = self._stored.get(response_id)
        return stored if isinstance(stored, StoredResponse) else None

    def get_conversation(self, conversation_id: str) -> Conversation:
        """Raises ConversationNotFoundError."""
        stored = self._stored.get(conversation_id)
        if not isinstance(stored, Conversation):
            raise ConversationNotFoundError(
                f"There is no stored conversation {quoted(conversation_id)}; create a new one."
            )
        return stored

    def delete(self, response_id: str) -> bool:
        """False if it was not stored."""
        return self.get(response_id) is not None and self._stored.delete(response_id)

    def delete_conversation(self, conversation_id: str) -> None:
        """Raises ConversationNotFoundError."""
        self._stored.delete(self.get_conversation(conversation_id).id)

    def earlier_items(
        self, response_id: str | None, conversation_id: str | None = None
    ) -> list[Item]:
        """The items that a request continues: those of a response, a conversation, or none.

        Raises PreviousResponseNotFoundError and ConversationNotFoundError.
        """
        if conversation_id is not None:
            if response_id is not None:
                raise InvalidRequestError(
                    "conversation cannot be combined with previous_response_id.",
                    param="conversation",
                )
            return list(self.get_conversation(conversation_id).conversation)
        if response_id is None:
            return []
        stored = self.get(response_id)
        if stored is None:
            raise PreviousResponseNotFoundError(
                f"There is no stored response {quoted(response_id)}; send the whole conversation "
                "as input.",
                param="previous_response_id",
            )
        return stored.conversation

    def extend(self, conversation_id: str, items: Sequence[Item]) -> None:
        """Append items, unless the conversation was deleted in the meantime."""
        known = self._stored.get(conversation_id)
        if isinstance(known, Conversation):
            self.put(replace(known, conversation=[*known.conversation, *items]))

    def item(self, item_id: str) -> Item | None:
        """The item that an `item_reference` names, in its most recently stored version."""
        return self._items.get(item_id)

    @cached_property
    def _items(self) -> dict[str, Item]:
        """All items by id, collected once for all references of a request."""
        oldest_first = reversed(self._stored.latest_first())
        return {item["id"]: item for stored in oldest_first for item in stored.conversation}
