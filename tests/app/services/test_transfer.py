"""Conversations of other programs come in whole, and ours go out and come back."""

from __future__ import annotations

import dataclasses
import json
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
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
    TransferError,
    chatgpt,
    claude,
    import_file,
    lmstudio,
    own,
    to_json,
    to_markdown,
)
from qwen3mlx_app.services.transfer.export import path

from .exports import (
    ANSWERED_MS,
    CREATED_MS,
    STRAWBERRIES,
    WEATHER,
    answer_step,
    assistant,
    claude_message,
    lm_studio,
    node,
    says,
    user,
)
from .exports import chatgpt as chatgpt_export
from .exports import claude as claude_export


def imported(folder: Path, document: Any) -> list[Transcript]:
    file = folder / "export.json"
    file.write_text(json.dumps(document))
    return list(import_file(file).transcripts)


def shown(transcript: Transcript) -> list[tuple[str, str]]:
    return [(message.role, message.content) for message in path(transcript)]


def normal(transcript: Transcript) -> Transcript:
    """With ids that are the places of the messages."""
    places = {message.id: str(index) for index, message in enumerate(transcript.messages)}
    conversation = transcript.conversation
    messages = [
        dataclasses.replace(
            message,
            id=places[message.id],
            conversation_id="c",
            parent_id=places.get(message.parent_id or ""),
        )
        for message in transcript.messages
    ]
    leaf_id = places.get(conversation.leaf_id or "")
    return Transcript(
        conversation=dataclasses.replace(conversation, id="c", leaf_id=leaf_id, folder_id=None),
        messages=tuple(messages),
    )


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


def test_a_conversation_of_thousands_of_messages(tmp_path: Path) -> None:
    nodes = [node("0", None)]
    nodes += [
        node(str(i), str(i - 1), "user" if i % 2 else "assistant", f"say {i}")
        for i in range(1, 5001)
    ]
    [transcript] = imported(tmp_path, [chatgpt_export(*nodes, current="5000")])
    assert len(path(transcript)) == 5000


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
