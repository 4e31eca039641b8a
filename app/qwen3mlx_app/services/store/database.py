"""Open the database file, migrate it, and recover what can be read of a broken one."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..files import is_odd, put_aside
from ..private import make_file, make_folder
from .errors import is_corrupt
from .rows import READERS, Columns, to_row
from .schema import NewerSchemaError, check, migrate, refuse_newer
from .search import indexed

# Seconds to wait while another process is writing.
_PATIENCE = 5.0
# The largest row in bytes; the most SQLite VM steps to recover a table, about ten seconds.
_MAX_ROW, _MAX_STEPS = 256 * 1024**2, 500_000_000
_STEPS = 1_000_000
_BESIDE = ("-wal", "-shm", "-journal", "-open")


@dataclass(frozen=True, slots=True)
class Recovery:
    """A broken file was moved to `backup`; what could be read of it was recovered."""

    backup: Path
    num_conversations: int
    num_messages: int


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
    return connection, _rescue(backup, connection)


def trust(path: Path) -> None:
    """Mark the file as closed in good order, so that the next start checks it only briefly."""
    _mark(path).unlink(missing_ok=True)


def _mark(path: Path) -> Path:
    """A file that exists while the database is open, and after the program was killed."""
    return path.with_name(f"{path.name}-open")


def _beside(path: Path) -> list[Path]:
    """The files beside the database while it is open."""
    return [path.with_name(path.name + ending) for ending in _BESIDE]


def _opened(path: Path, *, check_all: bool = False) -> sqlite3.Connection:
    """Open a connection that commits each statement, outside of transactions."""
    connection = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)
    try:
        _defend(connection)
        refuse_newer(connection)
        # A power failure may lose the last moments, but nothing before; a kill loses nothing.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.create_function("casefold", 1, _casefold, deterministic=True)
        migrate(connection)
        check(connection)
        # The schema is ours, and its trigger writes to the index.
        connection.execute("PRAGMA trusted_schema = ON")
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


def _defend(connection: sqlite3.Connection) -> None:
    """Restrict what definitions in the file may do, since anybody may have written it."""
    connection.row_factory = sqlite3.Row
    connection.text_factory = _decoded
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    if sys.version_info >= (3, 11):
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_ROW)
        connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    if sys.version_info >= (3, 12):
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, True)


def _decoded(data: bytes) -> str | bytes:
    """Text, or bytes where it is not UTF-8; rows are checked later."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


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


def _rescue(backup: Path, connection: sqlite3.Connection) -> Recovery:
    """Copy every readable row into the new database."""
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("BEGIN")
    deltas = _deltas(backup)
    for table, read in READERS.items():
        for row in _readable_rows(backup, table):
            columns = Columns(row)
            values = to_row(read(columns))
            if table == "conversations":
                values["deleted_at"] = columns.moment("deleted_at") or None
            if table == "messages":
                values["number"] = columns.number("number") or None
                for name, grown in deltas.get(values["id"], {}).items():
                    values[name] += grown
            _insert(connection, table, values)
    _mend(connection)
    connection.execute("COMMIT")
    connection.execute("PRAGMA foreign_keys = ON")
    counts = (
        connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        for table in ("conversations", "messages")
    )
    return Recovery(backup, *counts)


def _insert(connection: sqlite3.Connection, table: str, values: dict[str, Any]) -> None:
    """Insert a row once; a message whose number is taken gets another."""
    names, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
    statement = f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})"
    if connection.execute(statement, values).rowcount == 0 and "number" in values:
        connection.execute(statement, {**values, "number": None})


def _deltas(backup: Path) -> dict[str, dict[str, str]]:
    """The saved additions to answers, by message id."""
    grown: dict[str, dict[str, str]] = {}
    for row in _readable_rows(backup, "deltas"):
        columns = Columns(row)
        known = grown.setdefault(columns.text("message_id"), {"content": "", "reasoning": ""})
        for name in known:
            known[name] += columns.text(name)
    return grown


def _readable_rows(backup: Path, table: str) -> Iterator[sqlite3.Row]:
    """Read forwards up to the damage, then backwards up to it."""
    seen: set[int] = set()
    for order in ("ASC", "DESC"):
        try:
            with closing(sqlite3.connect(f"{backup.as_uri()}?mode=ro", uri=True)) as broken:
                _defend(broken)
                if not _is_plain_table(broken, table):
                    return
                _hurry(broken)
                select = f"SELECT rowid AS place, * FROM {table} ORDER BY rowid {order}"
                for row in broken.execute(select):
                    if row["place"] not in seen:
                        seen.add(row["place"])
                        yield row
            return
        except (sqlite3.Error, UnicodeDecodeError):
            continue


def _is_plain_table(connection: sqlite3.Connection, table: str) -> bool:
    """Whether it is a plain table: a view or generated column could run for ever."""
    kinds = connection.execute(
        "SELECT type FROM sqlite_master WHERE name = ? AND sql NOT LIKE 'CREATE VIRTUAL%'", (table,)
    ).fetchall()
    columns = connection.execute(f"PRAGMA table_xinfo({table})").fetchall()
    return [row["type"] for row in kinds] == ["table"] and not any(row["hidden"] for row in columns)


def _hurry(connection: sqlite3.Connection) -> None:
    """Abort queries that take too many steps."""
    left = _MAX_STEPS // _STEPS

    def count() -> bool:
        nonlocal left
        left -= 1
        return left < 0

    connection.set_progress_handler(count, _STEPS)


def _mend(connection: sqlite3.Connection) -> None:
    """Give orphaned messages a conversation, and rebuild the search index."""
    connection.execute(
        "INSERT INTO conversations SELECT conversation_id, '', NULL, 0, NULL, '{}', '', NULL,"
        " min(created_at), max(created_at), NULL FROM messages"
        " WHERE conversation_id NOT IN (SELECT id FROM conversations) GROUP BY conversation_id"
    )
    connection.execute(
        "UPDATE conversations SET folder_id = NULL WHERE folder_id NOT IN (SELECT id FROM folders)"
    )
    # A path whose leaf is lost ends at the last message that is left.
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
