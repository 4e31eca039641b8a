"""When each key was last used: recorded in memory, saved periodically."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from ...errors import ConfigurationError
from ...settings.state import StateFile
from ..timestamps import rfc3339

# Seconds between writes.
EVERY = 60.0

logger = logging.getLogger(__name__)


class KeyUse:
    """`key-use.json` in the state folder: salt of a key -> when it was last used.

    A separate file, because every server reads `api-keys.json` again when it changes.
    """

    def __init__(self, home: Path | None = None) -> None:
        self._file = StateFile("key-use.json", home)
        self._noted: dict[str, str] = {}

    def read(self) -> dict[str, Any]:
        """Salt -> time; without the saved times if the file cannot be read."""
        try:
            return {**self._file.read(), **self._noted}
        except ConfigurationError:
            return dict(self._noted)

    def note(self, salt: str) -> None:
        """The key is used now. Writes nothing."""
        self._noted[salt] = now()

    def save(self, known: set[str]) -> None:
        """Write the recorded times of the `known` keys; a failure is logged."""
        noted = {salt: used for salt, used in self._noted.items() if salt in known}
        if not noted:
            return
        try:
            with self._file.edit() as values:
                values.update(noted)
                for salt in set(values) - known:
                    del values[salt]
        except (ConfigurationError, OSError) as error:
            logger.warning("Could not save when keys were last used: %s", error)
        self._noted.clear()


def now() -> str:
    """The time as it is kept with keys, to the second."""
    return rfc3339(timespec="seconds")
