"""When each key was last used: noted in memory, written now and then."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from ...errors import ConfigurationError
from ...settings.state import StateFile
from ..timestamps import rfc3339

# Seconds between two writes.
EVERY = 60.0

logger = logging.getLogger(__name__)


class KeyUse:
    """`key-use.json` in the state folder: the time of its last use for each key's salt.

    A file of its own: `api-keys.json` is read anew by every server when it changes.
    """

    def __init__(self, home: Path | None = None) -> None:
        self._file = StateFile("key-use.json", home)
        self._noted: dict[str, str] = {}

    def read(self) -> dict[str, Any]:
        """What is known; of what is written down nothing where that cannot be read."""
        try:
            return {**self._file.read(), **self._noted}
        except ConfigurationError:
            return dict(self._noted)

    def note(self, salt: str) -> None:
        """It is used now. Costs no write."""
        self._noted[salt] = now()

    def save(self, known: set[str]) -> None:
        """Write what was noted, for the `known` keys only. A line of the log where that fails."""
        noted = {salt: used for salt, used in self._noted.items() if salt in known}
        if not noted:
            return
        try:
            with self._file.edit() as values:
                values.update(noted)
                for salt in set(values) - known:
                    del values[salt]
        except (ConfigurationError, OSError) as error:
            logger.warning("When keys were last used could not be written: %s", error)
        self._noted.clear()


def now() -> str:
    """The time as it is kept with keys, to the second."""
    return rfc3339(timespec="seconds")
