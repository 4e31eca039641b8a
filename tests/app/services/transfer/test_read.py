"""Files with conversations, of every kind and of none."""

from __future__ import annotations

import json
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from qwen3mlx_app.services.transfer import (
    TransferError,
    chatgpt,
    claude,
    import_file,
    lmstudio,
    own,
    to_json,
    to_markdown,
)

from .exports import (
    STRAWBERRIES,
    WEATHER,
)
from .support import imported


def test_openais_archive_in_one_file_or_several(tmp_path: Path) -> None:
    for names in (["conversations.json"], ["x/conversations-000.json", "x/conversations-001.json"]):
        with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
            archive.writestr("user.json", "{}")
            archive.writestr("chat.html", "<html>")
            for name in names:
                archive.writestr(name, json.dumps([STRAWBERRIES]))
        assert len(import_file(tmp_path / "export.zip").transcripts) == len(names)


def test_importing_twice_makes_copies(tmp_path: Path) -> None:
    first, second = (imported(tmp_path, WEATHER)[0] for _ in range(2))
    ids = [message.id for message in (*first.messages, *second.messages)]
    assert len(set(ids)) == len(ids)
    assert first.conversation.id != second.conversation.id
    assert all(m.conversation_id == second.conversation.id for m in second.messages)


@pytest.mark.parametrize("odd", [-1e15, -1, 1e17, "yesterday"])
def test_a_time_that_no_calendar_has_is_as_good_as_none(tmp_path: Path, odd: object) -> None:
    ours = json.loads(to_json(imported(tmp_path, WEATHER)))
    ours["conversations"][0] |= {"created_at": odd, "updated_at": odd}
    theirs = [STRAWBERRIES | {"create_time": odd, "update_time": odd}]
    for document in (ours, theirs, WEATHER | {"createdAt": odd}):
        [found] = imported(tmp_path, document)
        datetime.fromtimestamp(found.conversation.created_at)
        datetime.fromtimestamp(found.conversation.updated_at)


def test_what_is_empty_is_counted_and_the_others_come(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps([{"mapping": {}}, STRAWBERRIES, {"mapping": 3}]))
    imported = import_file(tmp_path / "a.json")
    assert len(imported.transcripts) == 1
    assert imported.num_skipped == 2


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"{", "damaged or not JSON"),
        (b"\xff\xfe\x00", "damaged or not JSON"),
        (b"[" * 100_000, "damaged or not JSON"),
        (b"PK\x05\x06" + bytes(18), "no readable conversations"),
        (b"[]", "is not an export from"),
        (b'{"messages": [{"role": "user", "content": "hi"}]}', "is not an export from"),
        (b'{"messages": [{"versions": []}]}', "no readable conversations"),
        (b'{"format": "qwen3mlx.conversations", "version": 2}', "newer version"),
        (b'{"format": "qwen3mlx.conversations", "version": "x"}', "newer version"),
    ],
)
def test_what_is_no_export_is_said(tmp_path: Path, content: bytes, sentence: str) -> None:
    (tmp_path / "file.json").write_bytes(content)
    with pytest.raises(TransferError, match=rf"file\.json.*{sentence}"):
        import_file(tmp_path / "file.json")


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(TransferError, match=r"nothing\.json cannot be read: No such file"):
        import_file(tmp_path / "nothing.json")


names = st.sampled_from(
    [
        "messages",
        "versions",
        "currentlySelected",
        "role",
        "content",
        "type",
        "text",
        "steps",
        "mapping",
        "message",
        "author",
        "parent",
        "children",
        "parts",
        "content_type",
        "genInfo",
        "id",
        "parent_id",
        "leaf_id",
        "tool_calls",
        "stats",
        "settings",
        "attachments",
        "status",
        "chat_messages",
        "sender",
        "created_at",
        "parent_message_uuid",
        "extracted_content",
    ]
)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.integers()
    | st.sampled_from(["user", "assistant", "tool", "text", "thoughts", "contentBlock", "\ud800"])
    | st.sampled_from(["human", "tool_use", "tool_result", "0001-01-01T00:00+14:00"])
    | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(names, children, max_size=6),
    max_leaves=30,
)


@given(st.dictionaries(names, values, max_size=8))
def test_no_json_is_too_odd_to_be_read(document: dict[str, Any]) -> None:
    for read in (lmstudio.read, chatgpt.read, claude.read, own.read):
        transcript = read(document)
        if transcript is not None:
            to_markdown(transcript).encode()
            to_json([transcript]).encode()
