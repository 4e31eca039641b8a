"""Esc stops the answer from anywhere in the conversation; what is open takes it first."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot
from qwen3mlx_app.controllers.answer_runner import AnswerRunner
from qwen3mlx_app.views.fold import Fold
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.rich_text import RichLabel
from qwen3mlx_app.views.shortcuts import ShortcutSheet

from ..fake_endpoint import FakeEndpoint, answer, delta
from .messages import cards
from .sidebar.support import editor
from .support import ask, button, program_of, trigger
from .test_editing import edit

Key = Qt.Key
ANSWER = "Some [words](https://a.org).\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\ncode\n```\n\n"


class Stops:
    """How often the answer would have been stopped."""

    num = 0


@pytest.fixture
def stops(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stops]:
    """A conversation in which an answer with thoughts is running, with everything shown."""
    go_on, counted = threading.Event(), Stops()
    thoughts = delta(reasoning_content="A thought with [a link](https://a.org).")
    fake.script = [answer(ANSWER, "Thoughts"), [thoughts, delta(content=ANSWER), go_on]]
    window.resize(1300, 900)
    ask(window, qtbot, "One")
    window.chat.show_panel(True)
    assert program_of(window).chat.send("Two")
    qtbot.waitUntil(lambda: program_of(window).chat.path[-1].content == ANSWER)
    for card in cards(window):
        for fold in card.findChildren(Fold):
            fold.click()
    QApplication.processEvents()

    def count(_: AnswerRunner, conversation_id: str) -> None:
        counted.num += 1

    with monkeypatch.context() as patch:
        patch.setattr(AnswerRunner, "stop", count)
        yield counted
    go_on.set()


def press(qtbot: QtBot) -> None:
    """Esc where the focus is."""
    focused = QApplication.focusWidget()
    assert focused is not None
    qtbot.keyClick(focused, Key.Key_Escape)


def focusable(window: MainWindow) -> list[QWidget]:
    """All that takes the focus by Tab or a click, on the chat page and beside it."""
    areas = (window.rail, window.sidebar, window.chat)
    return [
        one
        for one in window.findChildren(QWidget)
        if one.isVisible()
        and one.isEnabled()
        and one.focusPolicy() != Qt.FocusPolicy.NoFocus
        and any(area.isAncestorOf(one) for area in areas)
    ]


def test_esc_stops_from_everything_that_takes_the_focus(
    window: MainWindow, qtbot: QtBot, stops: Stops
) -> None:
    places = focusable(window)
    kinds = {type(one).__name__ for one in places}
    assert {"MessageField", "TextPart", "Fold", "SidebarList", "MessageCard"} <= kinds
    assert len(places) > 40
    for number, place in enumerate(places, start=1):
        place.setFocus()
        focused = QApplication.focusWidget()
        assert focused is not None
        qtbot.keyClick(focused, Key.Key_Escape)
        assert stops.num == number, place


def test_esc_stops_from_selected_text(window: MainWindow, qtbot: QtBot, stops: Stops) -> None:
    for card in cards(window):
        for label in card.labels():
            place = QPoint(2, label.fontMetrics().height() // 2)
            qtbot.mouseDClick(label, Qt.MouseButton.LeftButton, pos=place)
            before = stops.num
            assert label.hasSelectedText(), label.text()
            press(qtbot)
            assert stops.num == before + 1
            assert label.hasSelectedText()  # and it stays selected


def test_what_is_open_takes_the_first_esc(window: MainWindow, qtbot: QtBot, stops: Stops) -> None:
    def opened(is_open: Callable[[], bool]) -> None:
        assert is_open()
        before = stops.num
        press(qtbot)
        assert not is_open()
        assert stops.num == before
        press(qtbot)
        assert stops.num == before + 1

    bar = window.chat.find_bar
    trigger(window, "Find")
    opened(bar.isVisible)
    trigger(window, "Find")
    window.chat.composer.text.setFocus()
    opened(bar.isVisible)
    window.chat.composer.text.setFocus()
    trigger(window, "Command Palette…")
    opened(window.palette_sheet.isVisible)
    trigger(window, "Choose Model…")
    opened(window.chat.picker.isVisible)
    within = edit(window, 0)
    opened(within.isVisible)
    within = edit(window, 0)
    button(within, "Send").setFocus()
    opened(within.isVisible)
    trigger(window, "Rename")
    opened(editor(window.sidebar.list).isVisible)
    trigger(window, "Search Conversations")
    qtbot.keyClicks(window.sidebar.search, "words")
    opened(lambda: window.sidebar.search.text() != "")


def test_a_menu_takes_the_first_esc(window: MainWindow, qtbot: QtBot, stops: Stops) -> None:
    seen: list[bool] = []

    def close() -> None:
        menu = QApplication.activePopupWidget()
        assert menu is not None
        qtbot.keyClick(menu, Key.Key_Escape)
        seen.append(not menu.isVisible())

    card = cards(window)[0]
    card.setFocus()
    place = card.rect().center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, card.mapToGlobal(place))
    QTimer.singleShot(0, close)
    QApplication.sendEvent(card, event)
    assert seen == [True]
    assert stops.num == 0
    qtbot.keyClick(card, Key.Key_Escape)
    assert stops.num == 1


def test_a_dialog_takes_the_first_esc(window: MainWindow, qtbot: QtBot, stops: Stops) -> None:
    window.chat.composer.text.setFocus()
    trigger(window, "Keyboard Shortcuts")
    sheet = window.findChild(ShortcutSheet)
    assert sheet is not None
    with qtbot.waitSignal(sheet.finished):
        qtbot.keyClick(sheet, Key.Key_Escape)
    assert stops.num == 0
    press(qtbot)
    assert stops.num == 1


def test_esc_does_nothing_elsewhere(window: MainWindow, qtbot: QtBot, stops: Stops) -> None:
    window.show_page("settings")
    press(qtbot)
    assert stops.num == 0


def test_esc_leaves_what_is_written(window: MainWindow, qtbot: QtBot, fake: FakeEndpoint) -> None:
    window.chat.show_panel(True)
    for field in (window.chat.composer.text, *window.chat.panel.findChildren(QPlainTextEdit)):
        qtbot.keyClicks(field, "text")
        qtbot.keyClick(field, Key.Key_Escape)
        assert field.toPlainText() == "text"
    qtbot.keyClick(window.sidebar.search, Key.Key_Escape)
    assert not any(isinstance(QApplication.focusWidget(), kind) for kind in (QLineEdit, RichLabel))
