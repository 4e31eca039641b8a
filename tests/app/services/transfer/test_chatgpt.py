"""Conversations of ChatGPT come in whole."""

from __future__ import annotations

import json
from pathlib import Path

from qwen3mlx_app.services.transfer.export import path

from .exports import (
    STRAWBERRIES,
    node,
)
from .exports import chatgpt as chatgpt_export
from .support import imported, shown


def test_chatgpts_files_are_marked_by_their_names(tmp_path: Path) -> None:
    files = [{"id": "file-1", "name": "cat.png"}, {"id": "file-2", "name": "plan.pdf"}]
    image = {"content_type": "image_asset_pointer", "asset_pointer": "file-service://file-1"}
    other = {"content_type": "image_asset_pointer", "asset_pointer": "file-service://file-9"}
    asked = node("q", None, "user", image, other, "What?", metadata={"attachments": files})
    [transcript] = imported(tmp_path, [chatgpt_export(asked, current="q")])
    assert shown(transcript) == [("user", "[plan.pdf]\n[cat.png]\n[image]\nWhat?")]


def test_chatgpts_branches_thoughts_and_tools(tmp_path: Path) -> None:
    [transcript] = imported(tmp_path, [STRAWBERRIES])
    assert transcript.conversation.title == "Strawberries"
    assert shown(transcript) == [("user", "How many r's?"), ("assistant", "Three.")]
    answer = path(transcript)[-1]
    assert answer.reasoning == "Counting\n\ns-t-r-a-w"
    assert (answer.model, answer.created_at) == ("gpt-5-thinking", 1700000004.0)
    other = [message for message in transcript.messages if message not in path(transcript)]
    asked, calling, result, told = other
    assert asked.content == "Run it\n[image]"
    assert asked.parent_id is None
    assert calling.tool_calls[0].name == "python"
    assert json.loads(calling.tool_calls[0].arguments) == {"code": "'strawberry'.count('r')"}
    assert (result.role, result.content) == ("tool", "3")
    assert result.tool_call_id == calling.tool_calls[0].id
    assert (told.content, told.parent_id) == ("It is 3.", result.id)


def test_thoughts_that_nothing_followed_are_kept(tmp_path: Path) -> None:
    thoughts = [{"summary": "", "content": "Hm."}]
    document = chatgpt_export(
        node("q", None, "user", "Why?"),
        node("t", "q", "assistant", kind="thoughts", thoughts=thoughts),
        current="t",
    )
    [transcript] = imported(tmp_path, [document])
    assert path(transcript)[-1].reasoning == "Hm."


def test_a_conversation_of_thousands_of_messages(tmp_path: Path) -> None:
    nodes = [node("0", None)]
    nodes += [
        node(str(i), str(i - 1), "user" if i % 2 else "assistant", f"say {i}")
        for i in range(1, 5001)
    ]
    [transcript] = imported(tmp_path, [chatgpt_export(*nodes, current="5000")])
    assert len(path(transcript)) == 5000
