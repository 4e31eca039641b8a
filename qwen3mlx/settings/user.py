"""What a user sets for the whole program: `settings.json` in the state folder.

    {"model_folders": ["/Volumes/Models"], "server": {"port": 8080, "ttl": 600}}

`server` holds the defaults of `qwen3mlx serve`: its options, with underscores.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import ConfigurationError
from ..quoting import quoted
from .state import StateFile, expanded


class UserSettings:
    """Read anew each time, so that edits count; keys that are not known are left alone."""

    def __init__(self, home: Path | None = None) -> None:
        self._file = StateFile("settings.json", home)
        self.path = self._file.path

    def model_folders(self) -> list[Path]:
        """Absolute folders to look for models in, besides the Hugging Face cache."""
        return [folder for _, folder in self._model_folders(self._file.read())]

    def add_model_folder(self, folder: Path) -> None:
        """An absolute one; nothing changes where it is listed already."""
        with self._file.edit() as values:
            listed = self._model_folders(values)
            if folder not in [known for _, known in listed]:
                values["model_folders"] = [*(item for item, _ in listed), str(folder)]

    def remove_model_folder(self, folder: Path) -> bool:
        """Off the list; its files stay. False if it was not listed."""
        with self._file.edit() as values:
            listed = self._model_folders(values)
            kept = [item for item, known in listed if known != folder]
            values["model_folders"] = kept
            return len(kept) < len(listed)

    def server(self) -> dict[str, Any]:
        """Defaults for `serve` by option name; what they may be is the option's to say."""
        return self._server(self._file.read())

    def save_server(self, changes: Mapping[str, Any]) -> None:
        """Sets defaults of `serve` by option name; None takes one back."""
        with self._file.edit() as values:
            server = {**self._server(values), **changes}
            values["server"] = {name: value for name, value in server.items() if value is not None}

    def _model_folders(self, values: Mapping[str, Any]) -> list[tuple[str, Path]]:
        """Each as it is written, and what it names."""
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
