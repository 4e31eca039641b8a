"""Match tool results to their calls, and put them after the calling turn in the order of its calls.

Qwen3's template writes results without ids: the model identifies them by order alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qwen3mlx.errors import InvalidRequestError

from ..quoting import quoted

Message = dict[str, Any]


@dataclass(slots=True, eq=False)
class _Call:
    id: str | None
    name: str
    field: str
    result: Message | None = None


def bind_results(messages: Sequence[Message]) -> list[Message]:
    """Return `messages` with each result after its turn, matched by id, tool name, or position.

    Raises InvalidRequestError for a result whose call is missing or already has one, and for a call
    with an id but no result, unless its turn is the last message.
    """
    binder = _Binder()
    for index, message in enumerate(messages):
        binder.add(message, f"messages[{index}]")
    return binder.bound()


class _Binder:
    def __init__(self) -> None:
        self._turns: list[tuple[Message, list[_Call]]] = []  # a message and its calls
        # The calls of the latest turn that used an id: later rounds may use it again.
        self._by_id: dict[str, list[_Call]] = {}
        self._called: list[_Call] = []  # by the turn that results without ids belong to
        self._num_asked = 0  # turns up to the last one that is not the assistant's

    def add(self, message: Message, field: str) -> None:
        if message["role"] != "tool":
            self._called = _calls(message, field)
            self._by_id |= _grouped(self._called)
            self._turns.append((message, self._called))
        elif (call := self._call_of(message, field)) is not None:
            call.result = message
        else:
            self._turns.append((message, []))
        if message["role"] != "assistant":
            self._num_asked = len(self._turns)

    def bound(self) -> list[Message]:
        messages: list[Message] = []
        for number, (message, calls) in enumerate(self._turns):
            messages.append(message)
            for call in calls:
                if call.result is not None:
                    messages.append(call.result)
                elif call.id is not None and number < self._num_asked:
                    raise _error(
                        f"{call.field}.id",
                        f"is {quoted(call.id)}, but it has no result: include the tool's result",
                    )
        return messages

    def _call_of(self, message: Message, field: str) -> _Call | None:
        """Return None if no call could match: the result stays where it is."""
        call_id, name = message.get("tool_call_id"), message.get("name")
        if call_id and (self._by_id or not self._called):
            return self._call_by_id(str(call_id), f"{field}.tool_call_id")
        waiting = [call for call in self._called if call.result is None]
        if not name:
            return waiting[0] if waiting else None
        for call in waiting:
            if call.name == name:
                return call
        if self._called:
            raise _error(
                f"{field}.name", f"is {quoted(name)}, but no earlier call is waiting for that tool"
            )
        return None

    def _call_by_id(self, call_id: str, field: str) -> _Call:
        calls = self._by_id.get(call_id, [])
        if not calls:
            raise _error(
                field,
                f"is {quoted(call_id)}; it must be the id of an earlier tool call",
            )
        if len(calls) > 1:
            raise _error(field, f"is {quoted(call_id)}, which {len(calls)} calls of one turn share")
        if calls[0].result is not None:
            raise _error(
                field, f"is {quoted(call_id)}, which already has a result: send one per call"
            )
        return calls[0]


def _calls(message: Message, field: str) -> list[_Call]:
    calls: list[_Call] = []
    for index, call in enumerate(message.get("tool_calls", ())):
        function: Mapping[str, Any] = call.get("function", call)
        field_of_call = f"{field}.tool_calls[{index}]"
        call_id = call.get("id")
        known = str(call_id) if isinstance(call_id, (str, int)) and call_id != "" else None
        calls.append(_Call(known, function["name"], field_of_call))
    return calls


def _grouped(calls: Sequence[_Call]) -> dict[str, list[_Call]]:
    groups: dict[str, list[_Call]] = {}
    for call in calls:
        if call.id is not None:
            groups.setdefault(call.id, []).append(call)
    return groups


def _error(field: str, problem: str) -> InvalidRequestError:
    return InvalidRequestError(f"{field} {problem}.", param=field)
