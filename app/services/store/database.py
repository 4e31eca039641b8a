"""The file: opened, brought up to date, and rescued when it is broken."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from .errors import is_corrupt
from .schema import NewerSchemaError, migrate
from .search import indexed

# Seconds to wait for another window that is writing.
_PATIENCE = 5.0
_RESCUED = ("folders", "conversations", "messages", "deltas", "presets")


@dataclass(frozen=True, slots=True)
class Recovery:
    """A broken file was moved to `backup`; what could be read of it is in the new one."""

    backup: Path
    num_conversations: int
    num_messages: int


def open_database(path: Path) -> tuple[sqlite3.Connection, Recovery | None]:
    """Only its owner may read the file.

    Where the program was killed, or met something broken, all of the file is checked; that takes a
    second for every gigabyte. Raises sqlite3.Error and OSError, for anything but a broken file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    doubtful = _mark(path).exists()
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    _mark(path).touch()
    try:
        return _opened(path, check=doubtful), None
    except NewerSchemaError:
        trust(path)
        raise
    except sqlite3.DatabaseError as error:
        if not is_corrupt(error):
            raise
    backup = _set_aside(path)
    connection = _opened(path)
    return connection, _rescue(backup, connection)


def trust(path: Path) -> None:
    """The file was closed in good order: the next start takes a glance at it only."""
    _mark(path).unlink(missing_ok=True)


def _mark(path: Path) -> Path:
    """It is there while the database is open, and after a program that was killed."""
    return path.with_name(f"{path.name}-open")


def _opened(path: Path, *, check: bool = False) -> sqlite3.Connection:
    """The connection commits each statement by itself, unless a transaction is begun."""
    connection = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)
    try:
        connection.row_factory = sqlite3.Row
        # Where a power failure may take the last moments, but nothing before, and no kill anything.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.create_function("casefold", 1, str.casefold, deterministic=True)
        migrate(connection)
        _look(connection)
        if check:
            _check(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _look(connection: sqlite3.Connection) -> None:
    """Raises where the file is broken, as far as a glance tells: the whole check takes seconds."""
    tables = {row["name"] for row in connection.execute("SELECT name FROM sqlite_master")}
    if missing := {*_RESCUED, "words"} - tables:
        raise sqlite3.DatabaseError(f"malformed: no table {missing.pop()}")
    for table in _RESCUED:
        connection.execute(f"SELECT * FROM {table} ORDER BY rowid DESC LIMIT 1").fetchone()
    connection.execute("SELECT count(*) FROM conversations").fetchone()
    connection.execute("SELECT rowid FROM words WHERE words MATCH 'a' LIMIT 1").fetchone()


def _check(connection: sqlite3.Connection) -> None:
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise sqlite3.DatabaseError(f"malformed: {verdict}")


def _set_aside(path: Path) -> Path:
    backup = path.with_name(f"{path.stem}-damaged-{time.strftime('%Y%m%d-%H%M%S')}{path.suffix}")
    for ending in ("", "-wal", "-shm"):
        part = path.with_name(path.name + ending)
        if part.exists():
            part.rename(backup.with_name(backup.name + ending))
    return backup


def _rescue(backup: Path, connection: sqlite3.Connection) -> Recovery:
    """Copy every row that can be read."""
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("BEGIN")
    for table in _RESCUED:
        for row in _readable_rows(backup, table):
            names = ", ".join(row.keys())
            marks = ", ".join("?" * len(row))
            connection.execute(
                f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})", tuple(row)
            )
    _mend(connection)
    connection.execute("COMMIT")
    connection.execute("PRAGMA foreign_keys = ON")
    counts = (
        connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        for table in ("conversations", "messages")
    )
    return Recovery(backup, *counts)


def _readable_rows(backup: Path, table: str) -> Iterator[sqlite3.Row]:
    """Forwards until something is broken, then backwards until it is again."""
    for order in ("ASC", "DESC"):
        try:
            with closing(sqlite3.connect(f"{backup.as_uri()}?mode=ro", uri=True)) as broken:
                broken.row_factory = sqlite3.Row
                yield from broken.execute(f"SELECT * FROM {table} ORDER BY rowid {order}")
            return
        except sqlite3.DatabaseError:
            continue


def _mend(connection: sqlite3.Connection) -> None:
    """Messages without their conversation get one; the words are parted anew."""
    connection.execute(
        "INSERT INTO conversations SELECT conversation_id, '', NULL, 0, NULL, '{}', '', NULL,"
        " min(created_at), max(created_at), NULL FROM messages"
        " WHERE conversation_id NOT IN (SELECT id FROM conversations) GROUP BY conversation_id"
    )
    connection.execute("DELETE FROM deltas WHERE message_id NOT IN (SELECT id FROM messages)")
    connection.execute(
        "UPDATE conversations SET folder_id = NULL WHERE folder_id NOT IN (SELECT id FROM folders)"
    )
    # A path that leads to a message which is lost goes on at the last one that is there.
    connection.execute(
        "UPDATE conversations SET leaf_id = (SELECT id FROM messages"
        " WHERE conversation_id = conversations.id ORDER BY number DESC LIMIT 1)"
        " WHERE leaf_id IS NULL OR leaf_id NOT IN (SELECT id FROM messages)"
    )
    connection.execute("DELETE FROM words")
    rows = connection.execute("SELECT number, content FROM messages WHERE status <> 'streaming'")
    connection.executemany(
        "INSERT INTO words (rowid, text) VALUES (?, ?)",
        ((row["number"], indexed(row["content"])) for row in rows.fetchall()),
    )
