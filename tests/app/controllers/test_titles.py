"""The model writes a title, once, and never over a person's."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot
from qwen3mlx_app.composition import Program

from ..fake_endpoint import FakeEndpoint, answer
from .support import ask


@pytest.fixture
def real(program: Program) -> Program:
    """Its model is no demo, which could not write one."""
    program.models.models.put(replace(program.models.models.value(0), source="folder"))
    return program


def title(program: Program) -> str:
    assert program.chat.conversation is not None
    return program.chat.conversation.title


def short(fake: FakeEndpoint, text: str) -> None:
    """What a question that is not streamed is answered with."""
    body = b'{"choices": [{"message": {"content": "%s"}, "finish_reason": "stop"}]}'
    fake.script.append([body % text.encode()])


def test_the_first_answer_brings_one(real: Program, fake: FakeEndpoint, qtbot: QtBot) -> None:
    fake.script = [answer("Three.")]
    short(fake, '\\"Counting letters\\"')
    ask(real, qtbot, "How many r's are in strawberry, please?")
    qtbot.waitUntil(lambda: title(real) == "Counting letters")
    assert real.conversations.conversations.value(0).title == "Counting letters"
    asked = fake.bodies[1]
    assert asked["enable_thinking"] is False
    assert asked["messages"][:2] == [
        {"role": "user", "content": "How many r's are in strawberry, please?"},
        {"role": "assistant", "content": "Three."},
    ]
    fake.script = [answer("Four.")]
    ask(real, qtbot, "And now?")
    assert len(fake.bodies) == 3


def test_a_name_that_a_person_gave_stays(real: Program, fake: FakeEndpoint, qtbot: QtBot) -> None:
    fake.script = [answer("Three.")]
    real.chat.send("Count")
    assert real.chat.conversation is not None
    real.conversations.rename(real.chat.conversation.id, "Mine")
    with qtbot.waitSignal(real.chat.finished):
        pass
    qtbot.wait(100)
    assert title(real) == "Mine"
    assert len(fake.bodies) == 1


def test_none_is_written_where_it_is_not_wanted(
    real: Program, fake: FakeEndpoint, qtbot: QtBot
) -> None:
    real.settings.update(auto_title=False)
    ask(real, qtbot, "Count")
    qtbot.wait(100)
    assert len(fake.bodies) == 1


def test_what_is_no_title_is_left_out(real: Program, fake: FakeEndpoint, qtbot: QtBot) -> None:
    fake.script = [answer("Three.")]
    short(fake, "x" * 200)
    ask(real, qtbot, "Count")
    qtbot.waitUntil(lambda: len(fake.bodies) == 2)
    qtbot.wait(100)
    assert title(real) == "Count"


@pytest.mark.parametrize(("can_think", "budget"), [(True, 128), (False, None)])
def test_a_model_that_always_thinks_has_room_for_a_thought(
    real: Program, fake: FakeEndpoint, qtbot: QtBot, can_think: bool, budget: int | None
) -> None:
    entry = real.models.models.value(0)
    real.models.models.put(replace(entry, can_think=can_think, can_disable_thinking=False))
    fake.script = [answer("Three.")]
    short(fake, "Counting")
    ask(real, qtbot, "Count")
    qtbot.waitUntil(lambda: title(real) == "Counting")
    asked = fake.bodies[1]
    assert asked.get("thinking_budget") == budget
    assert asked["max_completion_tokens"] > (budget or 0)
    assert "enable_thinking" not in asked
