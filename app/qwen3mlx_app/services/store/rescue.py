"""Rescue what can be read of a broken database into a new one."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .pages import Pages, Row, Value
from .rows import READERS, Columns, to_row
from .schema import migrate
from .search import indexed


@dataclass(frozen=True, slots=True)
class Recovery:
    """A broken file was moved to `backup`; what could be read of it was recovered.

    `lost` counts what is missing of each table. It is exact unless `may_lack_more`: what was there
    is known from the indexes, which may be broken, too.
    """

    backup: Path
    num_conversations: int
    num_messages: int
    lost: Mapping[str, int] = field(default_factory=dict)
    may_lack_more: bool = False


def rescue(backup: Path, connection: sqlite3.Connection) -> Recovery:
    """Copy every readable row into the new database. Raises OSError and sqlite3.Error."""
    with ExitStack() as files:
        log = backup.with_name(f"{backup.name}-wal")
        pages = Pages(
            files.enter_context(backup.open("rb")),
            files.enter_context(log.open("rb")) if log.exists() else None,
        )
        tables = _sorted_out(pages)
        known = {table: pages.keys(f"sqlite_autoindex_{table}_1") for table in READERS}
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("BEGIN")
    _copy(connection, tables)
    referred = _referred(connection)
    _mend(connection)
    connection.execute("COMMIT")
    connection.execute("PRAGMA foreign_keys = ON")
    kept = {table: _ids(connection, f"SELECT id FROM {table}") for table in READERS}
    missing = {
        table: ((ids or set()) | referred.get(table, set())) - kept[table]
        for table, ids in known.items()
    }
    return Recovery(
        backup,
        len(kept["conversations"]),
        len(kept["messages"]),
        {table: len(ids) for table, ids in missing.items() if ids},
        may_lack_more=None in known.values(),
    )


def _sorted_out(pages: Pages) -> dict[str, list[tuple[int, dict[str, Any]]]]:
    """The rows of each table with their rowids, told apart by their columns."""
    columns = _columns()
    found: defaultdict[str, list[tuple[int, dict[str, Any]]]] = defaultdict(list)
    small: list[Row] = []
    for row in pages.rows():
        for table in ("conversations", "messages", "drafts"):
            if len(row.values) == len(columns[table]):
                found[table].append((row.rowid, dict(zip(columns[table], row.values, strict=True))))
        if len(row.values) == 3:
            small.append(row)
    messages = {values["id"] for _, values in found["messages"]}
    for row in small:
        name = _table_of(row.values, messages)
        if name is not None:
            found[name].append((row.rowid, dict(zip(columns[name], row.values, strict=True))))
    for rows in found.values():
        rows.sort(key=lambda row: row[0])
    return found


def _table_of(values: tuple[Value, ...], messages: set[Value]) -> str | None:
    """The table of a row with three columns."""
    if isinstance(values[2], int):
        return "folders"
    if values[0] in messages:
        return "deltas"
    try:
        settings = json.loads(values[2]) if isinstance(values[2], str) else None
    except (ValueError, RecursionError):
        return None
    return "presets" if isinstance(settings, dict) else None


def _columns() -> dict[str, list[str]]:
    """The names of each table's columns, in their order."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as ours:
        migrate(ours)
        return {
            table: [row[1] for row in ours.execute(f"PRAGMA table_info({table})")]
            for table in (*READERS, "deltas")
        }


def _copy(
    connection: sqlite3.Connection, tables: Mapping[str, list[tuple[int, dict[str, Any]]]]
) -> None:
    deltas = _deltas([values for _, values in tables.get("deltas", ())])
    for table, read in READERS.items():
        for rowid, row in tables.get(table, ()):
            columns = Columns(row)
            values = to_row(read(columns))
            if table == "conversations":
                values["deleted_at"] = columns.moment("deleted_at") or None
            if table == "messages":
                values["number"] = rowid
                for name, grown in deltas.get(values["id"], {}).items():
                    values[name] += grown
            _insert(connection, table, values)


def _insert(connection: sqlite3.Connection, table: str, values: dict[str, Any]) -> None:
    """Insert a row once; a message whose number is taken gets another."""
    names, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
    statement = f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})"
    if connection.execute(statement, values).rowcount == 0 and "number" in values:
        connection.execute(statement, {**values, "number": None})


def _deltas(rows: list[dict[str, Any]]) -> dict[str, dict[str, str]]:
    """The saved additions to answers, by message id."""
    grown: dict[str, dict[str, str]] = {}
    for row in rows:
        columns = Columns(row)
        known = grown.setdefault(columns.text("message_id"), {"content": "", "reasoning": ""})
        for name in known:
            known[name] += columns.text(name)
    return grown


def _referred(connection: sqlite3.Connection) -> dict[str, set[str]]:
    """The ids that rows refer to, whether there is such a row or not."""
    return {
        "messages": _ids(connection, "SELECT parent_id FROM messages")
        | _ids(connection, "SELECT leaf_id FROM conversations"),
        "folders": _ids(connection, "SELECT folder_id FROM conversations"),
    }


def _ids(connection: sqlite3.Connection, query: str) -> set[str]:
    return {row[0] for row in connection.execute(query) if row[0]}


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
    connection.execute(
        "DELETE FROM drafts WHERE conversation_id NOT IN (SELECT id FROM conversations)"
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
