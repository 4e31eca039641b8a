"""Several at once: deleted, filed, exported; and the menu."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import QEvent, QPoint
from PySide6.QtGui import (
    QContextMenuEvent,
    QHelpEvent,
)
from PySide6.QtWidgets import QApplication, QMenu, QToolTip
from pytestqt.qtbot import QtBot
from qwen3mlx_app.models.sections import Heading
from qwen3mlx_app.views.main_window import MainWindow

from ...controllers.support import connect, wait_for_models
from ...fake_endpoint import FakeEndpoint, delta, ending
from .support import (
    Key,
    Modifier,
    action,
    choose,
    click,
    fill,
    index,
    menu_at,
    open_id,
    place,
    saved,
    shown,
)


def test_several_are_deleted_with_one_key_and_one_undo(window: MainWindow, qtbot: QtBot) -> None:
    fill(window, "a", "b", "c", "d")
    view = window.sidebar.list
    click(window, qtbot, "b")
    click(window, qtbot, "c", Modifier.ControlModifier)
    click(window, qtbot, "d", Modifier.ShiftModifier)
    assert view.chosen() == ["b", "c", "d"]
    assert open_id(window) == "b"
    qtbot.keyClick(view, Key.Key_Delete)
    qtbot.waitUntil(lambda: shown(window) == ["today", "a"])
    assert open_id(window) not in ("b", "c", "d")  # a new one is shown
    window.program.undo.undo_last()
    qtbot.waitUntil(lambda: shown(window) == ["today", "a", "b", "c", "d"])


def test_after_a_deletion_the_next_conversation_is_the_current_one(
    window: MainWindow, qtbot: QtBot
) -> None:
    fill(window, "a", "b", "c", "d")
    view = window.sidebar.list
    window.open("b")  # which is deleted while it is open
    view.setFocus()
    for left, now in ((["a", "c", "d"], "c"), (["a", "d"], "d"), (["a"], "a")):
        qtbot.keyClick(QApplication.focusWidget(), Key.Key_Delete)
        assert shown(window) == ["today", *left]
        assert QApplication.focusWidget() is view
        assert view.currentIndex() == index(window, now)
        assert view.chosen() == [now]
    qtbot.keyClick(view, Key.Key_Delete)
    assert shown(window) == []


def test_escape_goes_back_to_the_one_that_is_open(window: MainWindow, qtbot: QtBot) -> None:
    fill(window, "a", "b", "c")
    view = window.sidebar.list
    window.open("b")
    view.setFocus()
    view.selectAll()
    assert view.chosen() == ["a", "b", "c"]
    qtbot.keyClick(view, Key.Key_Escape)
    assert view.chosen() == ["b"]


def test_the_delete_key_without_a_choice_does_nothing(window: MainWindow, qtbot: QtBot) -> None:
    fill(window, "a")
    view = window.sidebar.list
    view.setFocus()
    view.setCurrentIndex(index(window, "today"))
    qtbot.keyClick(view, Key.Key_Delete)
    assert shown(window) == ["today", "a"]


def test_the_menu_acts_on_all_that_is_chosen_or_on_another_alone(
    window: MainWindow, qtbot: QtBot
) -> None:
    fill(window, "a", "b", "c")
    click(window, qtbot, "a")
    click(window, qtbot, "b", Modifier.ControlModifier)
    texts = [one.text() for one in menu_at(window, "a").actions() if one.text()]
    assert texts == ["Pin", "Move to Folder", "Export…", "Delete 2 Conversations"]
    choose(window, "b", "Pin")
    assert [saved(window, key).pinned for key in "abc"] == [True, True, False]
    texts = [one.text() for one in menu_at(window, "c").actions() if one.text()]
    assert texts == ["Pin", "Rename", "Move to Folder", "Export…", "Delete"]
    choose(window, "c", "Delete")
    window.program.sections.refresh()
    assert shown(window) == ["pinned", "a", "b"]
    choose(window, "a", "Unpin")
    assert [saved(window, key).pinned for key in "ab"] == [False, False]


@pytest.mark.parametrize("by_keyboard", [False, True])
def test_where_the_menu_comes_from(window: MainWindow, qtbot: QtBot, by_keyboard: bool) -> None:
    fill(window, "a", "b")
    window.open("a")
    view, reason = window.sidebar.list, QContextMenuEvent.Reason
    how, where = (reason.Keyboard, QPoint()) if by_keyboard else (reason.Mouse, place(window, "b"))
    QApplication.sendEvent(
        view.viewport(), QContextMenuEvent(how, where, view.viewport().mapToGlobal(where))
    )
    [menu] = [one for one in view.findChildren(QMenu) if one.isVisible()]
    action(menu, "Pin").trigger()
    menu.close()
    assert [saved(window, key).pinned for key in "ab"] == [by_keyboard, not by_keyboard]


def test_a_title_without_room_can_be_read(window: MainWindow, qtbot: QtBot) -> None:
    long = "A title that is much longer than a sidebar is wide, however wide it is made"
    fill(window, "short", long)
    viewport = window.sidebar.list.viewport()
    for key, text in ((long, long), ("short", "")):
        where = place(window, key)
        tip = QHelpEvent(QEvent.Type.ToolTip, where, viewport.mapToGlobal(where))
        QApplication.sendEvent(viewport, tip)
        qtbot.waitUntil(lambda text=text: QToolTip.text() == text)
        QToolTip.hideText()


def test_export_from_the_menu(window: MainWindow, qtbot: QtBot) -> None:
    fill(window, "a", "b")
    wanted: list[list[str]] = []
    window.sidebar.list.exported.disconnect()
    window.sidebar.list.exported.connect(wanted.append)
    choose(window, "b", "Export…")
    assert wanted == [["b"]]


def test_deleting_ends_what_is_written_there(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    program = window.program
    connect(program, fake.url)
    wait_for_models(program, qtbot)
    go_on = threading.Event()
    fake.script = [[delta(content="Half"), go_on, ending()]]
    program.chat.new()
    program.chat.send("Go")
    writing = open_id(window)
    assert writing is not None
    qtbot.waitUntil(lambda: program.chat.messages.values()[-1].message.content == "Half")
    row = program.sections.rows.find(writing)
    assert row is not None
    assert not isinstance(row, Heading)
    assert row.is_busy
    window.new()
    with qtbot.waitSignal(program.chat.finished):
        program.conversations.delete([writing])
    go_on.set()
    assert program.store.messages(writing)[-1].status == "stopped"
    qtbot.waitUntil(lambda: shown(window) == [])
