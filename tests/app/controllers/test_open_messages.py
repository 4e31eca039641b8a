"""The versions of messages, and which of them are on screen."""

from __future__ import annotations

from pytestqt.qtbot import QtBot
from qwen3mlx_app.composition import Program

from ..fake_endpoint import FakeEndpoint, answer
from .support import ask, shown


def test_versions_of_answers_and_questions(
    program: Program, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    fake.script = [answer("A1"), answer("A2"), answer("B1")]
    first = ask(program, qtbot, "Q")
    with qtbot.waitSignal(program.chat.finished):
        program.chat.regenerate(first.id)
    rows = program.chat.messages.values()
    assert shown(program) == [("user", "Q"), ("assistant", "A2")]
    assert (rows[1].version, rows[1].num_versions) == (1, 2)
    with qtbot.waitSignal(program.chat.finished):
        program.chat.edit(rows[0].message.id, "Q!")
    assert shown(program) == [("user", "Q!"), ("assistant", "B1")]
    program.chat.open_messages.step_version(program.chat.messages.value(0).message.id, -1)
    assert shown(program) == [("user", "Q"), ("assistant", "A2")]
    program.chat.open_messages.step_version(program.chat.messages.value(1).message.id, -1)
    assert shown(program) == [("user", "Q"), ("assistant", "A1")]
    program.chat.open_messages.step_version(first.id, -1)
    assert shown(program) == [("user", "Q"), ("assistant", "A1")]
    assert program.chat.edit(first.id, "A1, corrected")
    assert shown(program) == [("user", "Q"), ("assistant", "A1, corrected")]
    conversation = program.chat.conversation
    assert conversation is not None
    program.chat.open(None)
    program.chat.open(conversation.id)
    assert shown(program) == [("user", "Q"), ("assistant", "A1, corrected")]
