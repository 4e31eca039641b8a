"""Conversations of LM Studio come in whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from qwen3mlx_app.domain import (
    AnswerStats,
)
from qwen3mlx_app.services.transfer.export import path

from .exports import (
    ANSWERED_MS,
    CREATED_MS,
    WEATHER,
    answer_step,
    assistant,
    lm_studio,
    user,
)
from .support import imported, shown


def test_lm_studios_versions_become_siblings(tmp_path: Path) -> None:
    [transcript] = imported(tmp_path, WEATHER)
    conversation = transcript.conversation
    assert (conversation.title, conversation.pinned) == ("The weather", True)
    assert conversation.created_at == CREATED_MS / 1000
    assert conversation.settings.system_prompt == "Be brief."
    assert conversation.settings.sampling == {"temperature": 0.4, "top_p": 0.9, "top_k": 40}
    assert shown(transcript) == [
        ("user", "The weather in Beijing?"),
        ("assistant", ""),
        ("tool", "sunny, 21 degrees"),
        ("assistant", "Sunny."),
        ("user", "Thanks!"),
    ]
    first, second, stopped, *_ = transcript.messages
    assert first.parent_id is None is second.parent_id
    assert stopped.parent_id == second.id
    assert (stopped.content, stopped.status) == ("I do not know.", "stopped")


def test_lm_studios_thinking_tools_and_statistics(tmp_path: Path) -> None:
    [transcript] = imported(tmp_path, WEATHER)
    _, calling, result, answer, _ = path(transcript)
    assert calling.reasoning == "They ask for the weather."
    [call] = calling.tool_calls
    assert (call.id, call.name) == ("388713961", "weather")
    assert json.loads(call.arguments) == {"city": "北京"}
    assert "北京" in call.arguments
    assert result.tool_call_id == call.id
    assert calling.created_at == ANSWERED_MS / 1000
    assert (answer.model, answer.finish_reason) == ("qwen3-8b", "stop")
    assert answer.stats == AnswerStats(
        prompt_tokens=30, completion_tokens=12, tokens_per_second=41.5, ttft_s=0.25
    )


def test_an_older_lm_studios_single_step_answer(tmp_path: Path) -> None:
    version = user("Hi")["versions"][0] | {"role": "assistant"}
    message = {"versions": [version], "currentlySelected": 0}
    [transcript] = imported(tmp_path, lm_studio(user("Hello"), message))
    assert shown(transcript) == [("user", "Hello"), ("assistant", "Hi")]


@pytest.mark.parametrize(
    ("text", "thought", "content"),
    [
        ("<think>\nHm.\n</think>\n\nYes.", "Hm.", "Yes."),
        ("<think>\nHm, never ended", "Hm, never ended", ""),
        ("Tags: <think>x</think>", "", "Tags: <think>x</think>"),
    ],
)
def test_thinking_in_tags_is_thinking(
    tmp_path: Path, text: str, thought: str, content: str
) -> None:
    version = user(text)["versions"][0] | {"role": "assistant"}
    message = {"versions": [version], "currentlySelected": 0}
    [transcript] = imported(tmp_path, lm_studio(user("Hello"), message))
    answer = transcript.messages[1]
    assert (answer.reasoning, answer.content) == (thought, content)


def test_a_selection_that_is_not_there_is_the_first(tmp_path: Path) -> None:
    question = user("a", "b", selected=9)
    [transcript] = imported(tmp_path, lm_studio(question, assistant([answer_step("c")])))
    assert shown(transcript) == [("user", "a"), ("assistant", "c")]


def test_lm_studios_files_leave_a_mark_and_its_draft_is_kept(tmp_path: Path) -> None:
    asked = user("What is this?")
    file = {"type": "file", "fileIdentifier": "1734-cat.png", "fileType": "image"}
    asked["versions"][0]["content"].insert(0, file)
    alone = user("")
    alone["versions"][0]["content"] = [{**file, "name": "plan.pdf"}]
    [transcript] = imported(tmp_path, lm_studio(asked, alone, clientInput="And then"))
    assert shown(transcript) == [("user", "[1734-cat.png]\nWhat is this?"), ("user", "[plan.pdf]")]
    assert transcript.conversation.draft == "And then"
