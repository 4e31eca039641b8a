"""Tab and arrows lead through the messages, and the focus is seen."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import pairwise

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from qwen3mlx_app.domain import Attachment
from qwen3mlx_app.views.fold import Fold
from qwen3mlx_app.views.main_window import MainWindow

from ..fake_endpoint import FakeEndpoint, delta, ending
from .messages import cards, said, shown_buttons, told
from .support import button, program_of, write


def test_the_focus_shows_the_actions_of_a_message(window: MainWindow, qtbot: QtBot) -> None:
    told(window, said("Hi?", "user"), said("Yes."))
    card = cards(window)[0]
    names = {"Copy Message", "Edit Message", "Regenerate"}
    assert not names & shown_buttons(card)
    card.setFocus()
    qtbot.waitUntil(lambda: names <= shown_buttons(card))
    first = cards(window)[0].height()
    window.chat.composer.text.setFocus()
    qtbot.waitUntil(lambda: not names & shown_buttons(card))
    assert cards(window)[0].height() == first


def test_tab_and_arrows_go_through_the_messages(window: MainWindow, qtbot: QtBot) -> None:
    linked = said("See [this](https://a.org).\n\nplain\n\n```\ncode\n```", reasoning="Hm")
    told(window, said("Hi?", "user"), linked, said("And?", "user"), said("No."))
    question, answer = cards(window)[:2]
    question.setFocus()
    stops: list[str] = []
    for _ in range(3):
        assert window.focusNextPrevChild(True)
        stops.append(QApplication.focusWidget().accessibleName())
    assert stops == ["Copy Message", "Edit Message", "Regenerate"]
    question.setFocus()
    qtbot.keyClick(question, Qt.Key.Key_Down)
    assert answer.hasFocus()
    qtbot.keyClick(answer, Qt.Key.Key_Up)
    assert question.hasFocus()


def tab_stops(window: MainWindow) -> Iterator[QWidget]:
    """What Tab goes to, from the page's first stop to the message field."""
    button(window.chat, "Show or hide the sidebar").setFocus()
    known: set[QWidget] = set()
    while not window.chat.composer.text.hasFocus():
        focused = QApplication.focusWidget()
        assert window.focusNextPrevChild(True)
        assert focused is QApplication.focusWidget() or focused not in known
        known.add(focused)
        yield QApplication.focusWidget()


def test_tab_goes_through_the_messages_as_the_eye_does(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    window.resize(1100, 1000)
    go_on = threading.Event()
    call = {"index": 0, "id": "a", "function": {"name": "look", "arguments": "{}"}}
    thought = delta(reasoning_content="See [one](https://a.org/1).")
    words = delta(content="And [two](https://a.org/2).\n\n```\ncode\n```\n\n[3](https://a.org/3)")
    fake.script = [[thought, words, delta(tool_calls=[call]), go_on, ending()]]
    write(window, qtbot, "Go")
    with qtbot.waitSignal(program_of(window).chat.finished):
        go_on.set()
    for fold in cards(window)[1].findChildren(Fold):
        fold.click()
    window.chat.messages.verticalScrollBar().setValue(0)
    QApplication.processEvents()
    stops = [one for one in tab_stops(window) if window.chat.messages.isAncestorOf(one)]
    kinds = [type(one).__name__ for one in stops]
    order = [
        ["MessageCard"],
        ["CopyButton", *["ToolButton"] * 4],
        ["MessageCard", "Fold", "TextPart", "TextPart", "CopyButton", "TextPart", "Fold"],
        ["CopyButton", *["ToolButton"] * 4],
    ]
    assert kinds == [kind for some in order for kind in some]


def test_tab_goes_on_among_messages_that_were_scrolled_to(window: MainWindow, qtbot: QtBot) -> None:
    many = [said(f"line {n}\n\n" * 9, "user" if n % 2 else "assistant") for n in range(30)]
    told(window, *many)
    bar = window.chat.messages.verticalScrollBar()
    for value in (bar.maximum(), bar.maximum() // 2, 0, bar.maximum() // 3):
        bar.setValue(value)
        QApplication.processEvents()
    rows: list[int] = []
    for stop in tab_stops(window):
        for message_id, card in window.chat.messages._shown.items():
            if card is stop or card.isAncestorOf(stop):
                rows.append(program_of(window).chat.messages.row_of(message_id))
    assert rows == sorted(rows)
    assert set(rows) == set(range(rows[0], 30))  # more of them come as Tab goes on
    assert rows[0] < 20


def test_the_focus_is_seen_wherever_it_is(window: MainWindow, qtbot: QtBot) -> None:
    cells = "| some words to wrap " * 12
    table = f"{cells}|\n{'|---' * 12}|\n{cells}|\n\n"
    notes = Attachment(name="notes.txt", kind="text", text="x", num_bytes=1)
    linked = said(f"See [this](https://a.org).\n\n{table}\n```\ncode\n```", reasoning="Hm")
    made = told(window, said("Hi?", "user", attachments=(notes,)), linked)
    window.resize(1100, 1000)
    window.chat.show_panel(True)
    window.chat.intents.edit.emit(made[0].id)
    QApplication.processEvents()
    places: list[tuple[QWidget, QRect, QImage]] = []
    for stop in tab_stops(window):
        QApplication.processEvents()
        place = QRect(stop.mapTo(window, QPoint()), stop.size()).adjusted(-3, -3, 3, 3)
        places.append((stop, place, window.grab().toImage()))
    assert {"MessageCard", "TextPart", "TablePart", "MessageField", "Fold"} <= {
        type(stop).__name__ for stop, _, _ in places
    }
    for (stop, place, focused), (_, _, not_focused) in pairwise([*places, places[-2]]):
        name = type(stop).__name__, stop.accessibleName()
        assert focused.copy(place) != not_focused.copy(place), name


def test_what_has_the_focus_is_scrolled_to(window: MainWindow, qtbot: QtBot) -> None:
    many = [said(f"line {n}\n\n" * 9, "user" if n % 2 else "assistant") for n in range(20)]
    told(window, *many)
    window.chat.messages.verticalScrollBar().setValue(0)
    cards(window)[0].setFocus()
    for _ in range(6):
        focused = QApplication.focusWidget()
        qtbot.keyClick(focused, Qt.Key.Key_Down)
        now = QApplication.focusWidget()
        assert now is not focused
        assert not now.visibleRegion().isEmpty()
    assert window.chat.messages.verticalScrollBar().value() > 0


Keys = Qt.Key
TO_ENDS = [(Keys.Key_Home, Keys.Key_End, Qt.KeyboardModifier.NoModifier)]
TO_ENDS.append((Keys.Key_Home, Keys.Key_End, Qt.KeyboardModifier.ControlModifier))


@pytest.mark.parametrize(("home", "end", "with_"), TO_ENDS)
def test_keys_lead_to_both_ends(
    window: MainWindow, qtbot: QtBot, home: Qt.Key, end: Qt.Key, with_: Qt.KeyboardModifier
) -> None:
    many = [said(f"line {n}\n\n" * 9, "user" if n % 2 else "assistant") for n in range(20)]
    told(window, *many)
    bar = window.chat.messages.verticalScrollBar()
    cards(window)[-1].setFocus()
    qtbot.keyClick(QApplication.focusWidget(), home, with_)
    assert bar.value() == 0
    qtbot.keyClick(QApplication.focusWidget(), end, with_)
    assert bar.value() == bar.maximum() > 0


def test_pages_are_turned_from_the_message_field(window: MainWindow, qtbot: QtBot) -> None:
    many = [said(f"line {n}\n\n" * 9, "user" if n % 2 else "assistant") for n in range(20)]
    told(window, *many)
    bar, field = window.chat.messages.verticalScrollBar(), window.chat.composer.text
    cards(window)
    field.setFocus()
    end = bar.value()
    qtbot.keyClick(field, Keys.Key_PageUp)
    assert bar.value() < end - bar.pageStep() // 2
    qtbot.keyClick(field, Keys.Key_PageDown)
    assert bar.value() > end - bar.pageStep() // 2
    field.setPlainText("line\n" * 60)  # which has pages of its own
    before = bar.value()
    qtbot.keyClick(field, Keys.Key_PageUp)
    qtbot.keyClick(field, Keys.Key_PageDown)
    assert bar.value() == before
