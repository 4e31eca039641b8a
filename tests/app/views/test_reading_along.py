"""Reading while an answer comes: the view follows its end, or stays where a person has put it."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QInputMethodEvent, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from qwen3mlx_app.views.main_window import MainWindow

from ..controllers.support import last
from ..fake_endpoint import FakeEndpoint, delta, ending
from .messages import cards, said, told
from .support import button, program_of, write

MANY = [said(f"line {n}\n\n" * 9, "user" if n % 2 == 0 else "assistant") for n in range(21)]


def grow(window: MainWindow, text: str) -> None:
    """A token of the last answer."""
    rows = program_of(window).chat.messages
    row = rows.value(rows.rowCount() - 1)
    message = replace(row.message, content=row.message.content + text, status="streaming")
    rows.put(replace(row, message=message))
    window.chat.messages.lay_out()


def turn(window: MainWindow, pixels: int) -> None:
    """As a trackpad does: by pixels."""
    view = window.chat.messages.viewport()
    place = QPointF(view.rect().center())
    event = QWheelEvent(
        place,
        view.mapToGlobal(place),
        QPoint(0, pixels),
        QPoint(0, pixels),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.ScrollUpdate,
        False,
    )
    QApplication.sendEvent(view, event)


@pytest.fixture
def growing(window: MainWindow) -> MainWindow:
    """At the end of a long conversation whose last answer grows."""
    told(window, *MANY, said("The last", status="streaming"))
    QApplication.processEvents()
    return window


def test_the_end_is_followed_until_a_person_scrolls_up(growing: MainWindow) -> None:
    bar = growing.chat.messages.verticalScrollBar()
    for _ in range(5):
        grow(growing, "\n\nmore")
        assert bar.value() == bar.maximum()
    turn(growing, 120)
    before = bar.value()
    assert before < bar.maximum()
    for _ in range(5):
        grow(growing, "\n\nmore")
        assert bar.value() == before
    button(growing.chat.messages, "Scroll to End").click()
    grow(growing, "\n\nmore")
    assert bar.value() == bar.maximum()


def test_small_steps_of_a_trackpad_lead_away_from_the_end(growing: MainWindow) -> None:
    bar = growing.chat.messages.verticalScrollBar()
    start = bar.value()
    for _ in range(30):
        before = bar.value()
        bar.setValue(before - 1)
        grow(growing, " word")
        assert bar.value() == before - 1
    assert bar.value() == start - 30


def test_scrolling_down_to_the_end_follows_it_again(growing: MainWindow) -> None:
    bar = growing.chat.messages.verticalScrollBar()
    turn(growing, 600)
    grow(growing, "\n\nmore")
    assert bar.value() < bar.maximum()
    for _ in range(9):
        turn(growing, -120)
    grow(growing, "\n\nmore")
    assert bar.value() == bar.maximum()


def test_an_answer_elsewhere_moves_nothing_here(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    go_on = threading.Event()
    fake.script = [[delta(content="one"), go_on, delta(content="\n\ntwo" * 50), ending()]]
    write(window, qtbot, "Go")
    qtbot.waitUntil(lambda: last(program_of(window)).content == "one")
    told(window, *MANY)
    bar = window.chat.messages.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    before = [(card, card.y()) for card in cards(window) if 0 <= card.y() < 500]
    assert before
    with qtbot.waitSignal(program_of(window).chat.finished):
        go_on.set()
    QApplication.processEvents()
    assert [(card, card.y()) for card, _ in before] == before
    assert "two" not in program_of(window).chat.path[-1].content


def test_what_has_the_focus_may_be_scrolled_away(growing: MainWindow, qtbot: QtBot) -> None:
    messages, bar = growing.chat.messages, growing.chat.messages.verticalScrollBar()
    label = cards(growing)[-1].labels()[0]
    qtbot.mouseClick(label, Qt.MouseButton.LeftButton)
    for _ in range(20):
        first = cards(growing)[0]
        before = first.y()
        turn(growing, 120)
        QApplication.processEvents()
        assert first.y() > before
    focused = QApplication.focusWidget()
    assert focused is messages
    before = bar.value()
    qtbot.keyClick(focused, Qt.Key.Key_PageUp)
    assert bar.value() < before


def test_a_short_answer_grows_without_anything_moving(window: MainWindow, qtbot: QtBot) -> None:
    told(window, said("Q", "user"), said("One", status="streaming"))
    places = [card.y() for card in cards(window)]
    for _ in range(5):
        grow(window, "\n\nmore")
        assert window.chat.messages.verticalScrollBar().maximum() == 0
        assert [card.y() for card in cards(window)] == places


def test_esc_of_an_input_method_does_not_stop_the_answer(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    go_on = threading.Event()
    fake.script = [[delta(content="one"), go_on, ending()]]
    write(window, qtbot, "Go")
    qtbot.waitUntil(lambda: last(program_of(window)).content == "one")
    text = window.chat.composer.text
    QApplication.sendEvent(text, QInputMethodEvent("ni hao", []))
    qtbot.keyClick(text, Qt.Key.Key_Escape)
    assert program_of(window).chat.is_busy
    QApplication.sendEvent(text, QInputMethodEvent("", []))
    qtbot.keyClick(text, Qt.Key.Key_Escape)
    assert not program_of(window).chat.is_busy
    go_on.set()


def test_code_is_copied_with_its_empty_lines_and_indents(window: MainWindow) -> None:
    code = "def f():\n\n    x = 1\n\n\n\treturn x"
    told(window, said("Q", "user"), said(f"So:\n\n```python\n{code}\n```\n\nDone."))
    button(cards(window)[1], "Copy code").click()
    assert QGuiApplication.clipboard().text() == code
    button(cards(window)[1], "Copy Message").click()
    assert QGuiApplication.clipboard().text() == f"So:\n\n```python\n{code}\n```\n\nDone."
