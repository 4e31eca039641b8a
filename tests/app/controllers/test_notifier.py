"""Only long work that ended unseen is worth a notification."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest
from pytestqt.qtbot import QtBot
from qwen3mlx_app.composition import Program
from qwen3mlx_app.controllers.notifier import LONG, Notifier
from qwen3mlx_app.domain import ChatSettings, Message, Notice

from ..fake_endpoint import FakeEndpoint, Step, calls, delta, ending, news, step


class Desk:
    """What the notifier is told of its surroundings, and what it said."""

    def __init__(self, program: Program) -> None:
        self.now, self.is_wanted, self.is_watched = 1000.0, True, False
        self.said: list[tuple[Any, ...]] = []
        self.notifier = Notifier(
            program.answers,
            program.models.models,
            is_temporary=program.stores.is_temporary,
            is_wanted=lambda: self.is_wanted,
            is_watched=lambda: self.is_watched,
            clock=lambda: self.now,
        )
        self.notifier.wanted.connect(lambda *what: self.said.append(what))


@pytest.fixture
def desk(program: Program) -> Desk:
    return Desk(program)


def answered(program: Program, **fields: Any) -> None:
    message = Message(conversation_id="c", role="assistant", content="Done", created_at=0.0)
    program.answers.ended.emit(replace(message, **fields))


def test_a_long_answer_is_told_with_its_conversation(program: Program, desk: Desk) -> None:
    answered(program, created_at=desk.now - LONG)
    assert desk.said == [("The response is ready", "Done", "c")]


def test_a_failure_is_told_with_its_reason(program: Program, desk: Desk) -> None:
    answered(program, status="failed", error="No memory.")
    assert desk.said == [("The response failed", "No memory.", "c")]


def test_nothing_is_told_of_what_was_short_stopped_watched_or_unwanted(
    program: Program, desk: Desk
) -> None:
    answered(program, created_at=desk.now - LONG + 1)
    answered(program, status="stopped")
    desk.is_watched = True
    answered(program)
    desk.is_watched, desk.is_wanted = False, False
    answered(program)
    assert desk.said == []


@pytest.mark.parametrize(
    ("state", "text"), [("loaded", "demo is loaded"), ("not-loaded", "demo could not be loaded")]
)
def test_a_long_load_is_told(
    program: Program, desk: Desk, qtbot: QtBot, state: Any, text: str
) -> None:
    entry = program.models.models.value(0)
    program.models.models.put(replace(entry, state="loading", load_progress=0.1))
    desk.now += LONG
    program.models.models.put(replace(entry, state="loading", load_progress=0.9))
    assert desk.said == []
    program.models.models.put(replace(entry, state=state, load_progress=None))
    assert desk.said == [(text, "", None)]


def test_a_call_that_waits_for_a_person_is_told_once(
    program: Program, desk: Desk, fake: FakeEndpoint, qtbot: QtBot
) -> None:
    go_on = threading.Event()
    asking = [calls("first", "second"), step(), news(0, "asked"), news(1, "asked")]
    rest = [news(0, "ended"), news(1, "ended"), delta(content="Done."), ending()]
    fake.script.append([delta(role="assistant"), *asking, go_on, *rest])
    program.chat.new()
    program.chat.settings.set(ChatSettings(servers=("mini",)))
    program.chat.send("Go on.")
    qtbot.waitUntil(lambda: len(desk.said) == 2)
    assert program.chat.conversation is not None
    shown = program.chat.conversation.id
    title = "A tool waits for your permission"
    assert desk.said == [(title, "first of mini", shown), (title, "second of mini", shown)]
    with qtbot.waitSignal(program.chat.finished):
        go_on.set()
    assert len(desk.said) == 2
    assert not desk.notifier._asked


def test_of_a_temporary_chat_only_that_a_tool_asks(
    program: Program, desk: Desk, fake: FakeEndpoint, qtbot: QtBot
) -> None:
    go_on = threading.Event()
    asking: list[Step] = [delta(role="assistant"), calls("first"), step(), news(0, "asked")]
    fake.script.append([*asking, go_on, news(0, "ended"), ending()])
    program.chat.new_temporary()
    program.chat.settings.set(ChatSettings(servers=("mini",)))
    program.chat.send("Go on.")
    qtbot.waitUntil(lambda: len(desk.said) == 1)
    assert desk.said[0][1] == ""
    with qtbot.waitSignal(program.chat.finished):
        go_on.set()


def test_what_has_arrived_is_told_unless_it_was_watched(program: Program, desk: Desk) -> None:
    program.downloads.notice.connect(desk.notifier.tell)
    notice = Notice(text="Qwen3-8B-MLX-4bit is downloaded.")
    program.downloads.notice.emit(notice)
    desk.is_watched = True
    program.downloads.notice.emit(notice)
    assert desk.said == [(notice.text, "", None)]
