"""The menus' commands for the open conversation and the window, by their keys."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QDir, QStandardPaths, Qt
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot
from qwen3mlx_app.domain import AppSettings, ServerState
from qwen3mlx_app.views import file_dialogs
from qwen3mlx_app.views.main_window import MainWindow

from ..fake_endpoint import FakeEndpoint, answer
from .messages import said, told
from .support import action, ask, button, program_of, trigger

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
META = Qt.KeyboardModifier.MetaModifier
TITLES = ("First question", "Second question", "Third question")


def press(window: MainWindow, qtbot: QtBot, key: Qt.Key, modifiers: Any = CONTROL) -> None:
    qtbot.keyClick(QApplication.focusWidget() or window, key, modifiers)


def title(window: MainWindow) -> str:
    shown = program_of(window).chat.conversation
    return shown.title if shown else ""


@pytest.fixture
def three(window: MainWindow, qtbot: QtBot) -> MainWindow:
    """With three conversations, the last one open."""
    for text in TITLES:
        program_of(window).chat.new()
        ask(window, qtbot, text)
    program_of(window).sections.refresh()
    return window


def test_regenerate_and_copy_last_are_for_the_last_answer(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    assert not action(window, "Copy Last Answer").isEnabled()
    fake.script = [answer("One."), answer("Two.")]
    ask(window, qtbot, "Hello")
    with qtbot.waitSignal(program_of(window).chat.finished):
        press(window, qtbot, Qt.Key.Key_R)
    press(window, qtbot, Qt.Key.Key_C, CONTROL | SHIFT)
    assert QApplication.clipboard().text() == "Two."


def test_an_answer_that_was_stopped_goes_on(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    told(window, said("Hi?", "user"), said("Well."))
    assert not action(window, "Continue Answer").isEnabled()
    told(window, said("Hi?", "user"), said("Well", status="stopped"))
    fake.script = [answer(" and so on.")]
    with qtbot.waitSignal(program_of(window).chat.finished):
        press(window, qtbot, Qt.Key.Key_R, CONTROL | Qt.KeyboardModifier.AltModifier)
    assert program_of(window).chat.messages.value(1).message.content == "Well and so on."
    assert not action(window, "Continue Answer").isEnabled()


def test_the_open_conversation_is_pinned_and_deleted(three: MainWindow, qtbot: QtBot) -> None:
    chat = program_of(three).chat
    pin = action(three, "Pin")
    assert pin.isEnabled()
    trigger(three, "Pin")
    assert chat.conversation is not None
    assert chat.conversation.pinned
    assert pin.isChecked()
    trigger(three, "Pin")
    assert not pin.isChecked()
    press(three, qtbot, Qt.Key.Key_Backspace, CONTROL | SHIFT)
    assert program_of(three).conversations.conversations.rowCount() == 2
    assert not action(three, "Delete Conversation").isEnabled()  # a new one is open


def test_thinking_is_turned_on_and_off(window: MainWindow, qtbot: QtBot) -> None:
    think = action(window, "Think Before Answering")
    before = think.isChecked()
    press(window, qtbot, Qt.Key.Key_T, CONTROL | SHIFT)
    assert program_of(window).chat.thinking_mode("").is_on is not before
    assert think.isChecked() is not before


def test_the_next_and_the_previous_conversation_go_around(three: MainWindow, qtbot: QtBot) -> None:
    trigger(three, "Focus Message Field")
    for expected in ("Second question", "First question", "Third question"):
        press(three, qtbot, Qt.Key.Key_Tab)
        assert title(three) == expected
    press(three, qtbot, Qt.Key.Key_Backtab, CONTROL | SHIFT)
    assert title(three) == "First question"


def test_back_and_forward_go_through_conversations_and_pages(
    three: MainWindow, qtbot: QtBot
) -> None:
    program = program_of(three)
    known = program.conversations.conversations.values()
    three.open(known[1].id)
    three.show_page("server")
    three.open(known[2].id)
    places = []
    for _ in range(3):
        trigger(three, "Back")
        places.append((three.pages.name, title(three)))
    assert places == [
        ("server", "First question"),
        ("chat", "Second question"),
        ("chat", "Third question"),
    ]
    for _ in range(3):
        trigger(three, "Forward")
    assert (three.pages.name, title(three)) == ("chat", "First question")
    program.conversations.delete([known[1].id])
    for _ in range(2):
        trigger(three, "Back")
    assert title(three) == "Third question"  # past the one that is gone


def test_the_size_of_text_follows_its_keys(window: MainWindow, qtbot: QtBot) -> None:
    settings, usual = program_of(window).settings, AppSettings().font_size
    press(window, qtbot, Qt.Key.Key_Equal)
    assert settings.settings.font_size == usual + 1
    assert QApplication.font().pixelSize() == usual + 1
    press(window, qtbot, Qt.Key.Key_Minus)
    press(window, qtbot, Qt.Key.Key_Minus)
    assert settings.settings.font_size == usual - 1
    for _ in range(30):
        settings.zoom(-1)
    assert settings.settings.font_size == 10
    press(window, qtbot, Qt.Key.Key_0)
    assert settings.settings.font_size == usual


def test_the_sidebar_is_hidden_and_stays_so(window: MainWindow, qtbot: QtBot) -> None:
    assert window.sidebar.isVisible()
    if sys.platform == "darwin":
        press(window, qtbot, Qt.Key.Key_S, CONTROL | META)
    else:
        press(window, qtbot, Qt.Key.Key_F9, Qt.KeyboardModifier.NoModifier)
    assert not window.sidebar.isVisible()
    window.show_page("server")
    window.show_page("chat")
    assert not window.sidebar.isVisible()
    assert not program_of(window).settings.settings.sidebar_shown
    trigger(window, "Search Conversations")  # needs it
    assert window.sidebar.search.hasFocus()
    button(window.chat, "Show or hide the sidebar").click()
    assert not window.sidebar.isVisible()


def test_the_theme_is_chosen_in_the_menu(window: MainWindow) -> None:
    trigger(window, "Dark")
    assert window.theme.is_dark
    assert action(window, "Dark").isChecked()
    trigger(window, "Light")
    assert not window.theme.is_dark
    assert not action(window, "Dark").isChecked()


def test_the_window_fills_the_screen_and_comes_back(window: MainWindow) -> None:
    trigger(window, "Full Screen")
    assert window.isFullScreen()
    trigger(window, "Full Screen")
    assert not window.isFullScreen()
    trigger(window, "Zoom")
    assert window.isMaximized()
    trigger(window, "Zoom")
    assert not window.isMaximized()


def test_all_conversations_are_exported_and_dialogs_begin_in_documents(
    three: MainWindow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    documents, home, chosen = (tmp_path / name for name in ("documents", "home", "chosen"))
    for folder in (documents, home, chosen):
        folder.mkdir()
    monkeypatch.setattr(QStandardPaths, "writableLocation", lambda _: str(documents))
    monkeypatch.setattr(QDir, "homePath", lambda: str(home))
    asked: list[str] = []
    path = chosen / "all.md"

    def choose(dialog: QFileDialog) -> int:
        asked.append(dialog.directory().path())
        dialog.selectFile(str(path))
        dialog.accept()
        return dialog.result()

    monkeypatch.setattr(QFileDialog, "exec", choose)
    trigger(three, "Export All…")
    written = path.read_text(encoding="utf-8")
    assert all(text in written for text in TITLES)
    assert asked == [str(documents)]
    assert file_dialogs.begin() == str(chosen)  # where the next one begins
    shutil.rmtree(chosen)
    shutil.rmtree(documents)
    assert file_dialogs.begin() == str(home)


def test_files_are_attached_from_the_menu(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, qtbot: QtBot
) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("some notes")
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(path)], ""))
    window.show_page("server")
    trigger(window, "Attach Files…")
    assert window.page is window.chat
    qtbot.waitUntil(lambda: len(window.chat.composer.attachments) == 1)


def test_the_menu_offers_what_the_server_can_do(window: MainWindow) -> None:
    titles = ("Start Server", "Stop Server", "Restart Server")
    assert [action(window, one).isEnabled() for one in titles] == [False, True, True]
    program_of(window).process._set(ServerState(phase="stopped"))
    assert [action(window, one).isEnabled() for one in titles] == [True, False, False]


def test_everything_is_in_the_palette(window: MainWindow) -> None:
    window.palette_sheet.open()
    titles = {entry.title for entry in window.palette_sheet.everything()}
    wanted = {"Theme: Dark", "Theme: Light", "Theme: Match System", "Think Before Answering"}
    wanted |= {"Attach Files…", "Next Conversation", "Previous Conversation", "Stop Server"}
    assert wanted | {"Choose Model…", "Show or Hide Sidebar", "Zoom In", "Back"} <= titles


def test_an_answer_is_made_again_with_another_model_this_once(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    program = program_of(window)
    ask(window, qtbot, "Hello")
    demo = program.models.models.value(0)
    program.models.models.put(replace(demo, id="Qwen/Qwen3-0.6B"))
    program.models.refreshed.emit()
    press(window, qtbot, Qt.Key.Key_R, CONTROL | SHIFT)
    picker = window.chat.picker
    qtbot.keyClicks(picker.field, "0.6b")
    with qtbot.waitSignal(program.chat.finished):
        qtbot.keyClick(picker.field, Qt.Key.Key_Return)
    assert fake.bodies[-1]["model"] == "Qwen/Qwen3-0.6B"
    assert fake.bodies[-1]["messages"][-1]["content"] == "Hello"
    last = program.chat.last_answer
    assert last is not None
    assert last.model == "Qwen/Qwen3-0.6B"
    assert program.chat.conversation is not None
    assert program.chat.conversation.model == "demo"
    trigger(window, "Choose Model…")  # chooses the conversation's again
    qtbot.keyClicks(picker.field, "0.6b")
    qtbot.keyClick(picker.field, Qt.Key.Key_Return)
    assert program.chat.model_id == "Qwen/Qwen3-0.6B"
    assert len(fake.bodies) == 2
