"""Calls of MCP tools that a person has to approve: what was asked, answered, and made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ....errors import InvalidRequestError
from ....quoting import quoted

Item = dict[str, Any]

REQUEST, RESPONSE = "mcp_approval_request", "mcp_approval_response"
NOT_APPROVED = "(This call was not made: nobody has approved it.)"


class Approvals:
    """The approval requests of a conversation, each once, with one answer at most.

    Raises InvalidRequestError.

    A call that was approved is an `mcp_call` with the id of the request.
    """

    def __init__(self, items: Sequence[Item]) -> None:
        self._requests: set[str] = set()
        self._answers: set[str] = set()
        self._made: set[str] = set()
        for item in items:
            if item["type"] == REQUEST:
                if item["id"] in self._requests:
                    raise _twice(item["id"], "is there twice: send it once")
                self._requests.add(item["id"])
            elif item["type"] == RESPONSE:
                self._answer(item["approval_request_id"])
            elif item["type"] == "mcp_call" and item.get("approval_request_id"):
                self._made.add(item["approval_request_id"])

    def is_open(self, item: Item) -> bool:
        """Whether it is a request that nobody has answered."""
        return item["type"] == REQUEST and item["id"] not in self._answers | self._made

    def is_made(self, item: Item) -> bool:
        """Whether it approves a call that has been made since."""
        return approves(item) and item["approval_request_id"] in self._made

    def has_request_of(self, item: Item) -> bool:
        """Whether it is a call for which there was a request."""
        return item["type"] == "mcp_call" and item.get("approval_request_id") in self._requests

    def _answer(self, request_id: str) -> None:
        if request_id in self._answers:
            raise _twice(request_id, "is answered twice")
        self._answers.add(request_id)


def _twice(request_id: str, what: str) -> InvalidRequestError:
    return InvalidRequestError(f"The approval request {quoted(request_id)} {what}.", param="input")


def approves(item: Item) -> bool:
    return item["type"] == RESPONSE and bool(item["approve"])


def approved(items: Sequence[Item]) -> list[Item]:
    """The requests that were approved after the model's last words, whose calls are to be made."""
    last = max((number for number, item in enumerate(items) if _is_models(item)), default=-1)
    wanted = {item["approval_request_id"] for item in items[last + 1 :] if approves(item)}
    requests = [item for item in items if item["type"] == REQUEST and item["id"] in wanted]
    made = {item.get("approval_request_id") for item in items if item["type"] == "mcp_call"}
    return [item for item in requests if item["id"] not in made]


def _is_models(item: Item) -> bool:
    kind = item["type"]
    return item.get("role") == "assistant" or kind == "reasoning" or kind.endswith("_call")
