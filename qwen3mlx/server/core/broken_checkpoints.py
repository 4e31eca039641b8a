"""Remembers checkpoints that could not be loaded, so that not every request reads them again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...errors import CheckpointError
from ...library.scan import fingerprint

# Seconds after which a checkpoint is tried again even if its files are the same: a read error may
# have been temporary.
RETRY_AFTER = 60.0


class BrokenCheckpoints:
    """Remembers errors by folder until the folder's files change. Safe to use from any thread."""

    def __init__(self) -> None:
        self._errors: dict[Path, tuple[object, float, CheckpointError]] = {}

    @contextmanager
    def reading(self, folder: Path, files: object) -> Iterator[None]:
        """Around code that reads the checkpoint, whose `files` are what `check` returned."""
        try:
            yield
        except CheckpointError as error:
            if files is not None:
                self._errors[folder] = (files, time.monotonic(), error)
            raise

    def check(self, folder: Path) -> object:
        """The state of the files in `folder`. Raises the error that they caused before."""
        try:
            files = fingerprint(folder)
        except OSError:
            return None
        known = self._errors.get(folder)
        if known is None:
            return files
        if known[0] == files and time.monotonic() - known[1] < RETRY_AFTER:
            raise known[2].with_traceback(None)
        del self._errors[folder]
        return files
