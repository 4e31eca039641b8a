"""Conversations of claude.ai come in whole."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from qwen3mlx_app.services.transfer import (
    import_file,
)
from qwen3mlx_app.services.transfer.export import path

from .exports import claude as claude_export
from .exports import (
    claude_message,
    says,
)
from .support import imported, shown

THINKS = {"type": "thinking", "thinking": "Hm.", "summaries": []}
CALLS = {"type": "tool_use", "id": "t1", "name": "search", "input": {"q": "日历"}}
FOUND = {"type": "knowledge", "title": "Calendars", "url": "https://a.example", "text": "Many."}


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([says("Yes.")], [("assistant", "Yes.", "")]),
        ([says("One."), says("Two.")], [("assistant", "One.\n\nTwo.", "")]),
        ([THINKS, says("Yes.")], [("assistant", "Yes.", "Hm.")]),
        ([THINKS], [("assistant", "", "Hm.")]),
        (
            [
                THINKS,
                CALLS,
                {"type": "tool_result", "tool_use_id": "t1", "content": [FOUND]},
                says("So."),
            ],
            [
                ("assistant", "", "Hm."),
                ("tool", "Calendars\nhttps://a.example\nMany.", ""),
                ("assistant", "So.", ""),
            ],
        ),
        (
            [{**CALLS, "id": None}, {"type": "tool_result", "content": "none"}],
            [("assistant", "", ""), ("tool", "none", "")],
        ),
        ([{"type": "token_budget"}, {"type": "flag", "text": "x"}], []),
        ([], [("assistant", "An older one.", "")]),
    ],
)
def test_the_parts_of_claudes_answers(
    tmp_path: Path, parts: list[Any], expected: list[tuple[str, str, str]]
) -> None:
    asked = claude_message("q", "human", says("Which?"))
    told = claude_message("a", "assistant", *parts, above="q", text="An older one.")
    [transcript] = imported(tmp_path, [claude_export(asked, told)])
    answer = path(transcript)[1:]
    assert [(one.role, one.content, one.reasoning) for one in answer] == expected
    called = [call.id for one in answer for call in one.tool_calls]
    assert [one.tool_call_id for one in answer if one.role == "tool"] == called
    assert all(json.loads(call.arguments) == {"q": "日历"} for m in answer for call in m.tool_calls)


def test_claudes_versions_files_and_times(tmp_path: Path) -> None:
    pasted = {"file_name": "", "file_size": 3, "file_type": "txt", "extracted_content": "é!"}
    document = claude_export(
        claude_message("q", "human", says("Old?")),
        claude_message("a", "assistant", says("Old."), above="q", stop_reason="user_canceled"),
        claude_message(
            "q2",
            "human",
            says("New?"),
            attachments=[pasted, {"file_name": "scan.pdf"}],
            files=[{"file_name": "cat.png"}],
        ),
        claude_message("a2", "assistant", says("New."), above="q2"),
        is_starred=True,
    )
    [transcript] = imported(tmp_path, [document])
    conversation = transcript.conversation
    assert (conversation.title, conversation.pinned) == ("Calendars", True)
    assert (conversation.created_at, conversation.updated_at) == (
        1774767994.084721,
        1774789181.65873,
    )
    assert shown(transcript) == [("user", "[scan.pdf]\n[cat.png]\nNew?"), ("assistant", "New.")]
    [file] = path(transcript)[0].attachments
    assert (file.name, file.text, file.num_bytes) == ("pasted.txt", "é!", 3)
    old, answer, new, _ = transcript.messages
    assert old.parent_id is None is new.parent_id
    assert (answer.parent_id, answer.status) == (old.id, "stopped")
    assert answer.created_at == 1774767995.552627
    [transcript] = imported(tmp_path, document | {"current_leaf_message_uuid": "a"})
    assert shown(transcript) == [("user", "Old?"), ("assistant", "Old.")]


def test_an_older_claudes_messages_follow_each_other(tmp_path: Path) -> None:
    some = [
        claude_message(str(number), sender, says(str(number)), above=None)
        for number, sender in enumerate(["human", "assistant"] * 2000)
    ]
    with zipfile.ZipFile(tmp_path / "data-2024.zip", "w") as archive:
        archive.writestr("users.json", "[]")
        archive.writestr("projects.json", "[]")
        archive.writestr("conversations.json", json.dumps([claude_export(*some), claude_export()]))
    found = import_file(tmp_path / "data-2024.zip")
    assert [said for _, said in shown(found.transcripts[0])] == [str(n) for n in range(4000)]
    assert found.num_skipped == 1
