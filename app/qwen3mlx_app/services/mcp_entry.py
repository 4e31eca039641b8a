"""What a person writes about an MCP server, as an entry of mcp.json. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QCoreApplication

from ..domain import ToolServer

translate = QCoreApplication.translate

# Stands for a value that is not shown.
HIDDEN = "••••••••"


class EntryError(Exception):
    """A sentence for a person about what is wrong."""


def written(server: ToolServer) -> tuple[str, str]:
    """A server's place and its variables, as `entry` takes them."""
    place = server.url or shlex.join([server.command or "", *server.args])
    return place, "\n".join(f"{name}={HIDDEN}" for name in server.variables)


def entry(place: str, variables: str, known: Sequence[str] = ()) -> dict[str, Any]:
    """The entry for a command line or an address, and lines of NAME=value.

    The lines are a program's variables, or the headers for an address. A hidden value of those
    `known` is None: it stays. Raises EntryError.
    """
    place = place.strip()
    values = _values(variables, known)
    if place.lower().startswith(("http://", "https://")):
        return {"url": place, **({"headers": values} if values else {})}
    try:
        words = shlex.split(place)
    except ValueError:
        raise EntryError(
            translate("tools", "A quotation mark of the command is not closed.")
        ) from None
    if not words:
        raise EntryError(translate("tools", "Enter a command, or an address."))
    return {"command": words[0], "args": words[1:], **({"env": values} if values else {})}


def _values(lines: str, known: Sequence[str]) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for line in filter(None, map(str.strip, lines.split("\n"))):
        name, sign, value = line.partition("=")
        if not sign or not name.strip():
            text = translate("tools", "{line} must be a name and a value, such as TZ=Asia/Tokyo.")
            raise EntryError(text.format(line=line))
        name, value = name.strip(), value.strip()
        if value == HIDDEN and name not in known:
            text = translate("tools", "Enter the value of {name}.")
            raise EntryError(text.format(name=name))
        found[name] = None if value == HIDDEN else value
    return found
