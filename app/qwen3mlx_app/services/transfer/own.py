"""The program's own JSON format, which keeps everything of a conversation."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any, get_args

from PySide6.QtCore import QCoreApplication

from ...domain import (
    Conversation,
    Message,
    Role,
    Transcript,
    new_id,
)
from ..saved import attachment, chat_settings, stats, tool_call
from ..values import Json, an_object, moment, objects, text, whole
from .errors import TransferError

translate = QCoreApplication.translate

FORMAT = "qwen3mlx.conversations"
VERSION = 1
# An answer that was running at the export is imported as stopped.
_ENDED = ("done", "stopped", "failed")


def document(transcripts: Iterable[Transcript]) -> Json:
    """The document that `read` reads."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "conversations": [_written(transcript) for transcript in transcripts],
    }


def check_version(document: Json, name: str) -> None:
    """Raise TransferError if a newer version of the program wrote it."""
    version = whole(document.get("version"))
    if version is None or version > VERSION:
        raise TransferError(
            translate(
                "transfer",
                "{name} was exported by a newer version of qwen3mlx. Update to import it.",
            ).format(name=name)
        )


def read(source: Json) -> Transcript | None:
    """The conversation, or None if it has no messages."""
    conversation_id = new_id()
    ids: dict[str, str] = {}
    messages = []
    for entry in objects(source.get("messages")):
        old_id = text(entry.get("id"))
        if old_id not in ids and (message := _message(entry, conversation_id, ids)) is not None:
            messages.append(message)
            ids[old_id] = message.id
    if not messages:
        return None
    return Transcript(
        conversation=_conversation(source, conversation_id, ids, messages),
        messages=tuple(messages),
    )


def _written(transcript: Transcript) -> Json:
    conversation = dataclasses.asdict(transcript.conversation)
    # Folders exist only on this computer.
    del conversation["folder_id"]
    messages = [dataclasses.asdict(message) for message in transcript.messages]
    for message in messages:
        del message["conversation_id"]
    return {**conversation, "messages": messages}


def _conversation(
    source: Json, conversation_id: str, ids: dict[str, str], messages: list[Message]
) -> Conversation:
    created_at = moment(source.get("created_at"))
    updated_at = moment(source.get("updated_at"))
    return Conversation(
        id=conversation_id,
        title=text(source.get("title")),
        pinned=source.get("pinned") is True,
        model=text(source.get("model")) or None,
        settings=chat_settings(an_object(source.get("settings"))),
        draft=text(source.get("draft")),
        leaf_id=ids.get(text(source.get("leaf_id"))) or messages[-1].id,
        created_at=messages[0].created_at if created_at is None else created_at,
        updated_at=messages[-1].created_at if updated_at is None else updated_at,
    )


def _message(source: Json, conversation_id: str, ids: dict[str, str]) -> Message | None:
    role: Any = source.get("role")
    if role not in get_args(Role):
        return None
    status: Any = source.get("status")
    return Message(
        conversation_id=conversation_id,
        parent_id=ids.get(text(source.get("parent_id"))),
        role=role,
        content=text(source.get("content")),
        reasoning=text(source.get("reasoning")),
        tool_calls=tuple(map(tool_call, objects(source.get("tool_calls")))),
        tool_call_id=text(source.get("tool_call_id")) or None,
        attachments=tuple(map(attachment, objects(source.get("attachments")))),
        model=text(source.get("model")) or None,
        status=status if status in _ENDED else "stopped",
        error=text(source.get("error")) or None,
        finish_reason=text(source.get("finish_reason")) or None,
        stats=stats(source.get("stats")),
        created_at=moment(source.get("created_at")) or 0.0,
    )
