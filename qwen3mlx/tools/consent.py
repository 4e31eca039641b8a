"""Which tools may run: `tools.json` in the state folder, by server and tool.

A choice belongs to the tool as it was when a person made it. Once its description, its schema, or
the program or address of its server differs, the tool asks again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

from ..errors import ConfigurationError
from ..quoting import quoted
from ..settings.state import StateFile
from .toolbox import Tool

Choice = Literal["ask", "always", "never"]
CHOICES: tuple[Choice, ...] = get_args(Choice)


class Consents:
    """Reads the file at each access, so that a choice counts at once, everywhere."""

    def __init__(self) -> None:
        self._file = StateFile("tools.json")
        self.path = self._file.path

    def choice(self, tool: Tool) -> Choice:
        """Raises ConfigurationError for a file that cannot be read."""
        return self.choices([tool])[tool]

    def choices(self, tools: list[Tool]) -> dict[Tool, Choice]:
        """The choice for each tool."""
        saved = self._consents(self._file.read())
        return {tool: _choice(saved.get(tool.server, {}).get(tool.name), tool) for tool in tools}

    def save(self, tool: Tool, choice: Choice) -> None:
        with self._file.edit() as values:
            server = values.setdefault("consent", {}).setdefault(tool.server, {})
            server[tool.name] = {"choice": choice, "of": tool.identity}

    def _consents(self, values: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
        saved = values.get("consent", {})
        if not isinstance(saved, dict) or not all(isinstance(one, dict) for one in saved.values()):
            raise ConfigurationError(
                f"{self.path}: consent is {quoted(saved)}; it must hold an object for each server."
            )
        return saved


def _choice(saved: Any, tool: Tool) -> Choice:
    if not isinstance(saved, dict):
        return tool.unasked
    choice = saved.get("choice")
    if choice == "never":
        return "never"
    return "always" if choice == "always" and saved.get("of") == tool.identity else "ask"
