"""Messages for the engine, and where in a dialect's body each came from, for errors."""

from __future__ import annotations

from ...json_text import Json


class LocatedMessages(list[Json]):
    """`names` are the dialect's for the engine's paths: see `GenerationRequest.field_names`."""

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, str] = {}

    def add(self, message: Json, where: str, **fields: str) -> None:
        """`fields` are what the body calls those of the message that have another name there."""
        here = f"messages[{len(self)}]"
        self.names[here] = where
        self.names |= {f"{here}.{field}": f"{where}.{name}" for field, name in fields.items()}
        self.append(message)

    def name_field(self, field: str, where: str) -> None:
        """Of the last message: it has a place of its own in the body."""
        self.names[f"messages[{len(self) - 1}].{field}"] = where

    def add_call(self, call: Json, where: str, *, call_id: str, arguments: str) -> None:
        """To the last message; `call_id` and `arguments` are the body's names of these."""
        calls = self[-1].setdefault("tool_calls", [])
        here = f"tool_calls[{len(calls)}]"
        self.name_field(here, where)
        self.name_field(f"{here}.id", f"{where}.{call_id}")
        self.name_field(f"{here}.function", where)
        self.name_field(f"{here}.function.arguments", f"{where}.{arguments}")
        calls.append(call)
