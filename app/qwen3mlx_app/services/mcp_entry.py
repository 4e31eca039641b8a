"""What a person writes about an MCP server, as an entry of mcp.json. Pure."""

from __future__ import annotations

import shlex
from typing import Any

from PySide6.QtCore import QCoreApplication

translate = QCoreApplication.translate


class EntryError(Exception):
    """A sentence for a person about what is wrong."""


def entry(place: str, variables: str) -> dict[str, Any]:
    """The entry for a command line or an address, and lines of NAME=value.

    The lines are a program's variables, or the headers for an address. Raises EntryError.
    """
    place = place.strip()
    values = _values(variables)
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


def _values(lines: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in filter(None, map(str.strip, lines.split("\n"))):
        name, sign, value = line.partition("=")
        if not sign or not name.strip():
            text = translate("tools", "{line} must be a name and a value, such as TZ=Asia/Tokyo.")
            raise EntryError(text.format(line=line))
        found[name.strip()] = value.strip()
    return found
