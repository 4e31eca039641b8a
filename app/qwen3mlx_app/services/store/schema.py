"""The database schema and its migrations.

`user_version` counts the migrations that a file has seen. They are only ever added to.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing

_TABLES = """
CREATE TABLE folders (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    position INTEGER NOT NULL
);
CREATE TABLE conversations (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    folder_id TEXT REFERENCES folders (id) ON DELETE SET NULL,
    pinned INTEGER NOT NULL,
    model TEXT,
    settings TEXT NOT NULL,
    draft TEXT NOT NULL,
    leaf_id TEXT,
    created_at REAL NOT NULL,
    updated_at REAL NOT NULL,
    deleted_at REAL
);
CREATE TABLE messages (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    parent_id TEXT,
    role TEXT NOT NULL,
    content TEXT NOT NULL,
    reasoning TEXT NOT NULL,
    tool_calls TEXT NOT NULL,
    tool_call_id TEXT,
    attachments TEXT NOT NULL,
    model TEXT,
    status TEXT NOT NULL,
    error TEXT,
    finish_reason TEXT,
    stats TEXT,
    created_at REAL NOT NULL
);
CREATE INDEX messages_of_conversation ON messages (conversation_id);
CREATE INDEX unfinished_messages ON messages (status) WHERE status = 'streaming';
-- What an answer grew by since its message was written: so each second writes a few bytes.
CREATE TABLE deltas (
    message_id TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    content TEXT NOT NULL,
    reasoning TEXT NOT NULL
);
CREATE INDEX deltas_of_message ON deltas (message_id);
CREATE TABLE presets (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    settings TEXT NOT NULL
);
-- Words of messages, by `messages.number`; see search.py for how they are parted.
CREATE VIRTUAL TABLE words USING fts5 (
    text, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'
);
CREATE TRIGGER words_go_with_their_message AFTER DELETE ON messages BEGIN
    DELETE FROM words WHERE rowid = old.number;
END;
"""

_DRAFTS = """
CREATE TABLE drafts (
    id TEXT PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    text TEXT NOT NULL,
    attachments TEXT NOT NULL
);
CREATE INDEX drafts_of_conversation ON drafts (conversation_id);
"""

MIGRATIONS: tuple[str, ...] = (_TABLES, _DRAFTS)


# Prefix of the search index's tables, whose columns are SQLite's.
_INDEX = "words_"


def migrate(connection: sqlite3.Connection) -> None:
    """Migrate the file, completely or not at all. Raises sqlite3.DatabaseError."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version < 0 or (version == 0 and _outline(connection)):
        raise sqlite3.DatabaseError("malformed: another program wrote this file")
    for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
        connection.executescript(f"BEGIN;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")


def is_older(connection: sqlite3.Connection) -> bool:
    """Whether the file has conversations of an older version."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return 0 < int(version) < len(MIGRATIONS)


def refuse_newer(connection: sqlite3.Connection) -> None:
    """Raise NewerSchemaError for a file of a newer version, before anything is written."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        raise NewerSchemaError("a newer version wrote this file")


def check(connection: sqlite3.Connection) -> None:
    """Accept only our own tables: views, triggers and columns could do anything when used.

    Raises sqlite3.DatabaseError.
    """
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as ours:
        migrate(ours)
        if _outline(connection) != _outline(ours):
            raise sqlite3.DatabaseError("malformed: another program changed its tables")


def _outline(connection: sqlite3.Connection) -> set[tuple[str, str, str]]:
    """The kind, name and definition of everything in the file, except statistics."""
    rows = connection.execute("SELECT type, name, sql FROM sqlite_master")
    found = set()
    for kind, name, sql in rows.fetchall():
        if str(name).startswith(_INDEX) and "AS" not in str(sql).upper().split():
            sql = ""
        if not str(name).startswith("sqlite_stat"):
            found.add((str(kind), str(name), str(sql)))
    return found


class NewerSchemaError(sqlite3.DatabaseError):
    """The file was written by a newer version of the program."""
