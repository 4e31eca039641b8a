"""Responses that can be asked for again, and gone on with."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from ...errors import InvalidRequestError
from ..sse import json_bytes
from .items import Item
from .response import Json

MAX_BYTES = 128 * 2**20


class PreviousResponseNotFoundError(InvalidRequestError):
    """OpenAI's code, which clients look for to send the whole conversation again."""

    code = "previous_response_not_found"


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """A response and the items it was made from, the whole conversation before it."""

    response: Json
    input_items: Sequence[Item]

    @property
    def conversation(self) -> list[Item]:
        return [*self.input_items, *self.response["output"]]

    @property
    def nbytes(self) -> int:
        """Its size as JSON; items that it shares with others count in each of them."""
        return len(json_bytes([self.response, *self.input_items]))


class ResponseStore:
    """In memory, at most `max_bytes`: those not used for longest go first.

    Each response holds its whole conversation, so none is ever cut short when an older one goes.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self.max_bytes = max_bytes
        self.nbytes = 0
        self._stored: OrderedDict[str, tuple[StoredResponse, int]] = OrderedDict()

    def put(self, stored: StoredResponse) -> None:
        response_id, size = stored.response["id"], stored.nbytes
        self._stored[response_id] = (stored, size)
        self.nbytes += size
        while self.nbytes > self.max_bytes:
            self.delete(next(iter(self._stored)))

    def get(self, response_id: str) -> StoredResponse | None:
        if response_id not in self._stored:
            return None
        self._stored.move_to_end(response_id)
        return self._stored[response_id][0]

    def delete(self, response_id: str) -> bool:
        """False if it is not here."""
        if response_id not in self._stored:
            return False
        self.nbytes -= self._stored.pop(response_id)[1]
        return True

    def conversation(self, response_id: str | None) -> list[Item]:
        """What `previous_response_id` goes on with; PreviousResponseNotFoundError."""
        if response_id is None:
            return []
        stored = self.get(response_id)
        if stored is None:
            raise PreviousResponseNotFoundError(
                f"There is no response {response_id!r} here, or not any more: send the whole "
                "conversation as input.",
                param="previous_response_id",
            )
        return stored.conversation

    def item(self, item_id: str) -> Item | None:
        """What an `item_reference` names, from the latest response that holds it."""
        for stored, _ in reversed(self._stored.values()):
            for item in stored.conversation:
                if item["id"] == item_id:
                    return item
        return None
