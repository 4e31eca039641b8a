"""The user's settings for the whole program: `settings.json` in the state folder.

    {"model_folders": ["/Volumes/Models"], "server": {"port": 8080, "ttl": 600}}

`server` holds defaults for the options of `qwen3mlx serve`, with underscores.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import ConfigurationError
from ..quoting import quoted
from .state import StateFile, expanded


class UserSettings:
    """Reads settings.json at each access, so that edits apply at once; unknown keys are kept."""

    def __init__(self, home: Path | None = None) -> None:
        self._file = StateFile("settings.json", home)
        self.path = self._file.path

    def model_folders(self) -> list[Path]:
        """Return absolute folders to search for models, besides the Hugging Face cache."""
        return [folder for _, folder in self._model_folders(self._file.read())]

    def add_model_folder(self, folder: Path) -> None:
        """Add an absolute folder, unless it is listed already."""
        with self._file.edit() as values:
            listed = self._model_folders(values)
            if folder not in [known for _, known in listed]:
                values["model_folders"] = [*(item for item, _ in listed), str(folder)]

    def remove_model_folder(self, folder: Path) -> bool:
        """Remove a folder from the list, but keep its files. Return False if it was not listed."""
        with self._file.edit() as values:
            listed = self._model_folders(values)
            kept = [item for item, known in listed if known != folder]
            values["model_folders"] = kept
            return len(kept) < len(listed)

    def server(self) -> dict[str, Any]:
        """Return the defaults for `serve` by option name; the options check their own values."""
        return self._server(self._file.read())

    def save_server(self, changes: Mapping[str, Any]) -> None:
        """Save defaults for `serve` by option name; None removes one."""
        with self._file.edit() as values:
            server = {**self._server(values), **changes}
            values["server"] = {name: value for name, value in server.items() if value is not None}

    def _model_folders(self, values: Mapping[str, Any]) -> list[tuple[str, Path]]:
        """Return each folder as written, and as an absolute path."""
        value = values.get("model_folders", [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise ConfigurationError(
                f"{self.path}: model_folders is {quoted(value)}; it must be a list of folders."
            )
        folders = [(item, expanded(item)) for item in value]
        if relative := [folder for _, folder in folders if not folder.is_absolute()]:
            raise ConfigurationError(
                f"{self.path}: model_folders holds {relative[0]}; write the whole path."
            )
        return folders

    def _server(self, values: Mapping[str, Any]) -> dict[str, Any]:
        value = values.get("server", {})
        if not isinstance(value, dict):
            raise ConfigurationError(
                f"{self.path}: server is {quoted(value)}; it must be a JSON object."
            )
        return value
