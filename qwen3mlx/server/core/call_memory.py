"""Arguments of calls as models wrote them, for clients that send them back written anew.

A client that reads the arguments of a call and writes them into its next request may write them
differently: JavaScript leaves out the blanks, `1.50` becomes `1.5`. The prompt would then not be
what the model has computed, and nothing behind that call be found in the prefix cache.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

Message = Mapping[str, Any]

MAX_BYTES = 8 * 1024**2


class CallMemory:
    """The texts of the latest calls by their ids, which are random, so that nobody guesses them.

    What is known is used only for arguments that say the same: it changes how they are written.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._texts: OrderedDict[str, str] = OrderedDict()
        self._lock = threading.Lock()
        self.nbytes = 0

    def remember(self, call_id: str, arguments: str) -> None:
        """The least recently used go where there is no room."""
        key = _random_part(call_id)
        with self._lock:
            self._texts[key] = arguments
            self.nbytes += _size(key, arguments)
            while self.nbytes > self._max_bytes:
                self.nbytes -= _size(*self._texts.popitem(last=False))

    def restored(self, messages: Sequence[Message]) -> list[Message]:
        """The messages with arguments of calls as they were written, where these are known."""
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
            if key not in self._texts:
                return None
            self._texts.move_to_end(key)
            return self._texts[key]


def says_the_same(written: str, given: object) -> bool:
    """Whether `given`, JSON text or an object, has the members of `written` in their order.

    Numbers are equal where their decimals are, to the last: not where floats round them alike.
    """
    try:
        return bool(
            _form(_read(written)) == _form(_read(given) if isinstance(given, str) else given)
        )
    except (ValueError, ArithmeticError, RecursionError):
        return False


class _Members(list[tuple[str, Any]]):
    """Of an object, repeated ones too."""


def _read(text: str) -> Any:
    return json.loads(text, parse_float=Decimal, object_pairs_hook=_Members)


def _form(value: Any) -> Any:
    """Equal for values that say the same; `True` is no 1 in JSON."""
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
    """Dialects put words of their own before it: `call_`, `toolu_`."""
    return call_id.rpartition("_")[2]


def _size(call_id: str, arguments: str) -> int:
    return len(call_id) + len(arguments.encode("utf-8", "surrogatepass"))
