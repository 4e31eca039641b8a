"""One question, two models, two columns; one answer is picked, and both are kept."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QTabBar
from pytestqt.qtbot import QtBot
from qwen3mlx_app.composition import Program
from qwen3mlx_app.domain import Message
from qwen3mlx_app.views.compare_view import CompareView
from qwen3mlx_app.views.main_window import MainWindow

from tests.support.places import PROGRAM

from ..controllers.support import shown
from ..fake_endpoint import FakeEndpoint, answer, delta, ending
from .messages import said, told
from .support import action, button, program_of, trigger, windows_of, write

OTHER = "Qwen/Qwen3-4B"


@pytest.fixture
def window(window: MainWindow) -> Iterator[MainWindow]:
    """With two models, the second of which answers as well."""
    models = program_of(window).models.models
    models.put(replace(models.value(0), id=OTHER))
    trigger(window, "Compare With Another Model…")
    window.chat.picker.take(models.find(OTHER))
    window.chat.picker.close()
    window.resize(900, 700)
    return window


def view(window: MainWindow) -> CompareView:
    found = window.chat.findChild(CompareView)
    assert isinstance(found, CompareView)
    return found


def columns(window: MainWindow) -> list[str]:
    """All that is seen in each column."""
    texts = []
    for column in view(window)._columns:
        column.messages.lay_out()
        labels = column.messages.viewport().findChildren(QLabel)
        texts.append("\n".join(one.text() for one in labels if one.isVisibleTo(window)))
    return texts


def compared(window: MainWindow) -> list[Message]:
    return program_of(window).chat.comparison.answers


def both(window: MainWindow, qtbot: QtBot, fake: FakeEndpoint, text: str = "Which?") -> None:
    """Ask, and wait until both have answered."""
    fake.script = [answer("From the one"), answer("From the other")]
    chat = program_of(window).chat
    write(window, qtbot, text)
    qtbot.waitUntil(lambda: len(compared(window)) == 2 and not chat.is_busy)


def test_two_models_are_asked_at_once_and_stream_side_by_side(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    may_end = threading.Event()
    fake.script = [[delta(content="Half"), may_end, ending()]] * 2
    write(window, qtbot, "Which?")
    qtbot.waitUntil(lambda: [one.content for one in compared(window)] == ["Half", "Half"])
    assert sorted(body["model"] for body in fake.bodies) == [OTHER, "demo"]
    assert fake.bodies[0]["messages"] == fake.bodies[1]["messages"]
    left, right = columns(window)
    assert all("Which?" in text and "Half" in text for text in (left, right))
    assert "demo" in left
    assert "Qwen3-4B" in right
    assert program_of(window).chat.is_busy
    may_end.set()
    qtbot.waitUntil(lambda: not program_of(window).chat.is_busy)


@pytest.mark.parametrize("place", [0, 1])
def test_one_is_picked_and_the_other_stays_as_a_version(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint, place: int
) -> None:
    both(window, qtbot, fake)
    picked = compared(window)[place]
    name = ["demo", "Qwen3-4B"][place]
    button(window, f"Continue With {name}").click()
    program = program_of(window)
    assert shown(program) == [("user", "Which?"), ("assistant", picked.content)]
    assert not view(window).isVisible()
    [_, row] = program.chat.messages.values()
    assert (row.version, row.num_versions) == (place, 2)
    both(window, qtbot, fake, "And then?")
    said = [message["content"] for message in fake.bodies[-1]["messages"]]
    assert said == ["Which?", picked.content, "And then?"]


def test_whoever_picks_one_writes_on_at_the_end(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    told(window, *[said("line\n\n" * 9, "assistant" if n % 2 else "user") for n in range(12)])
    program_of(window).chat.comparison.set_other(OTHER)
    both(window, qtbot, fake)
    pick = button(window, "Continue With demo")
    pick.setFocus()
    qtbot.keyClick(pick, Qt.Key.Key_Space)
    assert window.chat.composer.text.hasFocus()
    bar = window.chat.messages.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.value() == bar.maximum() > 0)


def test_the_next_question_goes_on_with_the_first_if_none_was_picked(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    both(window, qtbot, fake)
    first = compared(window)[0].content
    button(window.chat.composer, "Stop comparing").click()
    assert view(window).isVisible()
    fake.script = [answer("Alone")]
    with qtbot.waitSignal(program_of(window).chat.finished):
        write(window, qtbot, "And then?")
    assert not view(window).isVisible()
    assert [text for _, text in shown(program_of(window))] == [
        "Which?",
        first,
        "And then?",
        "Alone",
    ]


def test_stop_stops_both_and_keeps_what_came(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    may_end = threading.Event()
    fake.script = [[delta(content="Half"), may_end, ending()]] * 2
    write(window, qtbot, "Which?")
    qtbot.waitUntil(lambda: [one.content for one in compared(window)] == ["Half", "Half"])
    trigger(window, "Stop Generating")
    may_end.set()
    assert not program_of(window).chat.is_busy
    [_, *stored] = program_of(window).store.messages(compared(window)[0].conversation_id)
    assert [(one.content, one.status) for one in stored] == [("Half", "stopped")] * 2


def test_one_that_fails_leaves_the_other(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    fake.script = [[delta(content="Half"), b""], answer("Whole")]
    write(window, qtbot, "Which?")
    qtbot.waitUntil(lambda: bool(compared(window)) and not program_of(window).chat.is_busy)
    assert sorted(one.status for one in compared(window)) == ["done", "failed"]


def test_they_come_back_while_they_run_and_are_versions_afterwards(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    may_end = threading.Event()
    fake.script = [[delta(content="Half"), may_end, ending()]] * 2
    write(window, qtbot, "Which?")
    qtbot.waitUntil(lambda: [one.content for one in compared(window)] == ["Half", "Half"])
    names = [one.model for one in compared(window)]
    chat = program_of(window).chat
    assert chat.conversation is not None
    begun = chat.conversation.id
    window.new()
    assert not view(window).isVisible()
    window.open(begun)
    assert [one.model for one in compared(window)] == names
    window.new()
    may_end.set()
    qtbot.waitUntil(lambda: begun not in chat.answers)
    window.open(begun)
    assert not view(window).isVisible()
    assert chat.messages.value(1).num_versions == 2


def test_two_that_do_not_fit_together_take_turns(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    models = program_of(window).models.models
    for entry in models.values():
        models.put(replace(entry, fit=replace(entry.fit, needed_bytes=6 * 10**9)))
    may_end = threading.Event()
    fake.script = [[delta(content="Half"), may_end, ending()], answer("After it")]
    write(window, qtbot, "Which?")
    qtbot.waitUntil(lambda: [one.content for one in compared(window)] == ["Half", ""])
    assert [body["model"] for body in fake.bodies] == ["demo"]
    may_end.set()
    qtbot.waitUntil(lambda: [one.content for one in compared(window)] == ["Half", "After it"])
    qtbot.waitUntil(lambda: not program_of(window).chat.is_busy)


def test_the_next_conversation_has_the_first_model(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    program = program_of(window)
    for entry in program.models.models.values():  # the other one ends last
        program.models.models.put(replace(entry, fit=replace(entry.fit, needed_bytes=6 * 10**9)))
    both(window, qtbot, fake)
    assert [one.model for one in compared(window)] == ["demo", OTHER]
    window.new()
    assert program.chat.model_id == program.settings.settings.last_model == "demo"


def test_where_there_is_no_room_each_has_a_tab(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    both(window, qtbot, fake)
    first, second = view(window)._columns
    assert first.isVisible()
    assert second.isVisible()  # at 900 pixels
    window.resize(480, 700)
    tabs = view(window).findChild(QTabBar)
    assert isinstance(tabs, QTabBar)
    qtbot.waitUntil(tabs.isVisible)
    assert [tabs.tabText(place) for place in range(2)] == ["demo", "Qwen3-4B"]
    assert (first.isVisible(), second.isVisible()) == (True, False)
    tabs.setCurrentIndex(1)
    assert (first.isVisible(), second.isVisible()) == (False, True)
    assert window.width() == 480


def test_what_is_done_to_one_goes_on_with_it(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    both(window, qtbot, fake)
    right = compared(window)[1]
    fake.script = [answer("Again")]
    with qtbot.waitSignal(program_of(window).chat.finished):
        button(view(window)._columns[1].messages, "Regenerate").click()
    assert not view(window).isVisible()
    assert program_of(window).chat.messages.value(1).num_versions == 3
    assert right.id in program_of(window).chat.open_messages.tree


def test_a_third_answer_is_shown_in_the_conversation(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    both(window, qtbot, fake)
    fake.script = [answer("A third one")]
    with qtbot.waitSignal(program_of(window).chat.finished):
        trigger(window, "Regenerate")
    assert not view(window).isVisible()
    assert shown(program_of(window))[1] == ("assistant", "A third one")
    assert program_of(window).chat.messages.value(1).num_versions == 3


def test_both_survive_a_restart(window: MainWindow, qtbot: QtBot, fake: FakeEndpoint) -> None:
    both(window, qtbot, fake)
    program, first = program_of(window), compared(window)[0].content
    program.close()
    again = Program(program.profile, PROGRAM)
    again.chat.open(again.conversations.conversations.value(0).id)
    assert shown(again)[1] == ("assistant", first)
    assert again.chat.messages.value(1).num_versions == 2
    again.close()


def test_a_question_right_after_stop_goes_on_from_what_came(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    may_end = threading.Event()
    fake.script = [[delta(content="Half"), may_end, ending()]] * 2
    write(window, qtbot, "Which?")
    qtbot.waitUntil(lambda: [one.content for one in compared(window)] == ["Half", "Half"])
    trigger(window, "Stop Generating")
    both(window, qtbot, fake, "And then?")
    may_end.set()
    for body in fake.bodies[-2:]:
        assert [one["content"] for one in body["messages"]] == ["Which?", "Half", "And then?"]


def test_a_temporary_chat_is_compared_in_memory_alone(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    trigger(window, "New Temporary Chat")
    both(window, qtbot, fake, "My secret")
    program = program_of(window)
    assert program.store.conversations() == []
    assert program.settings.settings.last_model is None
    trigger(window, "Keep This Chat")
    [kept] = program.store.conversations()
    assert sorted(one.content for one in program.store.messages(kept.id)) == [
        "From the one",
        "From the other",
        "My secret",
    ]


def test_a_second_window_can_take_over_a_comparison(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    may_end = threading.Event()
    fake.script = [[delta(content="Half"), may_end, ending()]] * 2
    trigger(window, "New Window")
    other = windows_of(window).front
    chat = other.session.chat
    chat.comparison.set_other(OTHER)
    write(other, qtbot, "Which?")
    qtbot.waitUntil(lambda: [one.content for one in chat.comparison.answers] == ["Half", "Half"])
    assert chat.conversation is not None
    begun = chat.conversation.id
    assert other.close()
    qtbot.waitUntil(lambda: not shiboken6.isValid(other))
    window.open(begun)
    assert [one.content for one in compared(window)] == ["Half", "Half"]
    may_end.set()
    qtbot.waitUntil(lambda: not program_of(window).chat.is_busy)
    assert {one.status for one in compared(window)} == {"done"}


def test_the_command_has_keys(window: MainWindow) -> None:
    keys = action(window, "Compare With Another Model…").shortcut().toString()
    assert keys == "Ctrl+Shift+L"


def looked_at(window: MainWindow) -> list[tuple[int, str]]:
    """The columns in which the match that is looked at is seen, and the text around it."""
    mark = f"background-color: {window.theme.colours.found}"
    return [
        (place, label.text().rpartition("</style>")[2])
        for place, column in enumerate(view(window)._columns)
        for label in column.messages.viewport().findChildren(QLabel)
        if mark in label.text() and not label.visibleRegion().isEmpty()
    ]


def find(window: MainWindow, qtbot: QtBot, text: str, counted: str) -> None:
    trigger(window, "Find")
    bar = window.chat.find_bar
    bar.field.clear()
    qtbot.keyClicks(bar.field, text)
    qtbot.waitUntil(lambda: bar._count.text() == counted)


def test_find_looks_in_both_columns(window: MainWindow, qtbot: QtBot, fake: FakeEndpoint) -> None:
    both(window, qtbot, fake, "From where?")
    find(window, qtbot, "from", "3 of 3")
    for _ in range(2):
        assert [place for place, _ in looked_at(window)] == [1]
        trigger(window, "Find Next")  # the question, which both columns have
        assert [place for place, _ in looked_at(window)] == [0, 1]
        assert all("where?" in text for _, text in looked_at(window))
        trigger(window, "Find Next")
        assert [place for place, _ in looked_at(window)] == [0]
        trigger(window, "Find Next")
    window.resize(480, 700)  # each column has a tab now
    trigger(window, "Find Previous")
    assert [place for place, _ in looked_at(window)] == [0]
    trigger(window, "Find Next")
    assert [place for place, _ in looked_at(window)] == [1]


def test_find_goes_on_when_a_comparison_begins_and_ends(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    both(window, qtbot, fake, "From where?")
    find(window, qtbot, "other", "1 of 1")
    count = window.chat.find_bar._count
    both(window, qtbot, fake, "And the other?")
    qtbot.waitUntil(lambda: count.text().endswith("of 2"))
    name = "demo" if compared(window)[0].content == "From the one" else "Qwen3-4B"
    button(window, f"Continue With {name}").click()
    kept = sum("other" in message.content for message in program_of(window).chat.path)
    qtbot.waitUntil(lambda: count.text().endswith(f" of {kept}"))
    qtbot.keyClick(window.chat.find_bar.field, Qt.Key.Key_Escape)
    assert not window.chat.find_bar.isVisible()
    assert looked_at(window) == []
