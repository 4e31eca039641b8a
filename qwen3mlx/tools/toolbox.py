"""The tools that a model is offered: their names, their functions, and the check of arguments."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from ..quoting import shortened
from ..text.arguments import read_arguments
from .outcome import Outcome

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator

# Characters of a tool's name, its description, and its schema: all of them are part of each prompt.
LONGEST_NAME, LONGEST_DESCRIPTION, LARGEST_SCHEMA = 128, 8_000, 64_000
# What the model is told about wrong arguments.
MOST_FAULTS = 3

# Called with how much of a call is done, how much there is if that is known, and a message.
Progress = Callable[[float, float | None, str | None], None]
# Runs a tool: arguments, seconds that it may take, and progress. It never raises.
Run = Callable[[Mapping[str, Any], float, Progress], Awaitable[Outcome]]


@dataclass(frozen=True, eq=False)
class Tool:
    """A tool of a server. A `fault` says why it cannot be offered.

    `source` is the fingerprint of its server; `unasked` is the consent it has before any choice.
    `is_guest` says that its server is one that a request has brought along, `is_read_only` that it
    changes nothing, if its server tells the truth.
    """

    server: str
    name: str
    run: Run
    description: str = ""
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "object"})
    source: str = ""
    unasked: Literal["ask", "always"] = "ask"
    is_guest: bool = False
    is_read_only: bool = False

    @cached_property
    def fault(self) -> str | None:
        if not self.name or len(self.name) > LONGEST_NAME or not self.name.isprintable():
            return f"its name must have 1 to {LONGEST_NAME} visible characters"
        if len(json.dumps(self.schema)) > LARGEST_SCHEMA:
            return f"its schema has more than {LARGEST_SCHEMA:,} characters"
        if self.validator is None:
            return "its inputSchema is not a JSON Schema"
        if self.schema.get("type", "object") != "object":
            return "its inputSchema must describe an object"
        return None

    @cached_property
    def validator(self) -> Draft202012Validator | None:
        """None for what is not a JSON Schema."""
        from jsonschema_rs import Draft202012Validator, ReferencingError, ValidationError

        try:
            return Draft202012Validator(dict(self.schema), offline=True)
        except (ValidationError, ReferencingError, ValueError):
            return None

    @cached_property
    def identity(self) -> str:
        """Differs after each change of its server, or of what the tool says about itself."""
        told = json.dumps([self.source, self.name, self.description, self.schema], sort_keys=True)
        return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def function(self, offered_name: str) -> dict[str, Any]:
        """The tool in the form of OpenAI's functions."""
        description = self.description
        if len(description) > LONGEST_DESCRIPTION:
            description = f"{description[:LONGEST_DESCRIPTION]} (cut)"
        function = {
            "name": offered_name,
            "description": description,
            "parameters": dict(self.schema),
        }
        return {"type": "function", "function": function}


class Arguments(NamedTuple):
    """The arguments of a call, or what is wrong with them."""

    value: dict[str, Any]
    fault: str | None = None


class Toolbox:
    """Tools by the name that the model sees: their own, or with the server's where two share it.

    With `in_full`, all have the server's.
    """

    def __init__(self, tools: Iterable[Tool], *, in_full: bool = False) -> None:
        usable = [tool for tool in tools if tool.fault is None]
        times = Counter(tool.name for tool in usable for _ in range(1 + in_full))
        unique = [tool for tool in usable if times[tool.name] == 1]
        self.tools = {tool.name: tool for tool in unique}
        for tool in usable:
            if times[tool.name] > 1:
                self.tools[self._free_name(f"{tool.server}.{tool.name}")] = tool

    def _free_name(self, name: str) -> str:
        if name not in self.tools:
            return name
        return next(new for n in count(2) if (new := f"{name}.{n}") not in self.tools)

    @cached_property
    def functions(self) -> list[dict[str, Any]]:
        """What `GenerationRequest.tools` takes, in a stable order."""
        return [tool.function(name) for name, tool in self.tools.items()]

    def arguments(self, tool: Tool, text: str) -> Arguments:
        """Read and check the arguments that a model has written."""
        read = read_arguments(text or "{}")
        if isinstance(read, str):
            return Arguments({}, "The arguments are not a JSON object: write one, and call again.")
        value = dict(read)
        assert tool.validator is not None
        faults = []
        for error in tool.validator.iter_errors(value):
            where = "/".join(map(str, error.instance_path))
            faults.append(shortened(f"{where}: {error.message}" if where else error.message))
            if len(faults) == MOST_FAULTS:
                break
        if not faults:
            return Arguments(value)
        told = "; ".join(faults)
        return Arguments(
            value, f"The arguments do not fit the tool's schema ({told}): correct them."
        )
