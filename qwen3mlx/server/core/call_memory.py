"""Arguments of tool calls exactly as models wrote them, for clients that reformat them.

A client that parses the arguments of a call and serializes them into its next request may write
them differently: JavaScript drops spaces, `1.50` becomes `1.5`. The prompt would then differ from
what the model has computed, and the prefix cache would miss everything after that call.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from .byte_lru import ByteLRU

Message = Mapping[str, Any]

MAX_BYTES = 8 * 1024**2


class CallMemory:
    """Remembers the arguments of recent calls by id. The ids are random and cannot be guessed.

    A remembered text replaces only arguments that mean the same: it changes how they are written.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._texts: ByteLRU[str] = ByteLRU()
        self._lock = threading.Lock()

    @property
    def nbytes(self) -> int:
        return self._texts.nbytes

    def remember(self, call_id: str, arguments: str) -> None:
        """Remember a call's arguments; evict the least recently used texts if there is no room."""
        key = _random_part(call_id)
        with self._lock:
            self._texts.put(key, arguments, _size(key, arguments))
            while self.nbytes > self._max_bytes:
                self._texts.evict()

    def restored(self, messages: Sequence[Message]) -> list[Message]:
        """The messages with call arguments as the model wrote them, where that is known."""
        return [self._restored(message) for message in messages]

    def _restored(self, message: Message) -> Message:
        calls = message.get("tool_calls")
        if not isinstance(calls, (list, tuple)):
            return message
        return {**message, "tool_calls": [self._restored_call(call) for call in calls]}

    def _restored_call(self, call: Any) -> Any:
        function = call.get("function") if isinstance(call, Mapping) else None
        if not isinstance(function, Mapping):
            return call
        written, given = self._text(call.get("id")), function.get("arguments")
        if written is None or written == given or not says_the_same(written, given):
            return call
        return {**call, "function": {**function, "arguments": written}}

    def _text(self, call_id: object) -> str | None:
        key = _random_part(call_id) if isinstance(call_id, str) else ""
        with self._lock:
            return self._texts.get(key)


def says_the_same(written: str, given: object) -> bool:
    """Whether `given`, JSON text or an object, has the members of `written` in the same order.

    Numbers are equal if all their decimals are, not if floats round to the same value.
    """
    try:
        return bool(
            _form(_read(written)) == _form(_read(given) if isinstance(given, str) else given)
        )
    except (ValueError, ArithmeticError, RecursionError):
        return False


class _Members(list[tuple[str, Any]]):
    """Members of an object, including repeated ones."""


def _read(text: str) -> Any:
    return json.loads(text, parse_float=Decimal, object_pairs_hook=_Members)


def _form(value: Any) -> Any:
    """Equal for values that mean the same; in JSON, `true` is not 1."""
    if isinstance(value, bool) or value is None:
        return ("constant", str(value))
    if isinstance(value, float):
        return ("number", Decimal(repr(value)))
    if isinstance(value, (int, Decimal)):
        return ("number", Decimal(value))
    if isinstance(value, Mapping):
        value = _Members(value.items())
    if isinstance(value, _Members):
        return ("object", [(name, _form(member)) for name, member in value])
    return ("list", [_form(item) for item in value]) if isinstance(value, (list, tuple)) else value


def _random_part(call_id: str) -> str:
    """The id without its dialect's prefix, such as `call_` or `toolu_`."""
    return call_id.rpartition("_")[2]


def _size(call_id: str, arguments: str) -> int:
    return len(call_id) + len(arguments.encode("utf-8", "surrogatepass"))
