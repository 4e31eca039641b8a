"""The palette, the item in the menu bar, the first run, drops, and the look that follows."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, QSize, Qt, QUrl
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QLabel, QMenu, QPushButton, QToolButton
from pytestqt.qtbot import QtBot
from qwen3mlx_app.domain import ServerState
from qwen3mlx_app.views.icons import SIZE, icon
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.shortcuts import ShortcutSheet
from qwen3mlx_app.views.theme import GAP, GAP_XL
from qwen3mlx_app.views.welcome import WIDTH

from ..controllers.support import last
from ..fake_endpoint import FakeEndpoint, answer, delta, ending
from .support import ask, button, named, program_of, write


def palette(window: MainWindow, qtbot: QtBot, text: str) -> list[str]:
    if not window.palette_sheet.isVisible():
        window.palette_sheet.open()
    window.palette_sheet.field.clear()
    qtbot.keyClicks(window.palette_sheet.field, text)
    return [entry.title for entry in window.palette_sheet._found.values()]


def test_the_palette_does_what_is_chosen(window: MainWindow, qtbot: QtBot) -> None:
    field = window.palette_sheet.field
    assert palette(window, qtbot, "server")[0] == "Server"
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert not window.palette_sheet.isVisible()
    assert window._pages.currentWidget() is window._late["server"]


def test_the_palette_finds_conversations_models_and_presets(
    window: MainWindow, qtbot: QtBot
) -> None:
    program = program_of(window)
    ask(window, qtbot, "A trip to Hangzhou")
    assert program.chat.conversation is not None
    chosen = program.chat.conversation.id
    program.conversations.save_preset("Pirate", program.chat.conversation.settings)
    program.chat.new()
    assert "Use Preset Pirate" in palette(window, qtbot, "pirate")
    assert "Unload demo" in palette(window, qtbot, "unload")
    palette(window, qtbot, "hangzhou")
    qtbot.keyClick(window.palette_sheet.field, Qt.Key.Key_Return)
    assert program.chat.conversation is not None
    assert program.chat.conversation.id == chosen


def test_arrows_choose_and_escape_leaves(window: MainWindow, qtbot: QtBot) -> None:
    sheet = window.palette_sheet
    palette(window, qtbot, "")
    qtbot.keyClick(sheet.field, Qt.Key.Key_Down)
    assert sheet._list.currentIndex().row() == 1
    for _ in range(3):
        qtbot.keyClick(sheet.field, Qt.Key.Key_Up)
    assert sheet._list.currentIndex().row() == 0
    qtbot.keyClick(sheet.field, Qt.Key.Key_Escape)
    assert not sheet.isVisible()
    assert palette(window, qtbot, "zzzz") == []
    assert sheet._nothing.isVisible()
    qtbot.keyClick(sheet.field, Qt.Key.Key_Return)  # nothing to do
    assert sheet.isVisible()


def test_the_focus_goes_back_to_where_it_was(window: MainWindow, qtbot: QtBot) -> None:
    window.write()
    palette(window, qtbot, "x")
    qtbot.keyClick(window.palette_sheet.field, Qt.Key.Key_Escape)
    assert window.focusWidget() is window.chat.composer.text


def test_the_same_keys_or_a_click_beside_it_close_the_palette(
    window: MainWindow, qtbot: QtBot
) -> None:
    sheet = window.palette_sheet
    control = Qt.KeyboardModifier.ControlModifier
    qtbot.keyClick(window.chat.composer.text, Qt.Key.Key_K, control)
    assert sheet.isVisible()
    qtbot.keyClick(sheet.field, Qt.Key.Key_K, control)
    assert not sheet.isVisible()
    sheet.open()
    at_its_edge = sheet._sheet.geometry().topLeft() + QPoint(3, 30)
    qtbot.mouseClick(sheet, Qt.MouseButton.LeftButton, pos=at_its_edge)
    assert sheet.isVisible()
    qtbot.mouseClick(sheet, Qt.MouseButton.LeftButton, pos=QPoint(5, sheet.height() - 5))
    assert not sheet.isVisible()


def test_the_palette_stays_in_a_window_that_is_made_smaller(
    window: MainWindow, qtbot: QtBot
) -> None:
    palette(window, qtbot, "")
    window.resize(window.minimumSizeHint().expandedTo(QSize(560, 420)))
    qtbot.waitUntil(lambda: window.palette_sheet.size() == window.size())
    assert window.palette_sheet.rect().contains(window.palette_sheet._sheet.geometry())


def test_the_menu_of_the_field_does_not_close_the_palette(window: MainWindow, qtbot: QtBot) -> None:
    palette(window, qtbot, "copy")
    menu = window.palette_sheet.field.createStandardContextMenu()
    qtbot.addWidget(menu)
    menu.popup(window.mapToGlobal(QPoint(300, 200)))
    qtbot.waitUntil(menu.isVisible)
    assert window.palette_sheet.isVisible()
    menu.close()


def test_a_model_that_is_chosen_in_the_palette_is_shown_where_it_answers(
    window: MainWindow, qtbot: QtBot
) -> None:
    program = program_of(window)
    demo = program.models.models.value(0)
    other = replace(demo, id="Qwen/Qwen3-0.6B", state="loading", load_progress=0.1, loaded=None)
    program.models.models.put(other)
    program.models.refreshed.emit()
    window.show_page("server")
    found = palette(window, qtbot, "Qwen3-0.6B")
    assert found == ["Use Qwen3-0.6B", "Unload Qwen3-0.6B"]  # a load can be ended
    assert "Use demo" not in palette(window, qtbot, "use qwen")  # it does already
    qtbot.keyClick(window.palette_sheet.field, Qt.Key.Key_Return)
    assert program.chat.model_id == other.id
    assert window._pages.currentWidget() is window.chat
    assert window.chat.composer._model.currentData() == other.id


def test_the_menu_of_the_menu_bar_item_says_and_does(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    program, menu = program_of(window), window.tray.menu
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
    menu = window.tray.menu
    program_of(window).process._set(ServerState(phase="stopped"))
    menu.fill()
    menu.fill()  # each time it is opened
    said = [one.text() for one in menu.actions() if not one.isEnabled() and one.text()]
    assert said == ["The server is off", "Load", "Unload"]
    assert len(menu.findChildren(QMenu)) == 2


def test_a_window_in_the_dock_comes_back(window: MainWindow, qtbot: QtBot) -> None:
    window.showMinimized()
    qtbot.waitUntil(window.isMinimized)
    window.tray.menu.show_wanted.emit()
    assert not window.isMinimized()
    window.showMaximized()
    window.tray.menu.show_wanted.emit()
    assert window.isMaximized()


def test_whoever_looks_at_a_dialog_is_not_notified(window: MainWindow, qtbot: QtBot) -> None:
    window.activateWindow()
    triggered(window, "Keyboard Shortcuts")
    qtbot.waitUntil(lambda: isinstance(QApplication.activeWindow(), ShortcutSheet))
    assert window.notifier._is_watched()
    sheet = window.findChild(ShortcutSheet)
    assert sheet is not None
    sheet.close()


def test_without_a_place_for_the_item_the_window_ends_the_program(window: MainWindow) -> None:
    assert not window.tray.is_seen  # there is none offscreen
    assert QApplication.quitOnLastWindowClosed()


def test_a_click_on_a_notification_opens_its_conversation(window: MainWindow, qtbot: QtBot) -> None:
    program = program_of(window)
    ask(window, qtbot, "First")
    assert program.chat.conversation is not None
    first = program.chat.conversation.id
    program.chat.new()
    window.show_page("models")
    window.tray.notify("The response is ready", "…", first)
    window.tray._item.messageClicked.emit()
    assert program.chat.conversation is not None
    assert program.chat.conversation.id == first
    assert window._pages.currentWidget() is window.chat


def test_the_first_run_ends_with_a_question_and_does_not_come_back(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    program = program_of(window)
    assert window.chat.first_run.isVisible()
    fake.script = [answer("3")]
    window.chat.composer.text.setPlainText("Half a thought")
    chip = next(
        one for one in window.chat.first_run.findChildren(QToolButton) if "strawberry" in one.text()
    )
    with qtbot.waitSignal(program.chat.finished):
        chip.click()
    assert last(program).content == "3"
    assert window.chat.composer.text.toPlainText() == "Half a thought"
    assert program.chat.conversation is not None
    assert program.chat.conversation.draft == "Half a thought"
    assert program.settings.settings.first_run_done
    program.chat.new()
    assert not window.chat.first_run.isVisible()


def test_whoever_asks_by_themselves_has_begun(window: MainWindow, qtbot: QtBot) -> None:
    ask(window, qtbot, "Hello")
    program_of(window).chat.new()
    assert not window.chat.first_run.isVisible()


@pytest.mark.parametrize("width", [640, 1100])
def test_the_first_run_fits_a_narrow_window(window: MainWindow, qtbot: QtBot, width: int) -> None:
    window.resize(width, 700)
    first_run = window.chat.first_run
    qtbot.waitUntil(lambda: first_run.horizontalScrollBar().maximum() == 0)
    chips = first_run.findChildren(QToolButton)
    assert all(chip.geometry().right() < first_run.viewport().width() for chip in chips)
    # How wide they are depends on the machine's fonts.
    wide = sum(chip.sizeHint().width() + GAP for chip in chips) > WIDTH - 2 * GAP_XL
    assert len({chip.y() for chip in chips}) == (3 if wide or width == 640 else 1)


def test_the_first_run_leads_to_the_models(window: MainWindow) -> None:
    found = [one for one in window.chat.first_run.findChildren(QLabel) if "demo" in one.text()]
    assert found
    window.chat.first_run.models_wanted.emit()
    assert window._pages.currentWidget() is window._late["models"]


def drop(window: MainWindow, paths: list[Path]) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    actions = Qt.DropAction.CopyAction | Qt.DropAction.MoveAction
    left, shift = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier
    enter = QDragEnterEvent(QPoint(5, 5), actions, data, left, shift)
    window.dragEnterEvent(enter)
    assert enter.isAccepted()
    dropped = QDropEvent(QPointF(5, 5), actions, data, left, shift)
    assert dropped.proposedAction() == Qt.DropAction.MoveAction
    window.dropEvent(dropped)
    assert dropped.dropAction() == Qt.DropAction.CopyAction  # the file stays where it is


def test_a_folder_that_is_dropped_is_looked_at_for_models(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint, tmp_path: Path
) -> None:
    folder = tmp_path / "Qwen3-0.6B"
    folder.mkdir()
    drop(window, [folder])
    assert window._pages.currentWidget() is window._late["models"]
    qtbot.waitUntil(lambda: ("POST", "/api/qwen3mlx/folders") in fake.requests)


def test_a_file_that_is_dropped_is_attached(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("Some notes")
    with qtbot.waitSignal(program_of(window).chat.attachments.added):
        drop(window, [file])
    assert [one.name for one in window.chat.composer.attachments] == ["notes.txt"]
    composer = window.chat.composer
    qtbot.waitUntil(lambda: named(composer, QToolButton, "Remove notes.txt").isVisible())
    button(composer, "Remove notes.txt").click()
    assert window.chat.composer.attachments == []


def test_code_takes_the_colours_of_another_theme(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    program = program_of(window)
    program.settings.update(theme="light")
    fake.script = [answer("```python\nprint('x')\n```")]
    ask(window, qtbot, "Code")

    def code() -> str:
        window.chat.messages.lay_out()
        labels = window.chat.messages.viewport().findChildren(QLabel)
        return "".join(one.text() for one in labels if "color: #" in one.text())

    qtbot.waitUntil(lambda: "#4070A0" in code(), timeout=10_000)  # a string, in the light style
    program.settings.update(theme="dark")
    qtbot.waitUntil(lambda: "#A5D6FF" in code(), timeout=10_000)
    assert "#4070A0" not in code()


def test_icons_follow_the_theme(window: MainWindow) -> None:
    program = program_of(window)

    def drawn() -> Any:
        return icon("plus").pixmap(SIZE).toImage()

    program.settings.update(theme="light")
    light = drawn()
    program.settings.update(theme="dark")
    assert drawn() != light


def test_large_text_is_not_cut_off_in_fields(window: MainWindow, qtbot: QtBot) -> None:
    program_of(window).settings.update(font_size=24)
    window.resize(window.minimumSizeHint())
    search = window.sidebar.search
    qtbot.waitUntil(lambda: search.height() >= search.sizeHint().height() > 40)


def test_with_reduced_motion_nothing_blinks(window: MainWindow) -> None:
    program_of(window).settings.update(reduce_motion=True)
    assert QApplication.cursorFlashTime() == 0
    assert not QApplication.isEffectEnabled(Qt.UIEffect.UI_FadeMenu)
    program_of(window).settings.update(reduce_motion=False)
    assert QApplication.cursorFlashTime() > 0


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
    triggered(window, "Keyboard Shortcuts")
    sheet = window.findChild(ShortcutSheet)
    assert sheet is not None
    texts = [label.text() for label in sheet.findChildren(QLabel)]
    assert texts[:4] == [send, "Send Message", line, "Insert Line Break"]
    assert sheet.height() < window.height()
    done = sheet.findChild(QPushButton)
    assert done is not None
    with qtbot.waitSignal(sheet.finished):
        done.click()


def action(window: MainWindow, title: str) -> QAction:
    found = [one for one in window.findChildren(QAction) if one.text() == title]
    assert len(found) == 1
    return found[0]


def triggered(window: MainWindow, title: str) -> None:
    action(window, title).trigger()


def test_what_cannot_be_done_is_not_offered(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    program = program_of(window)
    titles = ("Export…", "Undo Delete", "Stop Generating")

    def offered() -> list[bool]:
        window.palette_sheet.hide()  # it asks when it is opened
        listed = palette(window, qtbot, "")
        assert [title in listed for title in titles] == [
            action(window, title).isEnabled() for title in titles
        ]
        return [title in listed for title in titles]

    assert offered() == [False, False, False]
    go_on = threading.Event()
    fake.script = [[delta(content="So far"), go_on, delta(content=" and on"), ending()]]
    with qtbot.waitSignal(program.chat.finished):
        write(window, qtbot, "Hello")
        assert offered() == [True, False, True]
        go_on.set()
    assert offered() == [True, False, False]
    assert program.chat.conversation is not None
    program.conversations.delete([program.chat.conversation.id])
    assert offered() == [False, True, False]
    triggered(window, "Undo Delete")
    assert offered() == [True, False, False]


def test_the_edit_menu_acts_on_the_field_that_has_the_focus(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.write()
    qtbot.keyClicks(window.chat.composer.text, "Hello")
    for title in ("Select All", "Copy", "Cut"):
        triggered(window, title)
    assert window.chat.composer.text.toPlainText() == ""
    window.search()
    triggered(window, "Paste")
    assert window.sidebar.search.text() == "Hello"
    triggered(window, "Undo")
    assert window.sidebar.search.text() == ""
    triggered(window, "Redo")
    assert window.sidebar.search.text() == "Hello"
