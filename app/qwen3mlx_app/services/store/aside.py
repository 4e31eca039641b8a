"""Invalid rows: kept aside as they were found, and repaired in place."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from PySide6.QtCore import QCoreApplication

from .rows import READERS, Columns, Value, as_found, to_row

translate = QCoreApplication.translate

# The columns that refer to a row's id.
_REFERENCES = {
    "conversations": (("messages", "conversation_id"), ("drafts", "conversation_id")),
    "messages": (("messages", "parent_id"), ("deltas", "message_id"), ("conversations", "leaf_id")),
    "folders": (("conversations", "folder_id"),),
    "presets": (),
    "drafts": (),
}


class Aside:
    """Appends a line of JSON to `path` for each invalid row; without one, rows stay as they are."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._num_rows = 0

    def news(self) -> str | None:
        """A sentence about the invalid rows found since the last call, or None."""
        count, self._num_rows = self._num_rows, 0
        if not count or self._path is None:
            return None
        return translate(
            "store",
            "Entries in your conversation database that could not be read in full: {count}. The"
            " originals are kept in {name}.",
        ).format(count=count, name=self._path.name)

    def read(
        self, connection: sqlite3.Connection, table: str, rows: list[sqlite3.Row]
    ) -> list[Value]:
        """A value for each row; `place` must be its rowid."""
        values = []
        for row in rows:
            columns = Columns(row)
            value = READERS[table](columns)
            if not columns.is_whole:
                self._mend(connection, table, row, value)
            values.append(value)
        return values

    def _mend(
        self, connection: sqlite3.Connection, table: str, row: sqlite3.Row, value: Value
    ) -> None:
        """Repair a row, if it could be kept aside."""
        if self._path is None:
            return
        self._num_rows += 1
        try:
            _keep(self._path, f'{{"table": "{table}", "row": {as_found(row)}}}\n')
        except OSError:
            return
        columns = to_row(value)
        changes = ", ".join(f"{name} = :{name}" for name in columns)
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.execute("PRAGMA defer_foreign_keys = ON")
            place = {**columns, "place": row["place"]}
            connection.execute(f"UPDATE {table} SET {changes} WHERE rowid = :place", place)
            if row["id"] != value.id:
                self._follow(connection, table, row["id"], value.id)
            connection.execute("COMMIT")
        except sqlite3.IntegrityError:  # it refers to a missing row: left as it is
            connection.execute("ROLLBACK")
        except BaseException:
            connection.execute("ROLLBACK")
            raise

    def _follow(self, connection: sqlite3.Connection, table: str, before: object, now: str) -> None:
        """Point references to the row's former id to its new one."""
        if before is not None:
            for other, column in _REFERENCES[table]:
                connection.execute(
                    f"UPDATE {other} SET {column} = ? WHERE {column} IS ?", (now, before)
                )


def _keep(path: Path, line: str) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK
    with open(os.open(path, flags, 0o600), "a", encoding="utf-8") as file:
        file.write(line)
