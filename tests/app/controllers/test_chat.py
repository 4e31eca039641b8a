"""What is said, answered, stopped, edited, branched; and what goes wrong meanwhile."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot
from qwen3mlx_app.composition import Program
from qwen3mlx_app.domain import Attachment, ChatSettings, Notice
from qwen3mlx_app.services.endpoint import Endpoint

from tests.support.places import PROGRAM

from ..fake_endpoint import CUT_OFF, FakeEndpoint, answer, delta, ending, event
from .support import ask, connect, fill_disk, last, make_room, shown


def notices(program: Program) -> list[Notice]:
    heard: list[Notice] = []
    for controller in (program.chat, program.conversations, program.models, program.server):
        controller.notice.connect(heard.append)
    return heard


def test_a_question_is_answered_thought_about_and_saved(
    program: Program, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    QAbstractItemModelTester(program.chat.messages)
    fake.script = [answer("Hello!", "They greet me.")]
    said = ask(program, qtbot, "Hi there")
    assert (said.content, said.reasoning, said.status) == ("Hello!", "They greet me.", "done")
    assert said.model == "demo"
    assert said.stats is not None
    assert (said.stats.cached_tokens, said.stats.tokens_per_second) == (16, 150.0)
    assert said.stats.ttft_s == 0.04
    assert said.stats.thinking_s is not None
    assert fake.bodies[0]["messages"] == [{"role": "user", "content": "Hi there"}]
    conversation = program.chat.conversation
    assert conversation is not None
    assert conversation.title == "Hi there"
    assert program.store.messages(conversation.id)[-1] == said
    assert program.conversations.conversations.values() == [conversation]


def test_the_window_shows_its_key(program: Program, qtbot: QtBot, fake: FakeEndpoint) -> None:
    ask(program, qtbot, "Hi")
    assert fake.headers[-1]["Authorization"] == f"Bearer {program.process.key}"


def test_what_was_said_before_goes_along(
    program: Program, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    program.chat.new()
    settings = ChatSettings(
        system_prompt="Be brief.",
        thinking=True,
        thinking_budget=64,
        sampling={"temperature": 0.1, "max_tokens": 50},
    )
    program.chat.settings.set(settings)
    ask(program, qtbot, "One")
    ask(program, qtbot, "Two /no_think")
    body = fake.bodies[1]
    assert [m["content"] for m in body["messages"]] == [
        "Be brief.",
        "One",
        "Hello!",
        "Two /no_think",
    ]
    assert body["messages"][2]["reasoning_content"] == "Hm."
    assert (body["temperature"], body["max_completion_tokens"]) == (0.1, 50)
    assert body["enable_thinking"] is False
    assert "thinking_budget" not in body
    assert fake.bodies[0]["enable_thinking"] is True
    assert fake.bodies[0]["thinking_budget"] == 64


def test_documents_are_in_the_prompt_and_not_in_the_text(
    program: Program, qtbot: QtBot, fake: FakeEndpoint, tmp_path: Path
) -> None:
    (tmp_path / "a.py").write_text("print(1)")
    (tmp_path / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(20))
    with qtbot.waitSignal(program.chat.attachments.refused) as refused:
        program.chat.attach([tmp_path / "b.png"])
    assert "is an image" in refused.args[1]
    with qtbot.waitSignal(program.chat.attachments.added) as added:
        program.chat.attach([tmp_path / "a.py"])
    _, attachment, tokens = added.args
    assert isinstance(attachment, Attachment)
    assert tokens > 0
    with qtbot.waitSignal(program.chat.finished):
        program.chat.send("What is it?", [attachment])
    assert "```python\nprint(1)\n```\n\nWhat is it?" in fake.bodies[0]["messages"][0]["content"]
    assert shown(program)[0] == ("user", "What is it?")


def test_an_answer_grows_row_by_row_and_stops_at_once(
    program: Program, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    go_on = threading.Event()
    fake.script = [[delta(content="One "), go_on, delta(content="two"), ending()]]
    program.chat.send("Count")
    qtbot.waitUntil(lambda: last(program).content == "One ")
    assert program.chat.is_busy
    assert last(program).status == "streaming"
    with qtbot.waitSignal(program.chat.finished):
        program.chat.stop()
    go_on.set()
    assert (last(program).content, last(program).status) == ("One ", "stopped")
    assert not program.chat.is_busy


def test_an_answer_under_way_is_on_disk_within_a_second(
    program: Program, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    go_on = threading.Event()
    fake.script = [[delta(reasoning_content="Hm"), delta(content="Half"), go_on, ending()]]
    program.chat.send("Go")

    def pieces() -> list[Any]:
        with closing(sqlite3.connect(program.store.path)) as reader:
            return reader.execute("SELECT content, reasoning FROM deltas").fetchall()

    qtbot.waitUntil(lambda: pieces() == [("Half", "Hm")], timeout=2000)
    with qtbot.waitSignal(program.chat.finished):
        go_on.set()
    assert pieces() == []


def test_an_answer_that_comes_while_the_disk_is_full_is_saved_once_it_is_not(
    program: Program, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    go_on = threading.Event()
    fake.script = [[delta(content="Half"), go_on, delta(content=" of it" * 5000), ending()]]
    program.chat.send("Go")
    qtbot.waitUntil(lambda: last(program).content == "Half")
    fill_disk(program)
    with qtbot.waitSignal(program.chat.answers.save_failed):
        go_on.set()
    make_room(program)
    with qtbot.waitSignal(program.chat.settled):
        pass
    saved = program.store.messages(last(program).conversation_id)[-1]
    assert saved.content == "Half" + " of it" * 5000


def test_another_conversation_is_shown_while_one_is_written(
    program: Program, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    go_on = threading.Event()
    fake.script = [[delta(content="Slow"), go_on, ending()], answer("Quick")]
    program.chat.send("First")
    first = program.chat.conversation
    assert first is not None
    qtbot.waitUntil(lambda: last(program).content == "Slow")
    program.chat.new()
    assert shown(program) == []
    assert not program.chat.is_busy
    ask(program, qtbot, "Second")
    program.chat.open(first.id)
    assert program.chat.is_busy
    qtbot.waitUntil(lambda: shown(program) == [("user", "First"), ("assistant", "Slow")])
    with qtbot.waitSignal(program.chat.finished):
        go_on.set()
    assert last(program).status == "done"


def test_a_branch_is_a_conversation_of_its_own(
    program: Program, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    fake.script = [answer("A"), answer("B"), answer("C")]
    first = ask(program, qtbot, "One")
    original = program.chat.conversation
    ask(program, qtbot, "Two")
    program.chat.branch(first.id)
    assert shown(program) == [("user", "One"), ("assistant", "A")]
    ask(program, qtbot, "Three")
    assert original is not None
    program.chat.open(original.id)
    assert [content for _, content in shown(program)] == ["One", "A", "Two", "B"]
    assert program.conversations.conversations.rowCount() == 2


def test_an_answer_is_continued_where_it_broke_off(
    program: Program, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    fake.script = [[delta(content="One, "), CUT_OFF], answer("two.")]
    broken = ask(program, qtbot, "Count")
    assert (broken.content, broken.status) == ("One, ", "failed")
    assert "was lost" in (broken.error or "")
    with qtbot.waitSignal(program.chat.finished):
        program.chat.continue_answer(broken.id)
    assert (last(program).content, last(program).status) == ("One, two.", "done")
    assert last(program).error is None
    assert fake.bodies[1]["continue_final_message"] is True
    assert fake.bodies[1]["messages"][-1] == {"role": "assistant", "content": "One, "}


def test_the_figures_of_a_continued_answer_are_those_of_all_of_it(
    program: Program, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    script = [delta(reasoning_content="Hm."), delta(content="One, "), ending("length")]
    fake.script = [script, [delta(content="two."), ending()]]
    first = ask(program, qtbot, "Count")
    assert first.stats is not None
    assert first.stats.thinking_s
    with qtbot.waitSignal(program.chat.finished):
        program.chat.continue_answer(first.id)
    stats = last(program).stats
    assert stats is not None
    assert (stats.completion_tokens, stats.reasoning_tokens) == (10, 4)
    assert (stats.prompt_tokens, stats.cached_tokens) == (20, 16)
    assert stats.thinking_s == first.stats.thinking_s


def test_tool_calls_are_put_together(program: Program, qtbot: QtBot, fake: FakeEndpoint) -> None:
    def call(index: int, arguments: str, **head: Any) -> bytes:
        function = {"arguments": arguments, **({"name": head["name"]} if head else {})}
        return delta(tool_calls=[{"index": index, "id": head.get("id"), "function": function}])

    fake.script = [
        [
            call(0, "", id="c1", name="weather"),
            call(0, '{"city": '),
            call(0, '"Oslo"}'),
            call(1, "{}", id="c2", name="time"),
            ending("tool_calls"),
        ]
    ]
    said = ask(program, qtbot, "Weather?")
    assert [(c.id, c.name, c.arguments) for c in said.tool_calls] == [
        ("c1", "weather", '{"city": "Oslo"}'),
        ("c2", "time", "{}"),
    ]
    assert said.finish_reason == "tool_calls"


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ([b"data: {nonsense\n\n"], "invalid response"),
        ([b'data: {"choices": [{"delta": {"content": 7}}]}\n\n'], "invalid response"),
        ([b'data: {"choices": 3}\n\n'], "invalid response"),
        ([b"data: []\n\n"], "invalid response"),
        ([delta(content="x")], "was lost"),
        ([CUT_OFF], "was lost"),
        ([event({"error": {"message": "The engine is out of luck."}})], "out of luck"),
    ],
)
def test_what_cannot_be_read_ends_the_answer_calmly(
    program: Program, qtbot: QtBot, fake: FakeEndpoint, script: list[bytes], sentence: str
) -> None:
    fake.script = [[delta(content="So far"), *script]]
    said = ask(program, qtbot, "Hi")
    assert said.status == "failed"
    assert sentence in (said.error or "")
    assert said.content in ("So far", "So farx")
    assert ask(program, qtbot, "Again").status == "done"


def test_a_refusal_is_told_in_the_servers_words(
    program: Program, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    error = b'{"error": {"message": "The prompt is too long.", "code": "context_length_exceeded"}}'
    fake.replies["/v1/chat/completions"] = (400, error)
    assert ask(program, qtbot, "Hi").error == "The prompt is too long."
    fake.replies["/v1/chat/completions"] = (502, b"<html>")
    assert "502" in (ask(program, qtbot, "Hi").error or "")


def test_ten_megabytes_arrive_whole(program: Program, qtbot: QtBot, fake: FakeEndpoint) -> None:
    piece = "word " * 2000
    fake.script = [[*(delta(content=piece) for _ in range(1000)), ending()]]
    said = ask(program, qtbot, "Write")
    assert said.content == piece * 1000
    assert len(said.content) == 10_000_000
    assert program.store.messages(said.conversation_id)[-1] == said


def test_drafts_are_kept(program: Program, qtbot: QtBot) -> None:
    program.chat.new()
    program.chat.drafts.set_text("half a thou")
    conversation = program.chat.conversation
    assert conversation is not None
    program.chat.open(None)
    assert program.conversations.conversations.rowCount() == 1
    program.chat.open(conversation.id)
    assert program.chat.conversation is not None
    assert program.chat.conversation.draft == "half a thou"
    program.chat.drafts.set_text("half a thought")
    with qtbot.waitSignal(program.chat.finished):
        assert program.chat.send_draft()
    assert program.chat.conversation.draft == ""


def test_an_empty_conversation_leaves_nothing_behind(program: Program) -> None:
    program.chat.new()
    program.chat.open(None)
    assert program.conversations.conversations.rowCount() == 0
    assert not program.chat.send("   ")


def test_the_cost_is_estimated_after_a_pause(
    program: Program, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    ask(program, qtbot, "one two")
    num_asked = len(fake.requests)
    with qtbot.waitSignal(program.chat.estimator.estimated) as told:
        for text in ("t", "thr", "three four five"):
            program.chat.estimate(text)
    assert told.args == [6, 4096]
    assert len(fake.requests) == num_asked + 1


def test_tools_count_unless_two_models_answer(program: Program, qtbot: QtBot) -> None:
    program.chat.new()
    program.chat.settings.set(ChatSettings(servers=("mini",)))

    def cost() -> int:
        with qtbot.waitSignal(program.chat.estimator.estimated) as told:
            program.chat.estimate("one two")
        assert told.args is not None
        return int(told.args[0])

    assert cost() == 102
    program.chat.comparison.set_other("demo")
    assert cost() == 2


def test_what_cannot_be_saved_is_said_and_stays_in_the_composer(
    program: Program, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = notices(program)
    program.store._connection.execute("PRAGMA query_only = ON")
    assert not program.chat.send("Keep me")
    assert shown(program) == []
    assert "cannot be saved" in heard[0].text
    program.store._connection.execute("PRAGMA query_only = OFF")
    ask(program, qtbot, "Keep me")


def test_a_save_that_failed_is_made_up_for(
    program: Program, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    heard = notices(program)
    go_on = threading.Event()
    fake.script = [[delta(content="Half "), go_on, delta(content="whole"), ending()]]
    program.chat.send("Go")
    qtbot.waitUntil(lambda: last(program).content == "Half ")
    program.store._connection.execute("PRAGMA query_only = ON")
    with qtbot.waitSignal(program.chat.finished):
        go_on.set()
    assert last(program).content == "Half whole"
    assert len(heard) == 1
    program.store._connection.execute("PRAGMA query_only = OFF")
    message = last(program)
    qtbot.waitUntil(lambda: program.store.messages(message.conversation_id)[-1] == message)


def test_the_model_writes_a_title_unless_a_person_did(
    program: Program, qtbot: QtBot, fake: FakeEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = program.models.models.value(0)
    program.models.models.put(replace(entry, source="cache"))
    told: list[str] = []

    def short_answer(
        _: Endpoint, body: dict[str, Any], *, done: Callable[[str], None], failed: Any
    ) -> None:
        told.append(body["model"])
        done('"Counting fruit"\n')

    monkeypatch.setattr(Endpoint, "short_answer", short_answer)
    ask(program, qtbot, "How many strawberries?")
    assert program.chat.conversation is not None
    assert program.chat.conversation.title == "Counting fruit"
    assert program.conversations.conversations.value(0).title == "Counting fruit"
    ask(program, qtbot, "And now?")
    assert told == ["demo"]


def test_a_closed_program_has_kept_everything(
    profile: Path, fake: FakeEndpoint, qtbot: QtBot
) -> None:
    program = Program(profile, PROGRAM)
    connect(program, fake.url)
    go_on = threading.Event()
    fake.script = [[delta(content="Half"), go_on, ending()]]
    program.chat.send("Go")
    qtbot.waitUntil(lambda: last(program).content == "Half")
    program.close()
    go_on.set()
    again = Program(profile, PROGRAM)
    [conversation] = again.conversations.conversations.values()
    again.chat.open(conversation.id)
    assert shown(again) == [("user", "Go"), ("assistant", "Half")]
    assert last(again).status == "stopped"
    again.close()


def test_what_is_written_stays_when_the_conversation_is_renamed_later(program: Program) -> None:
    chat = program.chat
    chat.new()
    chat.drafts.set_text("half a thou")
    first = chat.conversation
    assert first is not None
    chat.open(None)
    chat.open(first.id)
    chat.settings.set(ChatSettings(system_prompt="Be brief."))
    chat.drafts.set_text("half a thought")
    chat.new()
    program.conversations.rename(first.id, "Thoughts")
    kept = program.store.conversation(first.id)
    assert kept is not None
    assert (kept.draft, kept.settings.system_prompt) == ("half a thought", "Be brief.")


def test_a_system_prompt_alone_is_kept(program: Program) -> None:
    chat = program.chat
    chat.new()
    chat.settings.set(ChatSettings(system_prompt="Be brief."))
    first = chat.conversation
    assert first is not None
    chat.new()
    chat.open(first.id)
    assert chat.conversation is not None
    assert chat.conversation.settings.system_prompt == "Be brief."
