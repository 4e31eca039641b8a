"""What is looked for, and what is said where there is nothing."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QToolButton
from pytestqt.qtbot import QtBot
from qwen3mlx_app.views.main_window import MainWindow

from .support import (
    Key,
    fill,
    open_id,
    search,
)


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
    assert [one.accessibleName() for one in crosses] == ["Clear search"]
    crosses[0].click()
    assert field.text() == ""
    assert window.sidebar.list.isVisible()
    qtbot.waitUntil(lambda: not crosses[0].isVisible())


def test_keys_in_what_was_found(window: MainWindow, qtbot: QtBot) -> None:
    fill(window, "a", "b", "c")
    sidebar = window.sidebar
    sidebar.search.setFocus()
    search(window, qtbot, "hello")
    qtbot.waitUntil(sidebar.found.isVisible)
    found = [hit.conversation_id for hit in window.program.search.hits.values()]
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
    assert text_in_place_of_the_list(window) == ["Your conversations will appear here."]
    search(window, qtbot, "zebra")
    assert text_in_place_of_the_list(window) == ["No results"]
    window.sidebar.search.clear()
    fill(window, "a")
    assert text_in_place_of_the_list(window) == []
    search(window, qtbot, "hello")
    qtbot.waitUntil(window.sidebar.found.isVisible)
    window.program.conversations.delete(["a"])
    assert text_in_place_of_the_list(window) == ["No results"]
