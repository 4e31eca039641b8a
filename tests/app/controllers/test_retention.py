"""Conversations are deleted by age only if a person chose it, and never for good at once."""

from __future__ import annotations

import threading
from typing import get_args, get_type_hints

import pytest
from PySide6.QtCore import QCoreApplication
from pytestqt.qtbot import QtBot
from qwen3mlx_app.composition import Program
from qwen3mlx_app.controllers import retention
from qwen3mlx_app.controllers.retention import DAY, DELETED, ERASED, Retention
from qwen3mlx_app.domain import AppSettings, Conversation, Transcript

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


def told(program: Program) -> list[str]:
    return [one.text for one in program.notices.shown if "deleted" in one.text]


def test_by_default_nothing_is_ever_deleted(program: Program) -> None:
    add(program, 10_000)
    at(program).apply()
    assert titles(program) == {"10000 days"}
    assert program.undo.last is None


@pytest.mark.parametrize("value", get_args(get_type_hints(AppSettings)["delete_after"])[1:])
def test_those_that_are_older_go_and_come_back(program: Program, qtbot: QtBot, value: str) -> None:
    days = int(value)
    for age in (days - 1, days + 1, days + 2):
        add(program, age)
    add(program, days + 3, pinned=True)
    program.settings.update(delete_after=value)
    at(program).apply()
    assert titles(program) == {f"{days - 1} days", f"{days + 3} days"}
    text = f"2 conversations not used for {days} days were deleted."
    qtbot.waitUntil(lambda: told(program) == [text])
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


@pytest.fixture
def in_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other events have a turn after each piece of the work."""
    monkeypatch.setattr(retention, "SLICE", 0.0)


def old(program: Program, number: int) -> None:
    then = NOW - 31 * DAY
    some = [Conversation(title=str(n), created_at=then, updated_at=then) for n in range(number)]
    program.store.add([Transcript(conversation=one, messages=()) for one in some])
    program.conversations.reload()


@pytest.mark.usefixtures("in_turns")
def test_many_are_deleted_in_pieces_and_told_together(program: Program) -> None:
    number = 2 * DELETED + 50
    old(program, number)
    program.settings.update(delete_after="30")
    at(program).apply()
    left = [len(titles(program))]
    while left[-1]:
        assert told(program) == []
        QCoreApplication.processEvents()
        left.append(len(titles(program)))
    assert left == [number - DELETED, 50, 0]
    QCoreApplication.processEvents()
    assert told(program) == [f"{number} conversations not used for 30 days were deleted."]
    program.undo.undo_last()
    assert len(titles(program)) == number


@pytest.mark.usefixtures("in_turns")
def test_what_changes_meanwhile_counts(program: Program) -> None:
    old(program, 3 * DELETED)
    program.settings.update(delete_after="30")
    at(program).apply()
    opened = program.conversations.conversations.value(0).id
    program.chat.open(opened)
    QCoreApplication.processEvents()
    assert program.conversations.conversations.find(opened) is not None
    program.settings.update(delete_after="never")
    for _ in range(5):
        QCoreApplication.processEvents()
    assert len(titles(program)) == DELETED
    assert told(program) == [f"{2 * DELETED} conversations not used for 30 days were deleted."]


@pytest.mark.usefixtures("in_turns")
def test_it_begins_again_with_what_a_backup_brought(program: Program) -> None:
    old(program, 2 * DELETED)
    program.settings.update(delete_after="30")
    retention = at(program)
    retention.apply()
    program.conversations.reload()  # as after a backup was restored
    QCoreApplication.processEvents()
    assert (len(titles(program)), told(program)) == (DELETED, [])
    retention.apply()
    QCoreApplication.processEvents()
    assert told(program) == [f"{DELETED} conversations not used for 30 days were deleted."]


@pytest.mark.usefixtures("in_turns")
def test_what_was_deleted_long_ago_is_erased_in_pieces(program: Program) -> None:
    number = 2 * ERASED + 5
    old(program, number)
    ids = [one.id for one in program.conversations.conversations.values()]
    program.conversations.delete(ids)
    program.store._connection.execute("UPDATE conversations SET deleted_at = 1.0")
    at(program).apply()
    left = []
    while not left or left[-1]:
        left.append(sum(program.store.conversation(one) is not None for one in ids))
        QCoreApplication.processEvents()
    assert left == [number - ERASED, 5, 0]
