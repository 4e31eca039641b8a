"""Messages for the engine, with their paths in a dialect's body for errors."""

from __future__ import annotations

from ...json_text import Json


class LocatedMessages(list[Json]):
    """`names` maps the engine's paths to the dialect's: see `GenerationRequest.field_names`."""

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, str] = {}

    def add(self, message: Json, where: str, **fields: str) -> None:
        """`fields` maps fields of the message to their names in the body, if these differ."""
        here = f"messages[{len(self)}]"
        self.names[here] = where
        self.names |= {f"{here}.{field}": f"{where}.{name}" for field, name in fields.items()}
        self.append(message)

    def name_field(self, field: str, where: str) -> None:
        """Set the path in the body of a field of the last message."""
        self.names[f"messages[{len(self) - 1}].{field}"] = where

    def add_call(self, call: Json, where: str, *, call_id: str, arguments: str) -> None:
        """Add a call to the last message; `call_id` and `arguments` are their names in the body."""
        calls = self[-1].setdefault("tool_calls", [])
        here = f"tool_calls[{len(calls)}]"
        self.name_field(here, where)
        self.name_field(f"{here}.id", f"{where}.{call_id}")
        self.name_field(f"{here}.function", where)
        self.name_field(f"{here}.function.arguments", f"{where}.{arguments}")
        calls.append(call)
