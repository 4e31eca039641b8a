"""Conversations go out and come back."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from qwen3mlx_app.domain import (
    AnswerStats,
    Attachment,
    ChatSettings,
    Conversation,
    Message,
    ToolCall,
    Transcript,
)
from qwen3mlx_app.services.transfer import (
    import_file,
    own,
    to_json,
    to_markdown,
)
from qwen3mlx_app.services.transfer.export import path

from .exports import (
    STRAWBERRIES,
    WEATHER,
)
from .support import imported, normal

counts = st.none() | st.integers(0, 10**6)
seconds = st.none() | st.floats(0, 1e6)
moments = st.floats(1, 4e9)
# What a database can hold.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
calls = st.builds(ToolCall, id=texts, name=texts, arguments=texts)
attachments = st.builds(
    Attachment,
    name=texts,
    text=texts,
    language=texts,
    kind=st.sampled_from(["text", "pdf", "docx"]),
    num_bytes=st.integers(0, 10**9),
)
stats = st.builds(
    AnswerStats,
    prompt_tokens=counts,
    cached_tokens=counts,
    completion_tokens=counts,
    reasoning_tokens=counts,
    ttft_s=seconds,
    tokens_per_second=seconds,
    thinking_s=seconds,
)
messages = st.builds(
    Message,
    id=st.uuids().map(str),
    conversation_id=st.just("c"),
    role=st.sampled_from(["user", "assistant", "tool"]),
    content=texts,
    reasoning=texts,
    tool_calls=st.lists(calls, max_size=2).map(tuple),
    tool_call_id=st.none() | st.just("call_1"),
    attachments=st.lists(attachments, max_size=2).map(tuple),
    model=st.none() | st.just("demo"),
    status=st.sampled_from(["done", "stopped", "failed"]),
    error=st.none() | st.just("It broke."),
    finish_reason=st.none() | st.just("length"),
    stats=st.none() | stats,
    created_at=moments,
)
chat_settings = st.builds(
    ChatSettings,
    system_prompt=texts,
    thinking=st.none() | st.booleans(),
    thinking_budget=counts,
    sampling=st.dictionaries(st.sampled_from(["temperature", "top_k"]), st.integers(0, 9)),
)
conversations = st.builds(
    Conversation,
    id=st.just("c"),
    title=texts,
    folder_id=st.none() | st.just("f"),
    pinned=st.booleans(),
    model=st.none() | st.just("demo"),
    settings=chat_settings,
    draft=texts,
    created_at=moments,
    updated_at=moments,
)


@st.composite
def transcripts(draw: st.DrawFn) -> Transcript:
    tree: list[Message] = []
    for message in draw(st.lists(messages, min_size=1, max_size=6)):
        above = draw(st.sampled_from([None, *tree]))
        tree.append(dataclasses.replace(message, parent_id=above.id if above else None))
    leaf = draw(st.sampled_from(tree))
    conversation = dataclasses.replace(draw(conversations), leaf_id=leaf.id)
    return Transcript(conversation=conversation, messages=tuple(tree))


@given(transcripts())
def test_what_goes_out_comes_back_whole(transcript: Transcript) -> None:
    [written] = json.loads(to_json([transcript]))["conversations"]
    back = own.read(written)
    assert back is not None
    assert normal(back) == normal(transcript)


def test_a_file_of_ours_is_imported(tmp_path: Path) -> None:
    [weather] = imported(tmp_path, WEATHER)
    [strawberries] = imported(tmp_path, [STRAWBERRIES])
    (tmp_path / "own.json").write_text(to_json([weather, strawberries]))
    back = import_file(tmp_path / "own.json").transcripts
    assert [normal(one) for one in back] == [normal(weather), normal(strawberries)]


def test_an_answer_that_was_being_written_is_no_more_when_it_comes_back() -> None:
    message = {"id": "1", "role": "assistant", "content": "Half", "status": "streaming"}
    transcript = own.read({"messages": [message]})
    assert transcript is not None
    assert transcript.messages[0].status == "stopped"


def test_markdown_is_what_is_shown(tmp_path: Path) -> None:
    [transcript] = imported(tmp_path, WEATHER)
    page = to_markdown(transcript)
    assert page.startswith("# The weather\n")
    spoken = [line for line in page.splitlines() if line.startswith("## ")]
    assert spoken == ["## You", "## qwen3-8b", "## Tool result", "## qwen3-8b", "## You"]
    assert "> Be brief." in page
    assert "> They ask for the weather." in page
    assert '```json\n{"city": "北京"}\n```' in page
    assert "I do not know." not in page


@given(st.text(alphabet="`~\nab"))
def test_no_attachment_breaks_out_of_its_fence(text: str) -> None:
    attachment = Attachment(name="a.py", kind="text", text=text, num_bytes=0, language="python")
    message = Message(
        conversation_id="c", role="user", content="END", attachments=(attachment,), created_at=0
    )
    conversation = Conversation(id="c", leaf_id=message.id, created_at=0, updated_at=0)
    page = to_markdown(Transcript(conversation=conversation, messages=(message,)))
    tokens = MarkdownIt().parse(page)
    assert [token.info for token in tokens if token.type == "fence"] == ["python"]
    assert tokens[-2].content == "END"


def test_a_leaf_that_leads_nowhere_ends() -> None:
    message = Message(id="1", parent_id="1", conversation_id="c", role="user", created_at=0)
    conversation = Conversation(id="c", leaf_id="1", created_at=0, updated_at=0)
    assert path(Transcript(conversation=conversation, messages=(message,))) == [message]
