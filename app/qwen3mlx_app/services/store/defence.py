"""What a database may do that anybody may have written."""

from __future__ import annotations

import sqlite3
import sys

# The largest row in bytes.
_MAX_ROW = 256 * 1024**2


def defend(connection: sqlite3.Connection) -> None:
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
