"""Which built-in tools that reach further are turned on: `builtin` in tools.json."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

from ...errors import ConfigurationError, UsageError
from ...quoting import quoted
from ...settings.state import StateFile, expanded

Optional = Literal["fetch_page", "files", "run_python"]
OPTIONAL: tuple[Optional, ...] = get_args(Optional)


class TurnedOn(NamedTuple):
    """`folders` are those whose files may be read; without any, the tools for files are off."""

    fetch_page: bool = False
    run_python: bool = False
    folders: tuple[Path, ...] = ()


def turned_on() -> TurnedOn:
    """Raises ConfigurationError for a file that cannot be read."""
    file = StateFile("tools.json")
    saved = file.read().get("builtin", {})
    if not isinstance(saved, dict):
        raise ConfigurationError(f"{file.path}: builtin is {quoted(saved)}; it must be an object.")
    folders = saved.get("files", [])
    if not isinstance(folders, list) or not all(_is_whole(one) for one in folders):
        raise ConfigurationError(f"{file.path}: builtin.files must be a list of whole paths.")
    return TurnedOn(
        fetch_page=saved.get("fetch_page") is True,
        run_python=saved.get("run_python") is True,
        folders=tuple(Path(one) for one in folders),
    )


def turn_on(name: Optional, folders: list[str]) -> None:
    """Raises UsageError for a folder that is none, or where one is missing or makes no sense."""
    if (name == "files") != bool(folders):
        needs = "needs the folders that may be read" if name == "files" else "takes no folder"
        raise UsageError(f"{name} {needs}.")
    paths = [expanded(folder).resolve() for folder in folders]
    for path in paths:
        if not path.is_dir():
            raise UsageError(f"{quoted(str(path))} is no folder.")
    _save(name, [str(path) for path in paths] if name == "files" else True)


def turn_off(name: Optional) -> None:
    _save(name, [] if name == "files" else False)


def _save(name: Optional, value: Any) -> None:
    with StateFile("tools.json").edit() as values:
        saved: Mapping[str, Any] = values.get("builtin", {})
        values["builtin"] = {**saved, name: value}


def _is_whole(path: Any) -> bool:
    return isinstance(path, str) and path.startswith("/") and "\0" not in path
