"""The sidebar as a person uses it: mouse and keys, over the real list of conversations."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QModelIndex, QPoint, QPointF, Qt
from PySide6.QtGui import (
    QAction,
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QHelpEvent,
    QImage,
    QKeyEvent,
)
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QMenu, QToolButton, QToolTip, QWidget
from pytestqt.qtbot import QtBot

from app.composition import Program
from app.domain import Conversation, Message, Transcript
from app.models.sections import Heading
from app.views.main_window import MainWindow, make_window
from app.views.sidebar_list import SidebarList
from app.views.sizes import day_text

from ..controllers.support import connect, wait_for_models
from ..fake_endpoint import FakeEndpoint, delta, ending

Key, Modifier = Qt.Key, Qt.KeyboardModifier
DAY = 24 * 3600.0


@pytest.fixture
def window(profile: Path, qtbot: QtBot) -> Iterator[MainWindow]:
    program = Program(profile)
    made = make_window(program)
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    yield made
    made.close()
    program.close()


def fill(window: MainWindow, *keys: str, apart: float = 60.0) -> None:
    """Each last used so many seconds before the one before it."""
    now = time.time()
    transcripts = []
    for number, key in enumerate(keys):
        at = now - number * apart
        said = Message(conversation_id=key, role="user", content=f"Hello from {key}", created_at=at)
        chat = Conversation(id=key, title=key, leaf_id=said.id, created_at=at, updated_at=at)
        transcripts.append(Transcript(conversation=chat, messages=(said,)))
    window.program.store.add(transcripts)
    window.program.conversations._read()
    window.program.sections.refresh()


def shown(window: MainWindow) -> list[str]:
    return [
        row.key if isinstance(row, Heading) else row.conversation.id
        for row in window.program.sections.rows.values()
    ]


def index(window: MainWindow, key: str) -> QModelIndex:
    rows = window.program.sections.rows
    assert rows.row_of(key) >= 0, key
    return rows.index(rows.row_of(key))


def place(window: MainWindow, key: str) -> QPoint:
    return window.sidebar.list.visualRect(index(window, key)).center()


def click(
    window: MainWindow,
    qtbot: QtBot,
    key: str,
    modifier: Qt.KeyboardModifier = Modifier.NoModifier,
) -> None:
    viewport = window.sidebar.list.viewport()
    qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, modifier, place(window, key))


def open_id(window: MainWindow) -> str | None:
    shown = window.program.chat.conversation
    return shown.id if shown else None


def saved(window: MainWindow, key: str) -> Conversation:
    found = window.program.store.conversation(key)
    assert found is not None
    return found


def folder_names(window: MainWindow) -> list[str]:
    return [folder.name for folder in window.program.store.folders()]


def editor(view: SidebarList) -> QLineEdit:
    [found] = [one for one in view.viewport().findChildren(QLineEdit) if one.isVisible()]
    return found


def menu_at(window: MainWindow, key: str | None) -> QMenu:
    view = window.sidebar.list
    view.open_menu(index(window, key) if key else QModelIndex(), QPoint(0, 0))
    menus = [one for one in view.findChildren(QMenu) if one.isVisible()]
    return menus[-1]


def action(menu: QMenu, *path: str) -> QAction:
    [found] = [one for one in menu.actions() if one.text() == path[0]]
    inner = found.menu()
    if len(path) > 1:
        assert isinstance(inner, QMenu)
        return action(inner, *path[1:])
    return found


def choose(window: MainWindow, key: str | None, *path: str) -> None:
    menu = menu_at(window, key)
    action(menu, *path).trigger()
    menu.close()


def add_folder(window: MainWindow, name: str, *keys: str) -> str:
    """Its key in the list."""
    window.program.conversations.add_folder(name, keys)
    window.program.sections.refresh()
    QApplication.processEvents()
    window.sidebar.list.setFocus()  # its name is not edited any more
    folder = window.program.conversations.folders.values()[-1]
    return f"folder {folder.id}"


def hold_enter(widget: QWidget, times: int, *, is_held: bool = False) -> None:
    for number in range(times):
        repeats = is_held or number > 0
        press = QKeyEvent(QEvent.Type.KeyPress, Key.Key_Return, Modifier.NoModifier, "\r", repeats)
        QApplication.sendEvent(widget, press)


# Opening and moving about


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
    chats.take(replace(old, updated_at=old.updated_at - 3 * DAY))
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
        program = Program(profile)
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


# What must not be lost


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
    window.program.chat.set_draft("written")
    window.program.chat._save()
    for key in ("c200", "c2", "c101"):  # from below, above and in sight to the top
        used = chats.conversations.find(key)
        assert used is not None
        chats.take(replace(used, updated_at=time.time() + 1))
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
    chats.take(Conversation(id="new", title="new", created_at=0, updated_at=time.time() + 1))
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
    window.program.chat.set_draft("something")
    window.program.chat._save()
    qtbot.waitUntil(lambda: len(shown(window)) == 3)
    assert window.sidebar.list.chosen() == [open_id(window)]


# Names


def test_f2_renames_in_place(window: MainWindow, qtbot: QtBot) -> None:
    fill(window, "a", "b")
    window.open("b")
    view = window.sidebar.list
    qtbot.keyClick(window, Key.Key_F2)
    field = editor(view)
    assert (field.text(), field.selectedText()) == ("b", "b")
    assert field.accessibleName() == "Name of the conversation"
    qtbot.keyClicks(field, "Better")
    qtbot.keyClick(field, Key.Key_Return)
    qtbot.waitUntil(lambda: saved(window, "b").title == "Better")
    assert open_id(window) == "b"
    assert saved(window, "a").title == "a"


def test_escape_leaves_the_name(window: MainWindow, qtbot: QtBot) -> None:
    fill(window, "a")
    window.open("a")
    window.rename()
    field = editor(window.sidebar.list)
    qtbot.keyClicks(field, "Other")
    qtbot.keyClick(field, Key.Key_Escape)
    assert saved(window, "a").title == "a"
    assert window.windowTitle() == "a"


def test_what_is_written_stays_when_the_row_changes_and_moves(
    window: MainWindow, qtbot: QtBot
) -> None:
    fill(window, "a", "b", "c")
    window.open("c")
    window.rename()
    field = editor(window.sidebar.list)
    qtbot.keyClicks(field, "Half a na")
    chats = window.program.conversations
    used = chats.conversations.find("c")
    assert used is not None
    chats.take(replace(used, title="By the model", updated_at=time.time() + 1))
    qtbot.waitUntil(lambda: shown(window) == ["today", "c", "a", "b"])
    assert field.text() == "Half a na"
    qtbot.keyClicks(field, "me")
    qtbot.keyClick(field, Key.Key_Return)
    qtbot.waitUntil(lambda: saved(window, "c").title == "Half a name")


def test_nothing_to_rename_is_no_mistake(window: MainWindow) -> None:
    window.rename()
    fill(window, "a")
    window.sidebar.list.setCurrentIndex(index(window, "today"))
    window.rename()
    assert not window.sidebar.list.viewport().findChildren(QLineEdit)


# Folders


def test_the_button_makes_a_folder_to_be_named(window: MainWindow, qtbot: QtBot) -> None:
    [button] = [
        one
        for one in window.sidebar.findChildren(QToolButton)
        if one.accessibleName() == "New folder"
    ]
    button.click()
    field = editor(window.sidebar.list)
    assert (field.selectedText(), field.accessibleName()) == ("New folder", "Name of the folder")
    qtbot.keyClicks(field, "Work")
    qtbot.keyClick(field, Key.Key_Return)
    qtbot.waitUntil(lambda: folder_names(window) == ["Work"])


def test_a_new_folder_is_named_also_while_something_is_searched(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.show_page("settings")
    window.sidebar.search.setText("something")
    window.add_folder()
    assert window.sidebar.search.text() == ""
    assert editor(window.sidebar.list).selectedText() == "New folder"


def test_folders_in_the_menu(window: MainWindow, qtbot: QtBot) -> None:
    fill(window, "a", "b")
    folder = add_folder(window, "Work")
    choose(window, "b", "Move to folder", "Work")
    window.program.sections.refresh()
    assert shown(window) == [folder, "b", "today", "a"]
    choose(window, folder, "Rename")
    field = editor(window.sidebar.list)
    qtbot.keyClicks(field, "Office")
    qtbot.keyClick(field, Key.Key_Return)
    qtbot.waitUntil(lambda: folder_names(window) == ["Office"])
    choose(window, "b", "Move to folder", "No folder")
    window.program.sections.refresh()
    assert shown(window) == [folder, "today", "a", "b"]
    choose(window, "b", "Move to folder", "Office")
    choose(window, folder, "Delete the folder, keep its conversations")
    window.program.sections.refresh()
    assert shown(window) == ["today", "a", "b"]
    choose(window, None, "New folder")
    assert folder_names(window) == ["New folder"]


def test_a_new_folder_for_what_is_chosen(window: MainWindow, qtbot: QtBot) -> None:
    fill(window, "a", "b", "c")
    click(window, qtbot, "a")
    click(window, qtbot, "c", Modifier.ControlModifier)
    choose(window, "c", "Move to folder", "New folder…")
    qtbot.keyClicks(editor(window.sidebar.list), "Work")
    qtbot.keyClick(editor(window.sidebar.list), Key.Key_Return)
    qtbot.waitUntil(lambda: folder_names(window) == ["Work"])
    [folder] = window.program.store.folders()
    assert {key for key in "abc" if saved(window, key).folder_id == folder.id} == {"a", "c"}


def drop(window: MainWindow, keys: list[str], place: QPoint) -> QDropEvent:
    """What is dragged, carried over the list and let go."""
    data = window.program.sections.rows.mimeData([index(window, key) for key in keys])
    move, left, none = Qt.DropAction.MoveAction, Qt.MouseButton.LeftButton, Modifier.NoModifier
    viewport = window.sidebar.list.viewport()
    QApplication.sendEvent(viewport, QDragEnterEvent(place, move, data, left, none))
    over = QDragMoveEvent(place, move, data, left, none)
    QApplication.sendEvent(viewport, over)
    assert over.isAccepted()
    event = QDropEvent(QPointF(place), move, data, left, none)
    QApplication.sendEvent(viewport, event)
    window.program.sections.refresh()
    return event


def test_conversations_are_dragged_into_folders_and_out(window: MainWindow) -> None:
    fill(window, "a", "b", "c")
    folder = add_folder(window, "Work")
    assert drop(window, ["a", "c"], place(window, folder)).isAccepted()
    assert shown(window) == [folder, "a", "c", "today", "b"]
    drop(window, ["b"], place(window, "c"))  # onto one that is in it
    assert shown(window) == [folder, "a", "b", "c"]
    drop(window, ["b"], QPoint(10, window.sidebar.list.viewport().height() - 5))
    assert shown(window) == [folder, "a", "c", "today", "b"]
    drop(window, ["a"], place(window, "today"))
    assert shown(window) == [folder, "c", "today", "a", "b"]


def test_conversations_are_dragged_among_the_pinned_and_out(window: MainWindow) -> None:
    fill(window, "a", "b", "c")
    window.program.conversations.set_pinned(["c"], True)
    window.program.sections.refresh()
    drop(window, ["b"], place(window, "pinned"))
    assert shown(window) == ["pinned", "b", "c", "today", "a"]
    folder = add_folder(window, "Work")
    drop(window, ["c"], place(window, folder))
    assert shown(window) == ["pinned", "b", folder, "c", "today", "a"]


def test_where_it_would_be_dropped_is_seen(window: MainWindow) -> None:
    fill(window, "a", "b")
    folder = add_folder(window, "Work", "b")
    viewport, move = window.sidebar.list.viewport(), Qt.DropAction.MoveAction
    data = window.program.sections.rows.mimeData([index(window, "a")])
    given = (place(window, "b"), move, data, Qt.MouseButton.LeftButton, Modifier.NoModifier)
    selection = window._theme.colours.selection
    assert selection not in colours_of(row_image(window, folder))
    QApplication.sendEvent(viewport, QDragEnterEvent(*given))
    QApplication.sendEvent(viewport, QDragMoveEvent(*given))
    assert selection in colours_of(row_image(window, folder))
    assert selection not in colours_of(row_image(window, "a"))
    QApplication.sendEvent(viewport, QDragLeaveEvent())
    assert selection not in colours_of(row_image(window, folder))


def test_a_conversation_can_be_picked_up(window: MainWindow) -> None:
    fill(window, "a")
    rows = window.program.sections.rows
    assert window.sidebar.list.dragEnabled()
    assert rows.supportedDragActions() == Qt.DropAction.MoveAction
    assert rows.flags(index(window, "a")) & Qt.ItemFlag.ItemIsDragEnabled


# Several, and deleting


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
    window.notices.action_wanted.emit("undo_delete")
    qtbot.waitUntil(lambda: shown(window) == ["today", "a", "b", "c", "d"])


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
    assert texts == ["Pin", "Move to folder", "Export…", "Delete 2 conversations"]
    choose(window, "b", "Pin")
    assert [saved(window, key).pinned for key in "abc"] == [True, True, False]
    texts = [one.text() for one in menu_at(window, "c").actions() if one.text()]
    assert texts == ["Pin", "Rename", "Move to folder", "Export…", "Delete"]
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


# Searching


def search(window: MainWindow, qtbot: QtBot, text: str) -> None:
    with qtbot.waitSignal(window.program.conversations.hits.modelReset):
        qtbot.keyClicks(window.sidebar.search, text)


def test_search_finds_and_escape_goes_back(window: MainWindow, qtbot: QtBot) -> None:
    fill(window, "a", "b", "needle")
    sidebar = window.sidebar
    search(window, qtbot, "needle")
    qtbot.waitUntil(sidebar.found.isVisible)
    assert not sidebar.found.grab().isNull()
    qtbot.keyClick(sidebar.search, Key.Key_Return)
    assert open_id(window) == "needle"
    sidebar.search.setFocus()
    qtbot.keyClick(sidebar.search, Key.Key_Escape)
    assert sidebar.search.text() == ""
    assert sidebar.list.isVisible()
    assert sidebar.list.hasFocus()
    assert sidebar.list.chosen() == ["needle"]


def test_the_cross_clears_the_search(window: MainWindow, qtbot: QtBot) -> None:
    fill(window, "a")
    field = window.sidebar.search
    search(window, qtbot, "hello")
    crosses = [one for one in field.findChildren(QToolButton) if one.isVisible()]
    assert [one.text() for one in crosses] == ["Search", "Clear the search"]
    crosses[1].click()
    assert field.text() == ""
    assert window.sidebar.list.isVisible()
    qtbot.waitUntil(lambda: not crosses[1].isVisible())


def test_keys_in_what_was_found(window: MainWindow, qtbot: QtBot) -> None:
    fill(window, "a", "b", "c")
    sidebar = window.sidebar
    sidebar.search.setFocus()
    search(window, qtbot, "hello")
    qtbot.waitUntil(sidebar.found.isVisible)
    found = [hit.conversation_id for hit in window.program.conversations.hits.values()]
    qtbot.keyClick(sidebar.search, Key.Key_Down)
    assert sidebar.found.hasFocus()
    qtbot.keyClick(sidebar.found, Key.Key_Down)
    qtbot.keyClick(sidebar.found, Key.Key_Return)
    assert open_id(window) == found[1]
    sidebar.found.setFocus()
    qtbot.keyClick(sidebar.found, Key.Key_Up)
    qtbot.keyClick(sidebar.found, Key.Key_Up)
    assert sidebar.search.hasFocus()
    qtbot.keyClick(sidebar.search, Key.Key_Down)
    qtbot.keyClick(sidebar.found, Key.Key_Escape)
    assert sidebar.list.isVisible()


def test_what_was_found_is_opened_with_a_click(window: MainWindow, qtbot: QtBot) -> None:
    fill(window, "a", "b")
    search(window, qtbot, "from b")
    found = window.sidebar.found
    qtbot.waitUntil(found.isVisible)
    first = found.visualRect(found.model().index(0, 0)).center()
    qtbot.mouseClick(found.viewport(), Qt.MouseButton.LeftButton, pos=first)
    assert open_id(window) == "b"


def text_in_place_of_the_list(window: MainWindow) -> list[str]:
    labels = window.sidebar.findChildren(QLabel)
    return [label.text() for label in labels if label.isVisible()]


def test_empty_states(window: MainWindow, qtbot: QtBot) -> None:
    assert text_in_place_of_the_list(window) == ["Your conversations will be listed here."]
    search(window, qtbot, "zebra")
    assert text_in_place_of_the_list(window) == ["Nothing found."]
    window.sidebar.search.clear()
    fill(window, "a")
    assert text_in_place_of_the_list(window) == []
    search(window, qtbot, "hello")
    qtbot.waitUntil(window.sidebar.found.isVisible)
    window.program.conversations.delete(["a"])
    assert text_in_place_of_the_list(window) == ["Nothing found."]


# Looks


def colours_of(image: QImage) -> set[str]:
    return {
        image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())
    }


def row_image(window: MainWindow, key: str) -> QImage:
    view = window.sidebar.list
    return view.viewport().grab(view.visualRect(index(window, key))).toImage()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_marks_and_grounds_are_of_the_theme(window: MainWindow, qtbot: QtBot, theme: str) -> None:
    fill(window, "a", "b", "c")
    window.program.settings.update(theme=theme)
    window.program.sections.set_busy(["a"])
    window.open("b")
    window.chat.composer.text.setFocus()
    colours = window._theme.colours
    assert colours.accent in colours_of(row_image(window, "a"))
    assert colours.accent not in colours_of(row_image(window, "c"))
    assert colours.selection in colours_of(row_image(window, "b"))
    assert colours.selection not in colours_of(row_image(window, "c"))


def test_found_words_are_marked(window: MainWindow, qtbot: QtBot) -> None:
    fill(window, "a", "b")
    search(window, qtbot, "hello")
    found = window.sidebar.found
    qtbot.waitUntil(found.isVisible)
    accent = window._theme.colours.accent
    assert accent in colours_of(found.viewport().grab().toImage())
    window.sidebar.search.selectAll()
    hits = window.program.conversations.hits
    hits.set_values([replace(hit, question="absent") for hit in hits.values()])
    assert accent not in colours_of(found.viewport().grab().toImage())


def test_rows_grow_with_the_text(window: MainWindow) -> None:
    fill(window, "a")
    before = window.sidebar.list.visualRect(index(window, "a")).height()
    window.program.settings.update(font_size=20)
    QApplication.processEvents()
    assert window.sidebar.list.visualRect(index(window, "a")).height() == before + 6


def test_when_it_was(qapp: QApplication) -> None:
    now = time.time()
    assert day_text(now - 3 * DAY) == time.strftime("%a", time.localtime(now - 3 * DAY))
    assert ":" in day_text(now)
    assert day_text(now - 800 * DAY).endswith(time.strftime("%y", time.localtime(now - 800 * DAY)))
