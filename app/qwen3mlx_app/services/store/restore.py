"""Put a backup back in the place of what is there now."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from .backups import backup_folder, make_backup, make_room
from .database import open_copy

# Seconds to wait while the window is writing.
_PATIENCE = 10.0
_ENDINGS = ("", "-wal", "-shm", "-journal", "-open")


def restore(database: Path, backup: Path) -> Path:
    """Replace all that is in the database, at once or not at all; from any thread.

    Returns the copy of what was there. The backup stays as it is, also one of an older version.
    Raises OSError and sqlite3.Error; then nothing has changed.
    """
    staged = backup_folder(database) / ".restoring.sqlite"
    _remove(staged)
    make_room(backup)
    try:
        shutil.copyfile(backup, staged)
        staged.chmod(0o600)
        with closing(open_copy(staged)) as source:
            before = make_backup(database, "restore")
            with closing(sqlite3.connect(database, timeout=_PATIENCE)) as live:
                source.backup(live)
    finally:
        _remove(staged)
    return before


def _remove(path: Path) -> None:
    for ending in _ENDINGS:
        path.with_name(path.name + ending).unlink(missing_ok=True)
