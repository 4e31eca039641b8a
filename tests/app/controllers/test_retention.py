"""Conversations are deleted by age only if a person chose it, and never for good at once."""

from __future__ import annotations

import threading
from typing import get_args, get_type_hints

import pytest
from pytestqt.qtbot import QtBot
from qwen3mlx_app.composition import Program
from qwen3mlx_app.controllers.retention import DAY, Retention
from qwen3mlx_app.domain import AppSettings, Conversation

from ..fake_endpoint import FakeEndpoint, delta, ending
from .support import ask, last

NOW = 1_700_000_000.0


def at(program: Program, now: float = NOW) -> Retention:
    made = Retention(
        program.conversations,
        program.settings,
        is_in_use=program._is_in_use,
        clock=lambda: now,
        parent=program,
    )
    made.notice.connect(program.notices.add)
    return made


def add(program: Program, days: float, **fields: object) -> str:
    """A conversation that was used so many days ago."""
    then = NOW - days * DAY
    one = Conversation(title=f"{days} days", created_at=then, updated_at=then, **fields)  # type: ignore[arg-type]
    program.store.save_conversation(one)
    program.conversations.upsert(one)
    return one.id


def titles(program: Program) -> set[str]:
    return {one.title for one in program.conversations.conversations.values()}


def test_by_default_nothing_is_ever_deleted(program: Program) -> None:
    add(program, 10_000)
    at(program).apply()
    assert titles(program) == {"10000 days"}
    assert program.undo.last is None


@pytest.mark.parametrize("value", get_args(get_type_hints(AppSettings)["delete_after"])[1:])
def test_those_that_are_older_go_and_come_back(program: Program, value: str) -> None:
    days = int(value)
    for age in (days - 1, days + 1, days + 2):
        add(program, age)
    add(program, days + 3, pinned=True)
    program.settings.update(delete_after=value)
    at(program).apply()
    assert titles(program) == {f"{days - 1} days", f"{days + 3} days"}
    [notice] = [one for one in program.notices.shown if "deleted" in one.text]
    assert notice.text == f"2 conversations not used for {days} days were deleted."
    program.undo.undo_last()
    assert len(titles(program)) == 4
    at(program).apply()  # the next look does not delete what was brought back
    assert len(titles(program)) == 4
    assert program.settings.settings.delete_after == "never"
    assert any("no longer deleted" in one.text for one in program.notices.shown)


def test_a_conversation_in_use_stays(program: Program, qtbot: QtBot, fake: FakeEndpoint) -> None:
    go_on = threading.Event()
    fake.script = [[delta(content="Half"), go_on, ending()]]
    running = add(program, 50)
    program.chat.open(running)
    program.chat.send("Go")
    qtbot.waitUntil(lambda: last(program).content == "Half")
    far = at(program, NOW * 2)
    shown = add(program, 60)
    program.chat.open(shown)
    add(program, 70)
    program.settings.update(delete_after="30")
    far.apply()
    assert {one.id for one in program.conversations.conversations.values()} == {running, shown}
    with qtbot.waitSignal(program.chat.finished):
        go_on.set()


def test_it_is_looked_at_the_start_and_again(program: Program, qtbot: QtBot) -> None:
    retention = at(program)
    add(program, 31)
    program.settings.update(delete_after="30")
    retention.start()
    assert titles(program) == set()
    add(program, 32)
    retention._timer.setInterval(1)
    qtbot.waitUntil(lambda: titles(program) == set())
    retention._timer.stop()


def test_one_that_is_used_again_is_not_old(program: Program, qtbot: QtBot) -> None:
    old = add(program, 100)
    program.chat.open(old)
    ask(program, qtbot, "Still here?")
    program.chat.new()
    program.settings.update(delete_after="90")
    program.retention.apply()
    assert {one.id for one in program.conversations.conversations.values()} == {old}
