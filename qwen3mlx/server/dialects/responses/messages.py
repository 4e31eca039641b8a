"""The items of a conversation -> messages for the chat template."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ..shared.located import LocatedMessages
from ..shared.sealed import unseal
from .approvals import NOT_APPROVED, Approvals, approves
from .calls import call_id, call_message, is_answer, is_call, is_result, own_result, result_text
from .items import ID, STEP, UNPROMPTED, Item, Places


def to_messages(
    instructions: str | None,
    items: Sequence[Item],
    places: Places | None = None,
    pending: Collection[str] = (),
) -> LocatedMessages:
    """The items of an assistant turn (reasoning, message, calls) become one message.

    The results of `pending` approval requests are still to come.
    """
    builder = _Builder(items, places or Places(items), pending)
    if instructions:
        builder.messages.add({"role": "system", "content": instructions}, "instructions")
    for item in items:
        if item["type"] not in UNPROMPTED:
            builder.add(item)
    builder.add_results()
    return builder.messages


class _Builder:
    """`_held` are results of a step whose calls go on: they come after all of its calls."""

    def __init__(self, items: Sequence[Item], places: Places, pending: Collection[str]) -> None:
        self.messages = LocatedMessages()
        self._approvals = Approvals(items)
        self._places = places
        self._pending = pending
        self._held: list[tuple[Item, str]] = []

    def add(self, item: Item) -> None:
        kind = item["type"]
        if not (self._held and is_call(kind) and _is_same_step(self._held[-1][0], item)):
            self.add_results()
        if is_result(kind):
            self._hold(item, self._answer(item))
        elif kind == "message" and item["role"] != "assistant":
            said = {"role": item["role"], "content": _text(item["content"])}
            self.messages.add(said, self._places.of(item))
        else:
            if not self._approvals.has_request_of(item):
                self._add_to_turn(item, self._places.of(item))
            if is_call(kind):
                is_open = self._approvals.is_open(item)
                self._hold(item, NOT_APPROVED if is_open else own_result(item))

    def add_results(self) -> None:
        for item, text in self._held:
            result = {"role": "tool", "tool_call_id": call_id(item), "content": text}
            name = "approval_request_id" if approves(item) else "call_id"
            self.messages.add(result, self._places.of(item), tool_call_id=name, content="output")
        self._held.clear()

    def _hold(self, item: Item, result: str | None) -> None:
        if result is not None:
            self._held.append((item, result))

    def _answer(self, item: Item) -> str | None:
        """The result of an earlier call; None if it answers none, or another one is there."""
        is_pending = approves(item) and item["approval_request_id"] in self._pending
        if is_pending or self._approvals.is_made(item) or not is_answer(item):
            return None
        return result_text(item)

    def _add_to_turn(self, item: Item, where: str) -> None:
        kind, messages = item["type"], self.messages
        if not messages or not _continues(messages[-1], kind):
            messages.add({"role": "assistant", "content": ""}, where)
        turn = messages[-1]
        if kind == "reasoning":
            turn["reasoning_content"] = _thoughts(item)
            messages.name_field("reasoning_content", where)
        elif kind == "message":
            turn["content"] = _text(item["content"])
            messages.name_field("content", f"{where}.content")
        else:
            messages.add_call(call_message(item), where, call_id="call_id", arguments="arguments")


def _is_same_step(one: Item, other: Item) -> bool:
    """Whether two calls that follow each other were made at the same time."""
    tokens = [item["id"].rpartition("_")[2] for item in (one, other)]
    return all(len(token) == ID for token in tokens) and tokens[0][:STEP] == tokens[1][:STEP]


def _continues(message: Mapping[str, Any], kind: str) -> bool:
    """Within a turn, the template writes reasoning first, then the text, then the calls."""
    if message["role"] != "assistant" or kind == "reasoning":
        return False
    return is_call(kind) or not (message["content"] or message.get("tool_calls"))


def _text(parts: Sequence[Mapping[str, Any]]) -> str:
    return "".join(part.get("text", part.get("refusal", "")) for part in parts)


def _thoughts(item: Item) -> str:
    """This server's summaries are complete; other servers' are all there is to read."""
    summary = "\n\n".join(part["text"] for part in item.get("summary", ()))
    return _text(item.get("content", ())) or unseal(item.get("encrypted_content")) or summary
