"""Open the database file and migrate it; a broken one is set aside, and a new one begun."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from ..files import is_odd, put_aside
from ..private import make_file, make_folder
from .backups import make_backup
from .defence import defend
from .errors import UpgradeError, is_corrupt
from .rescue import Recovery, rescue
from .rows import READERS
from .schema import NewerSchemaError, check, is_older, migrate, refuse_newer

# Seconds to wait while another process is writing.
_PATIENCE = 5.0
_BESIDE = ("-wal", "-shm", "-journal", "-open")


def open_database(path: Path) -> tuple[sqlite3.Connection, Recovery | None]:
    """Only its owner may read the file.

    Where the program was killed, or met something broken, all of the file is checked; that takes a
    second for every gigabyte. Raises sqlite3.Error and OSError, for anything but a broken file.
    """
    make_folder(path.parent)
    for part in _beside(path):
        if is_odd(part):
            put_aside(part)
    recovery = Recovery(put_aside(path), 0, 0) if is_odd(path) else None
    doubtful = _mark(path).exists()
    for file in (path, _mark(path)):
        make_file(file)
    try:
        return _opened(path, check_all=doubtful), recovery
    except NewerSchemaError:
        trust(path)
        raise
    except sqlite3.DatabaseError as error:
        if not is_corrupt(error):
            raise
    backup = _set_aside(path)
    connection = _opened(path)
    return connection, rescue(backup, connection)


def open_in_memory() -> sqlite3.Connection:
    """A database that never becomes a file, nor does anything that is sorted in it."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    defend(connection)
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA secure_delete = ON")
    _make_tables(connection)
    _trust_schema(connection)
    return connection


def trust(path: Path) -> None:
    """Mark the file as closed in good order, so that the next start checks it only briefly."""
    _mark(path).unlink(missing_ok=True)


def _mark(path: Path) -> Path:
    """A file that exists while the database is open, and after the program was killed."""
    return path.with_name(f"{path.name}-open")


def _beside(path: Path) -> list[Path]:
    """The files beside the database while it is open."""
    return [path.with_name(path.name + ending) for ending in _BESIDE]


def open_copy(path: Path) -> sqlite3.Connection:
    """Open a copy of the database, check all of it and bring it up to date.

    Raises sqlite3.Error and OSError.
    """
    return _opened(path, check_all=True, is_copy=True)


def _opened(path: Path, *, check_all: bool = False, is_copy: bool = False) -> sqlite3.Connection:
    """Open a connection that commits each statement, outside of transactions."""
    connection = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)
    try:
        defend(connection)
        refuse_newer(connection)
        # A power failure may lose the last moments, but nothing before; a kill loses nothing.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        if not is_copy and is_older(connection):
            _upgrade(connection, path)
        else:
            _make_tables(connection)
        check(connection)
        _trust_schema(connection)
        _look(connection)
        if check_all:
            _check_all(connection)
    except UnicodeDecodeError:  # from a name in SQLite's error message
        connection.close()
        raise sqlite3.DatabaseError("malformed: names that are no text") from None
    except BaseException:
        connection.close()
        raise
    return connection


def _upgrade(connection: sqlite3.Connection, path: Path) -> None:
    """Bring a file of an older version up to date; a copy from before is kept."""
    copy = make_backup(path, "upgrade")
    try:
        _make_tables(connection)
    except sqlite3.Error as error:
        if is_corrupt(error):
            raise
        raise UpgradeError(str(error), copy) from error


def _make_tables(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    connection.create_function("casefold", 1, _casefold, deterministic=True)
    migrate(connection)


def _trust_schema(connection: sqlite3.Connection) -> None:
    """The schema is ours, and its trigger writes to the index."""
    connection.execute("PRAGMA trusted_schema = ON")


def _casefold(value: object) -> str:
    return value.casefold() if isinstance(value, str) else ""


def _look(connection: sqlite3.Connection) -> None:
    """Raise if a quick look finds the file broken; the full check takes seconds."""
    for table in (*READERS, "deltas"):
        connection.execute(f"SELECT * FROM {table} ORDER BY rowid DESC LIMIT 1").fetchone()
    connection.execute("SELECT count(*) FROM conversations").fetchone()
    connection.execute("SELECT rowid FROM words WHERE words MATCH 'a' LIMIT 1").fetchone()


def _check_all(connection: sqlite3.Connection) -> None:
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise sqlite3.DatabaseError(f"malformed: {verdict}")


def _set_aside(path: Path) -> Path:
    backup = put_aside(path)
    for part, ending in zip(_beside(path), _BESIDE, strict=True):
        if part.exists():
            part.rename(backup.with_name(backup.name + ending))
    _mark(path).touch()
    return backup
