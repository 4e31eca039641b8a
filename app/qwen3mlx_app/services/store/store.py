"""All conversations, in one SQLite database.

For one thread. When a call returns, its changes survive the process being
killed. Raises StoreError.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from ...domain import Conversation, Draft, Folder, Message, Preset, Transcript
from ..tree import forest
from .aside import Aside
from .database import open_database, open_in_memory, trust
from .errors import is_corrupt, store_error
from .rescue import Recovery
from .rows import Columns, Value, put, to_row
from .search import Hit, indexed, match_expression, snippet

T = TypeVar("T", bound=Value)

_HITS_LOOKED_AT = 400
# More can be found by searching.
MAX_CONVERSATIONS = 20_000


class Store:
    """Without a `path`, everything is in memory, and gone when the store is closed.

    `is_new`: there was no file, or an empty one.
    `recovery` describes the recovery of a broken file; None if it was not broken.

    A row that is not as it is to be is read as far as it can be, and kept in `aside` as it was.

    Answers that were being written when the program ended are `stopped`, with all that was saved of
    them.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.is_new = path is None or not path.exists() or not path.stat().st_size
        self.recovery: Recovery | None = None
        self._damaged = False
        with self._errors():
            if path is None:
                self._connection = open_in_memory()
            else:
                self._connection, self.recovery = open_database(path)
        self.aside = Aside(path and path.with_name(f"{path.stem}-unreadable.jsonl"))
        self.finish_interrupted()

    def close(self) -> None:
        self._connection.close()
        if self.path is not None and not self._damaged:
            trust(self.path)

    def distrust(self) -> None:
        """Something in the file was found broken: the next start checks and repairs it."""
        self._damaged = True

    def finish_interrupted(self) -> None:
        """Assemble the answers that were running when the program was killed, or copied."""
        with self._transaction():
            rows = self._connection.execute("SELECT id FROM messages WHERE status = 'streaming'")
            for row in rows.fetchall():
                deltas = self._connection.execute(
                    "SELECT content, reasoning FROM deltas WHERE message_id IS ? ORDER BY rowid",
                    (row["id"],),
                ).fetchall()
                self._connection.execute(
                    "UPDATE messages SET status = 'stopped', content = content || ?,"
                    " reasoning = reasoning || ? WHERE id IS ?",
                    (
                        "".join(Columns(delta).text("content") for delta in deltas),
                        "".join(Columns(delta).text("reasoning") for delta in deltas),
                        row["id"],
                    ),
                )
                self._part_words(row["id"])
            self._connection.execute("DELETE FROM deltas")

    # Conversations

    def conversations(self) -> list[Conversation]:
        """The conversations that are not deleted, the last used first."""
        return self._values(
            Conversation,
            "conversations",
            "WHERE deleted_at IS NULL ORDER BY updated_at DESC, id LIMIT ?",
            MAX_CONVERSATIONS,
        )

    def beginnings(self) -> list[tuple[str, float]]:
        """The id of each conversation that is not deleted, and when it began."""
        rows = self._read("SELECT id, created_at FROM conversations WHERE deleted_at IS NULL")
        return [(row["id"], row["created_at"]) for row in rows]

    def conversation(self, conversation_id: str) -> Conversation | None:
        """A conversation, also a deleted one that can still be restored."""
        found = self._values(Conversation, "conversations", "WHERE id = ?", conversation_id)
        return found[0] if found else None

    def save_conversation(self, conversation: Conversation) -> None:
        """Insert or replace a conversation; its messages are saved separately."""
        self._put("conversations", conversation)

    def delete_conversations(self, conversation_ids: Iterable[str]) -> None:
        """Mark all of them as deleted; `restore_conversations` undoes that until `purge`."""
        self._set_deleted(time.time(), conversation_ids)

    def restore_conversations(self, conversation_ids: Iterable[str]) -> None:
        self._set_deleted(None, conversation_ids)

    def purge(self, older_than_s: float = 0.0, *, most: int = -1) -> int:
        """Erase what was deleted longer ago than that, `most` conversations; returns how many."""
        with self._errors():
            return self._connection.execute(
                "DELETE FROM conversations WHERE id IN"
                " (SELECT id FROM conversations WHERE deleted_at <= ? LIMIT ?)",
                (time.time() - older_than_s, most),
            ).rowcount

    # Messages

    def messages(self, conversation_id: str) -> list[Message]:
        """The conversation's messages, in the order in which they were added."""
        where = "WHERE conversation_id = ? ORDER BY number"
        return forest(self._values(Message, "messages", where, conversation_id))

    def save_message(self, message: Message) -> None:
        """Insert or replace a message."""
        with self._transaction():
            self._save_message(message)

    def append(self, message_id: str, *, content: str = "", reasoning: str = "") -> None:
        """Append to a running answer; `save_message` replaces it in the end."""
        self._write(
            "INSERT INTO deltas (message_id, content, reasoning) VALUES (?, ?, ?)",
            message_id,
            content,
            reasoning,
        )

    def delete_messages(self, message_ids: Iterable[str]) -> list[sqlite3.Row]:
        """Delete messages and return their rows; the caller handles those below them."""
        found: list[sqlite3.Row] = []
        with self._transaction():
            for message_id in message_ids:
                found += self._connection.execute(
                    "DELETE FROM messages WHERE id = ? RETURNING *", (message_id,)
                ).fetchall()
        return found

    def restore_messages(self, rows: Iterable[sqlite3.Row]) -> None:
        """Put deleted messages back, in the places that they had."""
        with self._transaction():
            for row in map(dict, rows):
                taken = "SELECT 1 FROM messages WHERE number = ?"
                if self._connection.execute(taken, (row["number"],)).fetchone():
                    row["number"] = None  # a message that is newer now comes before it
                self._connection.execute(put("messages", row), row)
                self._part_words(row["id"])

    # Drafts

    def drafts(self, conversation_id: str) -> list[Draft]:
        """The conversation's drafts, the last begun at the end."""
        return self._values(
            Draft, "drafts", "WHERE conversation_id = ? ORDER BY rowid", conversation_id
        )

    def save_draft(self, draft: Draft) -> None:
        self._put("drafts", draft)

    def delete_draft(self, draft_id: str) -> None:
        self._write("DELETE FROM drafts WHERE id = ?", draft_id)

    # Whole conversations

    def transcript(self, conversation_id: str) -> Transcript | None:
        conversation = self.conversation(conversation_id)
        if conversation is None:
            return None
        messages = tuple(self.messages(conversation_id))
        if messages and conversation.leaf_id not in {message.id for message in messages}:
            conversation = replace(conversation, leaf_id=messages[-1].id)
        return Transcript(conversation=conversation, messages=messages)

    def add(self, transcripts: Sequence[Transcript]) -> None:
        """Insert all of them, or none."""
        with self._transaction():
            for transcript in transcripts:
                self._put("conversations", transcript.conversation)
                for message in transcript.messages:
                    self._save_message(message)

    # Folders and presets

    def folders(self) -> list[Folder]:
        return self._values(Folder, "folders", "ORDER BY position, id")

    def save_folder(self, folder: Folder) -> None:
        self._put("folders", folder)

    def delete_folder(self, folder_id: str) -> None:
        """Delete a folder; its conversations stay, outside of any folder."""
        self._write("DELETE FROM folders WHERE id = ?", folder_id)

    def presets(self) -> list[Preset]:
        return self._values(Preset, "presets", "ORDER BY name COLLATE NOCASE, id")

    def save_preset(self, preset: Preset) -> None:
        self._put("presets", preset)

    def delete_preset(self, preset_id: str) -> None:
        self._write("DELETE FROM presets WHERE id = ?", preset_id)

    # Search

    def search(self, question: str, limit: int = 50) -> list[Hit]:
        """One hit per conversation: matching titles first, then the latest messages.

        At most `limit` of either. A hit of a title has a message, too, if one matches.
        """
        hits = {found.conversation_id: found for found in self._in_titles(question.strip(), limit)}
        most = len(hits) + limit
        expression = match_expression(question)
        for row in self._in_messages(expression) if expression is not None else ():
            known = hits.get(row["conversation_id"])
            if known is None and len(hits) == most:
                continue
            if known is None or known.message_id is None:
                hits[row["conversation_id"]] = Hit(
                    conversation_id=row["conversation_id"],
                    updated_at=row["updated_at"],
                    question=question,
                    message_id=row["id"],
                    snippet=snippet(row["content"], question),
                )
        return list(hits.values())

    def _in_titles(self, question: str, limit: int) -> list[Hit]:
        if not question:
            return []
        rows = self._read(
            "SELECT id, updated_at FROM conversations"
            " WHERE deleted_at IS NULL AND instr(casefold(title), ?)"
            " ORDER BY updated_at DESC LIMIT ?",
            question.casefold(),
            limit,
        )
        return [
            Hit(conversation_id=row["id"], updated_at=row["updated_at"], question=question)
            for row in rows
        ]

    def _in_messages(self, expression: str) -> list[sqlite3.Row]:
        return self._read(
            "SELECT messages.id, conversation_id, content, updated_at FROM"
            " (SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid DESC LIMIT ?) AS found"
            " JOIN messages ON messages.number = found.rowid"
            " JOIN conversations ON conversations.id = conversation_id"
            " WHERE deleted_at IS NULL ORDER BY messages.number DESC",
            expression,
            _HITS_LOOKED_AT,
        )

    # Implementation

    def _set_deleted(self, when: float | None, conversation_ids: Iterable[str]) -> None:
        with self._transaction():
            self._connection.executemany(
                "UPDATE conversations SET deleted_at = ? WHERE id = ?",
                [(when, conversation_id) for conversation_id in conversation_ids],
            )

    def _save_message(self, message: Message) -> None:
        row = to_row(message)
        self._connection.execute(put("messages", row), row)
        self._connection.execute("DELETE FROM deltas WHERE message_id = ?", (message.id,))
        if message.status != "streaming":
            self._part_words(message.id)

    def _part_words(self, message_id: str) -> None:
        row = self._connection.execute(
            "SELECT number, content FROM messages WHERE id IS ?", (message_id,)
        ).fetchone()
        self._connection.execute(
            "INSERT OR REPLACE INTO words (rowid, text) VALUES (?, ?)",
            (row["number"], indexed(Columns(row).text("content"))),
        )

    def _put(self, table: str, value: Conversation | Folder | Preset | Draft) -> None:
        row = to_row(value)
        with self._errors():
            self._connection.execute(put(table, row), row)

    def _values(self, kind: type[T], table: str, where: str, *values: object) -> list[T]:
        rows = self._read(f"SELECT rowid AS place, * FROM {table} {where}", *values)
        with self._errors():
            found = self.aside.read(self._connection, table, rows)
        return [value for value in found if isinstance(value, kind)]

    def _read(self, statement: str, *values: object) -> list[sqlite3.Row]:
        with self._errors():
            return self._connection.execute(statement, values).fetchall()

    def _write(self, statement: str, *values: object) -> None:
        with self._errors():
            self._connection.execute(statement, values)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._errors():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Raise SQLite's and the file system's errors as StoreError."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            self._damaged = self._damaged or is_corrupt(error)
            raise store_error(error) from error
