"""The item in the menu bar, and notifications."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import (
    QApplication,
    QMenu,
)
from pytestqt.qtbot import QtBot
from qwen3mlx_app.domain import ServerState
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.shortcuts import ShortcutSheet

from ..fake_endpoint import FakeEndpoint
from .support import ask, program_of, trigger, windows_of


def test_the_menu_of_the_menu_bar_item_says_and_does(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    program, menu = program_of(window), windows_of(window).tray.menu
    entry = program.models.models.value(0)
    program.models.models.put(replace(entry, state="loading", load_progress=0.4, loaded=None))
    menu.fill()
    texts = [action.text() for action in menu.actions()]
    assert texts[0] == f"The server is running at {fake.url}"
    assert texts[1] == "demo: loading 40%"
    program.models.models.put(replace(entry, state="not-loaded", loaded=None))
    menu.fill()
    load = next(action.menu() for action in menu.actions() if action.text() == "Load")
    assert load is not None
    load.actions()[0].trigger()
    assert program.models.models.value(0).state == "loading"
    window.hide()
    next(action for action in menu.actions() if action.text() == "Show Window").trigger()
    assert window.isVisible()


def test_without_the_server_no_model_is_in_memory_or_can_be_loaded(window: MainWindow) -> None:
    menu = windows_of(window).tray.menu
    program_of(window).process._set(ServerState(phase="stopped"))
    menu.fill()
    menu.fill()  # each time it is opened
    said = [one.text() for one in menu.actions() if not one.isEnabled() and one.text()]
    assert said == ["The server is off", "Load", "Unload"]
    assert len(menu.findChildren(QMenu)) == 2


def test_a_window_in_the_dock_comes_back(window: MainWindow, qtbot: QtBot) -> None:
    window.showMinimized()
    qtbot.waitUntil(window.isMinimized)
    windows_of(window).tray.menu.show_wanted.emit()
    assert not window.isMinimized()
    window.showMaximized()
    windows_of(window).tray.menu.show_wanted.emit()
    assert window.isMaximized()


def test_whoever_looks_at_a_dialog_is_not_notified(window: MainWindow, qtbot: QtBot) -> None:
    window.activateWindow()
    trigger(window, "Keyboard Shortcuts")
    qtbot.waitUntil(lambda: isinstance(QApplication.activeWindow(), ShortcutSheet))
    assert windows_of(window).notifier._is_watched()
    sheet = window.findChild(ShortcutSheet)
    assert sheet is not None
    sheet.close()


def test_without_a_place_for_the_item_the_window_ends_the_program(window: MainWindow) -> None:
    assert not windows_of(window).tray.is_seen  # there is none offscreen
    assert QApplication.quitOnLastWindowClosed()


def test_a_click_on_a_notification_opens_its_conversation(window: MainWindow, qtbot: QtBot) -> None:
    program = program_of(window)
    ask(window, qtbot, "First")
    assert program.chat.conversation is not None
    first = program.chat.conversation.id
    program.chat.new()
    window.show_page("models")
    windows_of(window).tray.notify("The response is ready", "…", first)
    windows_of(window).tray._item.messageClicked.emit()
    assert program.chat.conversation is not None
    assert program.chat.conversation.id == first
    assert window.page is window.chat
