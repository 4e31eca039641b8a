"""Values <-> rows."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from ...domain import (
    AnswerStats,
    Attachment,
    ChatSettings,
    Conversation,
    Folder,
    Message,
    Preset,
    ToolCall,
)

_JSON = {"settings", "tool_calls", "attachments", "stats"}


def to_row(value: Conversation | Message | Folder | Preset) -> dict[str, Any]:
    """The columns of its table."""
    return {
        field.name: _column(field.name, getattr(value, field.name))
        for field in dataclasses.fields(value)
    }


def to_conversation(row: sqlite3.Row) -> Conversation:
    values = _values(row, Conversation)
    values["pinned"] = bool(values["pinned"])
    values["settings"] = _settings(values["settings"])
    return Conversation(**values)


def to_message(row: sqlite3.Row) -> Message:
    values = _values(row, Message)
    values["tool_calls"] = tuple(ToolCall(**call) for call in values["tool_calls"])
    values["attachments"] = tuple(Attachment(**given) for given in values["attachments"])
    if values["stats"] is not None:
        values["stats"] = AnswerStats(**_known(values["stats"], AnswerStats))
    return Message(**values)


def to_folder(row: sqlite3.Row) -> Folder:
    return Folder(**_values(row, Folder))


def to_preset(row: sqlite3.Row) -> Preset:
    values = _values(row, Preset)
    values["settings"] = _settings(values["settings"])
    return Preset(**values)


def put(table: str, columns: Iterable[str]) -> str:
    """The statement that writes a row of `table`, new or known by its `id`."""
    names = list(columns)
    marks = ", ".join(f":{name}" for name in names)
    changes = ", ".join(f"{name} = excluded.{name}" for name in names if name != "id")
    return (
        f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks}) "
        f"ON CONFLICT (id) DO UPDATE SET {changes}"
    )


def _column(name: str, value: Any) -> Any:
    if name not in _JSON or value is None:
        return _writable(value) if isinstance(value, str) else value
    return _writable(json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":")))


def _writable(text: str) -> str:
    """Half a surrogate pair, which UTF-8 cannot hold, becomes `?`."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return dataclasses.asdict(value)


def _values(row: sqlite3.Row, kind: type) -> dict[str, Any]:
    values = {}
    for field in dataclasses.fields(kind):
        value = row[field.name]
        is_json = field.name in _JSON and value is not None
        values[field.name] = json.loads(value) if is_json else value
    return values


def _settings(values: Mapping[str, Any]) -> ChatSettings:
    return ChatSettings(**_known(values, ChatSettings))


def _known(values: Mapping[str, Any], kind: type) -> dict[str, Any]:
    """Without what another version of the program had besides."""
    names = {field.name for field in dataclasses.fields(kind)}
    return {name: value for name, value in values.items() if name in names}
