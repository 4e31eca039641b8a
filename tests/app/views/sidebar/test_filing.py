"""Names and folders: given, changed, dragged into."""

from __future__ import annotations

import time
from dataclasses import replace

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
)
from PySide6.QtWidgets import QApplication, QLineEdit, QToolButton
from pytestqt.qtbot import QtBot
from qwen3mlx_app.views.main_window import MainWindow

from ..support import trigger
from .support import (
    Key,
    Modifier,
    add_folder,
    choose,
    click,
    colours_of,
    editor,
    fill,
    folder_names,
    index,
    open_id,
    place,
    row_image,
    saved,
    shown,
)


def test_f2_renames_in_place(window: MainWindow, qtbot: QtBot) -> None:
    fill(window, "a", "b")
    window.open("b")
    view = window.sidebar.list
    qtbot.keyClick(window, Key.Key_F2)
    field = editor(view)
    assert (field.text(), field.selectedText()) == ("b", "b")
    assert field.accessibleName() == "Conversation title"
    qtbot.keyClicks(field, "Better")
    qtbot.keyClick(field, Key.Key_Return)
    qtbot.waitUntil(lambda: saved(window, "b").title == "Better")
    assert open_id(window) == "b"
    assert saved(window, "a").title == "a"


def test_escape_leaves_the_name(window: MainWindow, qtbot: QtBot) -> None:
    fill(window, "a")
    window.open("a")
    trigger(window, "Rename")
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
    trigger(window, "Rename")
    field = editor(window.sidebar.list)
    qtbot.keyClicks(field, "Half a na")
    chats = window.program.conversations
    used = chats.conversations.find("c")
    assert used is not None
    chats.upsert(replace(used, title="By the model", updated_at=time.time() + 1))
    qtbot.waitUntil(lambda: shown(window) == ["today", "c", "a", "b"])
    assert field.text() == "Half a na"
    qtbot.keyClicks(field, "me")
    qtbot.keyClick(field, Key.Key_Return)
    qtbot.waitUntil(lambda: saved(window, "c").title == "Half a name")


def test_nothing_to_rename_is_no_mistake(window: MainWindow) -> None:
    trigger(window, "Rename")
    fill(window, "a")
    window.sidebar.list.setCurrentIndex(index(window, "today"))
    trigger(window, "Rename")
    assert not window.sidebar.list.viewport().findChildren(QLineEdit)


def test_the_button_makes_a_folder_to_be_named(window: MainWindow, qtbot: QtBot) -> None:
    [button] = [
        one
        for one in window.sidebar.findChildren(QToolButton)
        if one.accessibleName() == "New folder"
    ]
    button.click()
    field = editor(window.sidebar.list)
    assert (field.selectedText(), field.accessibleName()) == ("New Folder", "Folder name")
    qtbot.keyClicks(field, "Work")
    qtbot.keyClick(field, Key.Key_Return)
    qtbot.waitUntil(lambda: folder_names(window) == ["Work"])


def test_a_new_folder_is_named_also_while_something_is_searched(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.show_page("settings")
    window.sidebar.search.setText("something")
    trigger(window, "New Folder")
    assert window.sidebar.search.text() == ""
    assert editor(window.sidebar.list).selectedText() == "New Folder"


def test_folders_in_the_menu(window: MainWindow, qtbot: QtBot) -> None:
    fill(window, "a", "b")
    folder = add_folder(window, "Work")
    choose(window, "b", "Move to Folder", "Work")
    window.program.sections.refresh()
    assert shown(window) == [folder, "b", "today", "a"]
    choose(window, folder, "Rename")
    field = editor(window.sidebar.list)
    qtbot.keyClicks(field, "Office")
    qtbot.keyClick(field, Key.Key_Return)
    qtbot.waitUntil(lambda: folder_names(window) == ["Office"])
    choose(window, "b", "Move to Folder", "Remove from Folder")
    window.program.sections.refresh()
    assert shown(window) == [folder, "today", "a", "b"]
    choose(window, "b", "Move to Folder", "Office")
    choose(window, folder, "Delete Folder and Keep Conversations")
    window.program.sections.refresh()
    assert shown(window) == ["today", "a", "b"]
    choose(window, None, "New Folder")
    assert folder_names(window) == ["New Folder"]


def test_a_new_folder_for_what_is_chosen(window: MainWindow, qtbot: QtBot) -> None:
    fill(window, "a", "b", "c")
    click(window, qtbot, "a")
    click(window, qtbot, "c", Modifier.ControlModifier)
    choose(window, "c", "Move to Folder", "New Folder")
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
    selection = window.theme.colours.selection
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
