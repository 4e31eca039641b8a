"""Opening conversations and moving about; what must not be lost while they change."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot
from qwen3mlx_app.composition import Program
from qwen3mlx_app.domain import Conversation
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.window import make_window

from tests.support.places import PROGRAM

from .support import (
    DAY,
    Key,
    click,
    editor,
    fill,
    hold_enter,
    index,
    open_id,
    place,
    shown,
)


def test_a_click_opens(window: MainWindow, qtbot: QtBot) -> None:
    fill(window, "a", "b")
    click(window, qtbot, "b")
    assert open_id(window) == "b"
    assert window.sidebar.list.chosen() == ["b"]


def test_arrows_move_and_enter_opens(window: MainWindow, qtbot: QtBot) -> None:
    fill(window, "a", "b", "c")
    view = window.sidebar.list
    window.open("a")
    view.setFocus()
    qtbot.keyClick(view, Key.Key_Down)
    qtbot.keyClick(view, Key.Key_Down)
    assert (open_id(window), view.chosen()) == ("a", ["c"])
    qtbot.keyClick(view, Key.Key_Up)
    qtbot.keyClick(view, Key.Key_Return)
    assert (open_id(window), view.chosen()) == ("b", ["b"])


def test_a_held_enter_renames_and_opens_nothing(window: MainWindow, qtbot: QtBot) -> None:
    fill(window, "a", "b")
    view = window.sidebar.list
    window.open("a")
    view.setFocus()
    qtbot.keyClick(view, Key.Key_Down)
    hold_enter(view, 2)
    field = editor(view)
    hold_enter(field, 3, is_held=True)
    qtbot.keyRelease(field, Key.Key_Return)
    qtbot.wait(50)
    assert field is editor(view)
    assert (open_id(window), field.text()) == ("a", "b")


def test_left_goes_to_the_heading_and_folds_it(window: MainWindow, qtbot: QtBot) -> None:
    fill(window, "a", "b")
    view = window.sidebar.list
    window.open("b")
    view.setFocus()
    qtbot.keyClick(view, Key.Key_Left)
    assert view.currentIndex().row() == 0
    qtbot.keyClick(view, Key.Key_Left)
    assert shown(window) == ["today"]
    qtbot.keyClick(view, Key.Key_Left)
    assert shown(window) == ["today"]
    qtbot.keyClick(view, Key.Key_Right)
    assert shown(window) == ["today", "a", "b"]
    qtbot.keyClick(view, Key.Key_Return)
    assert shown(window) == ["today"]


def test_a_click_on_a_heading_folds_and_the_open_one_stays_chosen(
    window: MainWindow, qtbot: QtBot
) -> None:
    fill(window, "a", "b", "old")
    chats = window.program.conversations
    old = chats.conversations.find("old")
    assert old is not None
    chats.upsert(replace(old, updated_at=old.updated_at - 3 * DAY))
    window.program.sections.refresh()
    window.open("b")
    click(window, qtbot, "week")
    assert shown(window) == ["today", "a", "b", "week"]
    assert window.sidebar.list.chosen() == ["b"]
    click(window, qtbot, "today")
    assert window.sidebar.list.chosen() == []
    click(window, qtbot, "today")
    assert window.sidebar.list.chosen() == ["b"]
    assert open_id(window) == "b"


def test_what_is_folded_is_remembered(profile: Path, qtbot: QtBot) -> None:
    for expected in (["today", "a"], ["today"]):
        program = Program(profile, PROGRAM)
        window = make_window(program)
        qtbot.addWidget(window)
        window.show()
        fill(window, "a")
        assert shown(window) == expected
        program.sections.set_folded([])
        program.sections.toggle("today")
        window.close()
        program.close()


def test_a_click_beside_and_the_right_button_leave_what_is_chosen(
    window: MainWindow, qtbot: QtBot
) -> None:
    fill(window, "a", "b")
    click(window, qtbot, "a")
    view = window.sidebar.list
    below = QPoint(10, view.viewport().height() - 5)
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=below)
    qtbot.mousePress(view.viewport(), Qt.MouseButton.RightButton, pos=place(window, "b"))
    qtbot.mouseRelease(view.viewport(), Qt.MouseButton.RightButton, pos=place(window, "b"))
    assert view.chosen() == ["a"]
    assert open_id(window) == "a"


def test_an_autosave_leaves_what_is_chosen_and_where_it_is_scrolled(
    window: MainWindow, qtbot: QtBot
) -> None:
    fill(window, *(f"c{number}" for number in range(300)))
    view, chats = window.sidebar.list, window.program.conversations
    window.open("c100")
    click_from = view.selectionModel()
    click_from.select(index(window, "c103"), click_from.SelectionFlag.Select)
    view.scrollTo(index(window, "c100"), view.ScrollHint.PositionAtCenter)
    tops = {key: view.visualRect(index(window, key)).top() for key in ("c100", "c103")}
    assert view.verticalScrollBar().value() > 0
    with qtbot.waitSignal(window.program.chat.saved):
        window.program.chat.drafts.set_text("written")
    for key in ("c200", "c2", "c101"):  # from below, above and in sight to the top
        used = chats.conversations.find(key)
        assert used is not None
        chats.upsert(replace(used, updated_at=time.time() + 1))
        with qtbot.waitSignal(window.program.sections.refreshed):
            pass
        assert shown(window)[1] == key
        assert view.chosen() == ["c100", "c103"]
    moved = {key: view.visualRect(index(window, key)).top() for key in tops}
    row = view.visualRect(index(window, "c100")).height()
    assert moved == {"c100": tops["c100"], "c103": tops["c103"] - row}


def test_at_the_top_what_is_new_is_seen(window: MainWindow, qtbot: QtBot) -> None:
    fill(window, *(f"c{number}" for number in range(100)))
    chats = window.program.conversations
    chats.upsert(Conversation(id="new", title="new", created_at=0, updated_at=time.time() + 1))
    qtbot.waitUntil(lambda: shown(window)[1] == "new")
    view = window.sidebar.list
    assert view.verticalScrollBar().value() == 0
    assert view.viewport().rect().contains(place(window, "new"))


def test_a_new_conversation_is_chosen_when_it_is_in_the_list(
    window: MainWindow, qtbot: QtBot
) -> None:
    fill(window, "a")
    window.open("a")
    window.new()
    assert window.sidebar.list.chosen() == []
    with qtbot.waitSignal(window.program.chat.saved):
        window.program.chat.drafts.set_text("something")
    qtbot.waitUntil(lambda: len(shown(window)) == 3)
    assert window.sidebar.list.chosen() == [open_id(window)]
