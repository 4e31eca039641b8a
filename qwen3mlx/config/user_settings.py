"""What a user sets for the whole program: `settings.json` in the state folder.

    {"model_folders": ["/Volumes/Models"], "server": {"port": 8080, "ttl": 600}}

`server` holds the defaults of `qwen3mlx serve`: its options, with underscores.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import ConfigurationError
from .state import StateFile


class UserSettings:
    """Read anew each time, so that edits count; keys that are not known are left alone."""

    def __init__(self, home: Path | None = None) -> None:
        self._file = StateFile("settings.json", home)
        self.path = self._file.path

    def model_folders(self) -> list[Path]:
        """Absolute folders to look for models in, besides the Hugging Face cache."""
        value = self._file.read().get("model_folders", [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise ConfigurationError(
                f"{self.path}: model_folders is {value!r}; it must be a list of folders."
            )
        folders = [Path(item).expanduser() for item in value]
        if relative := [folder for folder in folders if not folder.is_absolute()]:
            raise ConfigurationError(
                f"{self.path}: model_folders holds {relative[0]}; write the whole path."
            )
        return folders

    def server(self) -> dict[str, Any]:
        """Defaults for `serve` by option name; what they may be is the option's to say."""
        value = self._file.read().get("server", {})
        if not isinstance(value, dict):
            raise ConfigurationError(f"{self.path}: server is {value!r}; it must be a JSON object.")
        return value
