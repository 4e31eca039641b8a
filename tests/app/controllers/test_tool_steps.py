"""An answer that calls tools: its steps and results become messages, whatever happens."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot
from qwen3mlx_app.composition import Program
from qwen3mlx_app.controllers.tool_round import STOPPED
from qwen3mlx_app.domain import ChatSettings, Conversation, Message
from qwen3mlx_app.services.transfer import to_markdown

from ..fake_endpoint import FakeEndpoint, Step, answer, calls, delta, ending, event, news, step
from .support import ask, last, shown

ASKED = ChatSettings(servers=("mini",))


def stored(program: Program) -> list[Message]:
    """The path that is shown, as it is in the store."""
    conversation = program.chat.conversation
    assert conversation is not None
    kept = program.store.conversation(conversation.id)
    assert kept is not None
    known = {one.id: one for one in program.store.messages(conversation.id)}
    path: list[Message] = []
    place = kept.leaf_id
    while place is not None:
        path.append(known[place])
        place = path[-1].parent_id
    return path[::-1]


def begin(program: Program, fake: FakeEndpoint, *steps: Step) -> None:
    fake.script.append([delta(role="assistant"), *steps])
    program.chat.new()
    program.chat.settings.set(ASKED)


def test_steps_and_results_are_messages_in_the_order_of_the_calls(
    program: Program, fake: FakeEndpoint, qtbot: QtBot
) -> None:
    begin(
        program,
        fake,
        delta(content="Let me see."),
        calls("first", "second", arguments='{"a": 1}'),
        step(),
        news(0, "asked"),
        news(1, "running"),
        news(1, "ended", text="two"),
        news(0, "running", done=1, total=2, message="half"),
        news(0, "ended", text="no", status="error"),
        delta(reasoning_content="Hm."),
        delta(content="Done."),
        ending(),
    )
    final = ask(program, qtbot, "Go on.")
    assert fake.bodies[-1]["servers"] == ["mini"]
    assert ("POST", "/api/qwen3mlx/tools/chat") in fake.requests
    assert shown(program) == [
        ("user", "Go on."),
        ("assistant", "Let me see."),
        ("assistant", "Done."),
    ]
    assert (final.content, final.reasoning, final.status) == ("Done.", "Hm.", "done")
    row = program.chat.messages.value(1)
    assert [(one.content, one.status, one.finish_reason) for one in row.results] == [
        ("no", "failed", "error"),
        ("two", "done", "ok"),
    ]
    assert row.results[0].stats is not None
    assert row.results[0].stats.tool_s == 0.25
    assert row.message.stats is not None
    assert (row.message.status, row.progress) == ("done", None)
    path = stored(program)
    assert [one.role for one in path] == ["user", "assistant", "tool", "tool", "assistant"]
    assert [one.status for one in path] == ["done", "done", "failed", "done", "done"]
    fake.script.append(answer("And more."))
    ask(program, qtbot, "More?")
    sent = fake.bodies[-1]["messages"]
    assert [one["role"] for one in sent][:5] == ["user", "assistant", "tool", "tool", "assistant"]
    assert [one.get("tool_call_id") for one in sent[2:4]] == ["call0", "call1"]


def test_a_stopped_answer_stops_its_calls(
    program: Program, fake: FakeEndpoint, qtbot: QtBot
) -> None:
    wait = threading.Event()
    begin(
        program, fake, calls("a", "b"), step(), news(0, "ended", text="1"), news(1, "asked"), wait
    )
    program.chat.send("Go on.")

    def is_asked() -> bool:
        progress = program.chat.messages.value(1).progress
        return progress is not None and "call1" in progress.calls

    qtbot.waitUntil(lambda: program.chat.messages.rowCount() == 2 and is_asked())
    with qtbot.waitSignal(program.chat.finished):
        program.chat.stop()
    wait.set()
    row = program.chat.messages.value(1)
    assert [(one.status, one.content) for one in row.results] == [
        ("done", "1"),
        ("stopped", STOPPED),
    ]
    assert row.message.status == "stopped"
    assert [one.status for one in stored(program)] == ["done", "stopped", "done", "stopped"]
    fake.script.append(answer("Well then."))
    with qtbot.waitSignal(program.chat.finished):
        program.chat.continue_answer(row.message.id)
    roles = [one["role"] for one in fake.bodies[-1]["messages"]]
    assert roles == ["user", "assistant", "tool", "tool"]
    assert last(program).content == "Well then."


@pytest.mark.parametrize(
    ("rest", "status"),
    [
        ([event({"error": {"message": "Out of memory."}})], "failed"),
        ([b""], "failed"),
        ([b"event: call\ndata: {}\n\n"], "failed"),
        ([news(7, "ended", text="whose?"), b"data: [DONE]\n\n"], "done"),
    ],
)
def test_whatever_ends_it_no_call_is_left_open(
    program: Program, fake: FakeEndpoint, qtbot: QtBot, rest: list[Step], status: str
) -> None:
    begin(program, fake, calls("a"), step(), news(0, "running"), *rest)
    ended = ask(program, qtbot, "Go on.")
    assert ended.status == status
    (result,) = program.chat.messages.value(1).results
    assert result.status == "stopped"


def test_it_goes_on_in_a_conversation_that_is_not_shown(
    program: Program, fake: FakeEndpoint, qtbot: QtBot
) -> None:
    wait = threading.Event()
    begin(program, fake, calls("a"), step(), news(0, "running"), wait, news(0, "ended", text="1"))
    fake.script[-1] = [*fake.script[-1], delta(content="Later."), ending()]
    program.chat.send("Go on.")
    qtbot.waitUntil(lambda: bool(program.chat.messages.value(1).message.tool_calls))
    before = program.chat.conversation
    assert before is not None
    program.chat.new()
    with qtbot.waitSignal(program.chat.finished):
        wait.set()
    program.chat.open(before.id)
    assert shown(program)[1:] == [("assistant", ""), ("assistant", "Later.")]
    transcript = program.store.transcript(before.id)
    assert transcript is not None
    assert transcript.conversation.leaf_id == last(program).id
    assert "Later." in to_markdown(transcript)


def test_the_choice_of_tools_is_the_conversations(
    program: Program, fake: FakeEndpoint, qtbot: QtBot
) -> None:
    program.chat.new()
    program.chat.settings.set(ASKED)
    ask(program, qtbot, "One")
    one = program.chat.conversation
    assert isinstance(one, Conversation)
    program.chat.new()
    ask(program, qtbot, "Two")
    assert "servers" not in fake.bodies[-1]
    program.chat.open(one.id)
    assert program.chat.conversation is not None
    assert program.chat.conversation.settings == replace(ASKED)
    program.chat.comparison.set_other("demo")
    with qtbot.waitSignals([program.chat.finished, program.chat.finished]):
        program.chat.send("Both?")
    assert "servers" not in fake.bodies[-1]
