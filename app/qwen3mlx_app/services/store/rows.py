"""Values <-> rows. Anybody may have written a row, so each column is checked."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, TypeVar, get_args

from ...domain import (
    ChatSettings,
    Conversation,
    Draft,
    Folder,
    Message,
    Preset,
    Role,
    Status,
    new_id,
)
from ..saved import attachment, chat_settings, stats, tool_call
from ..values import an_object, moment, objects, text, whole

T = TypeVar("T")
Value = Conversation | Message | Folder | Preset | Draft

_JSON = {"settings", "tool_calls", "attachments", "stats"}
# The most characters of an id, a name or title, and a draft.
_MAX_ID, _MAX_NAME, _MAX_DRAFT = 200, 10_000, 1_000_000


def to_row(value: Value) -> dict[str, Any]:
    """The columns of a value's table."""
    return {
        field.name: _column(field.name, getattr(value, field.name))
        for field in dataclasses.fields(value)
    }


class Columns:
    """A row's columns; `is_whole` is False once one was invalid."""

    def __init__(self, row: Mapping[str, Any] | sqlite3.Row) -> None:
        self._row = row
        self._names = set(row.keys())
        self.is_whole = True

    def raw(self, name: str) -> Any:
        """The column as it is, or None if the row has no such column."""
        return self._row[name] if name in self._names else None

    def id(self) -> str:
        """The row's id, or a new one."""
        return self.text("id", _MAX_ID) or new_id()

    def text(self, name: str, most: int | None = None) -> str:
        value = self.raw(name)
        if isinstance(value, bytes):  # such as text that is not UTF-8
            self.is_whole = False
            return value.decode("utf-8", "replace")[:most]
        return self._checked(value, text(value)[:most])

    def optional(self, name: str, most: int = _MAX_NAME) -> str | None:
        return None if self.raw(name) is None else self.text(name, most)

    def moment(self, name: str) -> float:
        return self._checked(self.raw(name), moment(self.raw(name)) or 0.0)

    def number(self, name: str) -> int:
        return self._checked(self.raw(name), whole(self.raw(name)) or 0)

    def one_of(self, name: str, choices: tuple[str, ...], otherwise: str) -> Any:
        value = self.raw(name)
        return self._checked(value, value if value in choices else otherwise)

    def settings(self) -> ChatSettings:
        settings, is_whole = _settings(self.text("settings"))
        self.is_whole = self.is_whole and is_whole
        return settings

    def values(self, name: str, read: Callable[[dict[str, Any]], T]) -> tuple[T, ...]:
        """The values of a list of objects."""
        given = _parsed(self.text(name))
        found = tuple(map(read, objects(given)))
        self.is_whole = self.is_whole and _agree(given, found)
        return found

    def value(self, name: str, read: Callable[[object], T | None]) -> T | None:
        """The value of an object, if there is one."""
        if self.raw(name) is None:
            return None
        given = _parsed(self.text(name))
        found = read(given)
        self.is_whole = self.is_whole and _agree(given, found)
        return found

    def _checked(self, given: Any, found: T) -> T:
        if given != found:
            self.is_whole = False
        return found


def to_conversation(columns: Columns) -> Conversation:
    return Conversation(
        id=columns.id(),
        title=columns.text("title", _MAX_NAME),
        folder_id=columns.optional("folder_id"),
        pinned=bool(columns.number("pinned")),
        model=columns.optional("model"),
        settings=columns.settings(),
        draft=columns.text("draft", _MAX_DRAFT),
        leaf_id=columns.optional("leaf_id"),
        created_at=columns.moment("created_at"),
        updated_at=columns.moment("updated_at"),
    )


def to_message(columns: Columns) -> Message:
    return Message(
        id=columns.id(),
        conversation_id=columns.text("conversation_id"),
        parent_id=columns.optional("parent_id"),
        role=columns.one_of("role", get_args(Role), "assistant"),
        content=columns.text("content"),
        reasoning=columns.text("reasoning"),
        tool_calls=columns.values("tool_calls", tool_call),
        tool_call_id=columns.optional("tool_call_id"),
        attachments=columns.values("attachments", attachment),
        model=columns.optional("model"),
        status=columns.one_of("status", get_args(Status), "done"),
        error=columns.optional("error"),
        finish_reason=columns.optional("finish_reason"),
        stats=columns.value("stats", stats),
        created_at=columns.moment("created_at"),
    )


def to_folder(columns: Columns) -> Folder:
    return Folder(
        id=columns.id(),
        name=columns.text("name", _MAX_NAME),
        position=columns.number("position"),
    )


def to_preset(columns: Columns) -> Preset:
    return Preset(
        id=columns.id(), name=columns.text("name", _MAX_NAME), settings=columns.settings()
    )


def to_draft(columns: Columns) -> Draft:
    return Draft(
        id=columns.id(),
        conversation_id=columns.text("conversation_id"),
        text=columns.text("text"),
        attachments=columns.values("attachments", attachment),
    )


# In the order of their references.
READERS: dict[str, Callable[[Columns], Value]] = {
    "folders": to_folder,
    "conversations": to_conversation,
    "messages": to_message,
    "presets": to_preset,
    "drafts": to_draft,
}


def put(table: str, columns: Iterable[str]) -> str:
    """The statement that inserts a row of `table`, or replaces the one with its `id`."""
    names = list(columns)
    marks = ", ".join(f":{name}" for name in names)
    changes = ", ".join(f"{name} = excluded.{name}" for name in names if name != "id")
    return (
        f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks}) "
        f"ON CONFLICT (id) DO UPDATE SET {changes}"
    )


def as_found(row: sqlite3.Row) -> str:
    """A row as JSON, whatever it contains."""
    values = {name: row[name] for name in row.keys()}  # noqa: SIM118  a Row iterates over values
    return json.dumps(values, default=lambda data: {"hex": bytes(data).hex()})


def _column(name: str, value: Any) -> Any:
    if name not in _JSON or value is None:
        return _writable(value) if isinstance(value, str) else value
    return _writable(json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":")))


def _writable(value: str) -> str:
    """Half a surrogate pair, which UTF-8 cannot hold, becomes `?`."""
    return value.encode("utf-8", "replace").decode("utf-8")


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    return value


def _parsed(source: str) -> Any:
    try:
        return json.loads(source)
    except (ValueError, RecursionError):
        return None


@lru_cache(maxsize=64)  # most conversations share them
def _settings(source: str) -> tuple[ChatSettings, bool]:
    given = _parsed(source)
    settings = chat_settings(an_object(given))
    return settings, _agree(given, settings)


def _agree(given: Any, found: Any) -> bool:
    """Whether `found` has everything that is known of `given`; other versions may have more."""
    found = _plain(found)
    if isinstance(given, dict) and isinstance(found, dict):
        return all(name not in given or _agree(given[name], one) for name, one in found.items())
    if isinstance(given, list) and isinstance(found, list):
        return len(given) == len(found) and all(map(_agree, given, found))
    return bool(given == found)
