"""Where other programs keep their MCP servers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from ..errors import UsageError
from ..quoting import quoted
from ..settings.state import user_home
from .json_places import members
from .mcp_json import ROOT, McpFile, entries, parse

Program = Literal["lmstudio", "claude", "cursor"]
PROGRAMS: tuple[Program, ...] = get_args(Program)
# What makes an object the entry of a server.
_ENTRY = frozenset({"command", "url"})


class Imported(NamedTuple):
    """The names that were added, and a sentence for each entry that was not."""

    names: list[str]
    left_out: list[str]


def places(program: Program) -> list[Path]:
    """The files that the program may have, whether they exist or not."""
    home = user_home()
    config = home / ".config"
    if sys.platform == "darwin":
        config = home / "Library" / "Application Support"
    return {
        "lmstudio": [home / ".lmstudio" / "mcp.json", home / ".cache/lm-studio/mcp.json"],
        "claude": [config / "Claude" / "claude_desktop_config.json"],
        "cursor": [home / ".cursor" / "mcp.json"],
    }[program]


def import_servers(source: str) -> Imported:
    """Copy servers to our mcp.json from a program, or from a file like it.

    Those whose name exists already are left out. Raises UsageError if there is no such file, and
    ConfigurationError if it or ours cannot be read.
    """
    path = _file(source)
    return import_text(McpFile(path).text() or "{}", f"{path} ")


def import_text(text: str, source: str = "") -> Imported:
    """Copy the servers in the text of a file like mcp.json to ours, but for known names.

    It may be the object of the servers alone, or its members, as pages show them.
    `source` is said before the line of what is wrong. Raises ConfigurationError if ours cannot be
    read.
    """
    text = _whole(text)
    ours = McpFile()
    known = ours.read().servers
    left_out = [f"{source}line {fault.line}: {fault.text}." for fault in parse(text).faults]
    names = []
    for name, entry in entries(text).items():
        if name in known:
            left_out.append(f"There is a server {quoted(name)} in {ours.path} already.")
            continue
        ours.add(name, entry)
        names.append(name)
    return Imported(names, left_out)


def _whole(text: str) -> str:
    """The text with what is missing around the servers, on the same lines."""
    if text.lstrip().startswith('"'):
        text = f"{{{text.rstrip().rstrip(',')}}}"
    found = list(members(text))
    is_whole = any(one.key == ROOT for one in found)
    are_servers = [
        isinstance(one.value, dict) and not _ENTRY.isdisjoint(one.value) for one in found
    ]
    return f'{{"{ROOT}": {text}}}' if found and not is_whole and all(are_servers) else text


def _file(source: str) -> Path:
    known = [path for program in PROGRAMS if program == source for path in places(program)]
    tried = known or [Path(source).expanduser()]
    for path in tried:
        if path.is_file():
            return path
    programs = ", ".join(PROGRAMS)
    raise UsageError(f"There is no file {tried[0]}: name one, or one of {programs}.")
