"""The menu bar and the sheet of keyboard shortcuts."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QLabel,
    QPushButton,
    QScrollArea,
)
from pytestqt.qtbot import QtBot
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.shortcuts import ShortcutSheet

from .support import program_of, trigger


def test_every_shortcut_is_used_once_and_is_in_the_sheet(window: MainWindow, qtbot: QtBot) -> None:
    shortcuts = window.menus.shortcuts()
    keys = [keys for _, keys in shortcuts]
    assert len(set(keys)) == len(keys)
    assert {"Ctrl+N", "Ctrl+F", "Ctrl+L", "Ctrl+,", "Ctrl+W", "Ctrl+K"} <= set(keys)
    sheet = ShortcutSheet(shortcuts, "enter", window)
    qtbot.addWidget(sheet)
    texts = [label.text() for label in sheet.findChildren(QLabel)]
    assert "New Conversation" in texts
    assert "Ctrl+N" in texts


@pytest.mark.parametrize(
    ("send_with", "send", "line"),
    [("enter", "Return", "Shift+Return"), ("ctrl_enter", "Ctrl+Return", "Return")],
)
def test_the_sheet_says_which_keys_send(
    window: MainWindow, qtbot: QtBot, send_with: Any, send: str, line: str
) -> None:
    program_of(window).settings.update(send_with=send_with)
    trigger(window, "Keyboard Shortcuts")
    sheet = window.findChild(ShortcutSheet)
    assert sheet is not None
    texts = [label.text() for label in sheet.findChildren(QLabel)]
    assert texts[:4] == ["Send Message", send, "Insert Line Break", line]
    assert sheet.height() < window.height()
    done = sheet.findChild(QPushButton)
    assert done is not None
    with qtbot.waitSignal(sheet.finished):
        done.click()


def test_the_sheet_of_shortcuts_is_read_with_the_keyboard(window: MainWindow, qtbot: QtBot) -> None:
    window.resize(window.width(), window.minimumHeight())
    trigger(window, "Keyboard Shortcuts")
    sheet = window.findChild(ShortcutSheet)
    assert sheet is not None
    qtbot.waitUntil(lambda: sheet.focusWidget() is not None)
    focused = sheet.focusWidget()
    area = sheet.findChild(QScrollArea)
    assert area is not None
    bar = area.verticalScrollBar()
    assert bar.maximum() > 0
    for key, value in [
        (Qt.Key.Key_End, bar.maximum()),
        (Qt.Key.Key_Home, 0),
        (Qt.Key.Key_PageDown, min(bar.pageStep(), bar.maximum())),
    ]:
        qtbot.keyClick(focused, key)
        assert bar.value() == value
    qtbot.keyClick(focused, Qt.Key.Key_Down)
    assert bar.value() > min(bar.pageStep(), bar.maximum()) or bar.value() == bar.maximum()
    with qtbot.waitSignal(sheet.accepted):
        qtbot.keyClick(focused, Qt.Key.Key_Return)


def test_the_edit_menu_acts_on_the_field_that_has_the_focus(
    window: MainWindow, qtbot: QtBot
) -> None:
    trigger(window, "Focus Message Field")
    qtbot.keyClicks(window.chat.composer.text, "Hello")
    for title in ("Select All", "Copy", "Cut"):
        trigger(window, title)
    assert window.chat.composer.text.toPlainText() == ""
    trigger(window, "Search Conversations")
    trigger(window, "Paste")
    assert window.sidebar.search.text() == "Hello"
    trigger(window, "Undo")
    assert window.sidebar.search.text() == ""
    trigger(window, "Redo")
    assert window.sidebar.search.text() == "Hello"
