"""The user's settings for the whole program: `settings.json` in the state folder.

    {"model_folders": ["/Volumes/Models"], "server": {"port": 8080, "ttl": 600}}

`server` holds defaults for the options of `qwen3mlx serve`, with underscores.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import ConfigurationError
from ..quoting import quoted
from .state import StateFile, expanded


class ModelFolders(NamedTuple):
    """Absolute folders to search for models, and a sentence for each row that names none."""

    folders: list[Path]
    faults: list[str]


class UserSettings:
    """Reads settings.json at each access, so that edits apply at once; unknown keys are kept."""

    def __init__(self, home: Path | None = None) -> None:
        self._file = StateFile("settings.json", home)
        self.path = self._file.path

    def model_folders(self) -> ModelFolders:
        """Return the folders to search for models, besides the Hugging Face cache."""
        rows = [(row, _absolute(row)) for row in self._model_folders(self._file.read())]
        folders = dict.fromkeys(folder for _, folder in rows if folder is not None)
        faults = dict.fromkeys(quoted(row) for row, folder in rows if folder is None)
        return ModelFolders(list(folders), [_fault(row) for row in faults])

    def add_model_folder(self, folder: Path) -> None:
        """Add an absolute folder, unless it is listed already."""
        with self._file.edit() as values:
            listed = self._model_folders(values)
            if folder not in map(_absolute, listed):
                values["model_folders"] = [*listed, str(folder)]

    def remove_model_folder(self, folder: Path) -> bool:
        """Remove a folder from the list, but keep its files. Return False if it was not listed."""
        with self._file.edit() as values:
            listed = self._model_folders(values)
            kept = [row for row in listed if _absolute(row) != folder]
            values["model_folders"] = kept
            return len(kept) < len(listed)

    def server(self) -> dict[str, Any]:
        """Return the defaults for `serve` by option name; the options check their own values."""
        return self._server(self._file.read())

    def save_server(self, changes: Mapping[str, Any]) -> None:
        """Save defaults for `serve` by option name; None removes one."""
        with self.edit_server() as server:
            server.update(changes)

    @contextmanager
    def edit_server(self) -> Iterator[dict[str, Any]]:
        """Yield the defaults for `serve` to change in place; None removes one."""
        with self._file.edit() as values:
            server = dict(self._server(values))
            yield server
            values["server"] = {name: value for name, value in server.items() if value is not None}

    def _model_folders(self, values: Mapping[str, Any]) -> list[Any]:
        """Return the rows as written."""
        value = values.get("model_folders", [])
        if not isinstance(value, list):
            raise ConfigurationError(
                f"{self.path}: model_folders is {quoted(value)}; it must be a list of folders."
            )
        return value

    def _server(self, values: Mapping[str, Any]) -> dict[str, Any]:
        value = values.get("server", {})
        if not isinstance(value, dict):
            raise ConfigurationError(
                f"{self.path}: server is {quoted(value)}; it must be a JSON object."
            )
        return value


def _absolute(row: Any) -> Path | None:
    """Return the folder that a row of model_folders names; None if it names none."""
    if isinstance(row, str) and "\0" not in row:
        with suppress(ConfigurationError, UnicodeEncodeError):
            os.fsencode(row)
            folder = expanded(row)
            return folder if folder.is_absolute() else None
    return None


def _fault(row: str) -> str:
    return (
        f"model_folders holds {row}; it must be the whole path of a folder, as in /Volumes/Models."
    )
