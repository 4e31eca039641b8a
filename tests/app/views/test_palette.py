"""The command palette: what it offers, and how it is used."""

from __future__ import annotations

import threading
from dataclasses import replace

from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtWidgets import (
    QFrame,
    QListView,
)
from pytestqt.qtbot import QtBot
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.server import ServerPage

from ..fake_endpoint import FakeEndpoint, delta, ending
from .support import action, ask, named, program_of, trigger, visible_texts, write


def palette(window: MainWindow, qtbot: QtBot, text: str) -> list[str]:
    if not window.palette_sheet.isVisible():
        window.palette_sheet.open()
    window.palette_sheet.field.clear()
    qtbot.keyClicks(window.palette_sheet.field, text)
    return listed(window)


def frame_of(window: MainWindow) -> QFrame:
    found = window.palette_sheet.findChild(QFrame, "sheet")
    assert isinstance(found, QFrame)
    return found


def commands(window: MainWindow) -> QListView:
    found = named(window.palette_sheet, QListView, "Commands")
    assert isinstance(found, QListView)
    return found


def listed(window: MainWindow) -> list[str]:
    """What the palette offers."""
    model = commands(window).model()
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def test_the_palette_does_what_is_chosen(window: MainWindow, qtbot: QtBot) -> None:
    field = window.palette_sheet.field
    assert palette(window, qtbot, "server")[0] == "Server"
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert not window.palette_sheet.isVisible()
    assert isinstance(window.page, ServerPage)


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
    assert commands(window).currentIndex().row() == 1
    for _ in range(3):
        qtbot.keyClick(sheet.field, Qt.Key.Key_Up)
    assert commands(window).currentIndex().row() == 0
    qtbot.keyClick(sheet.field, Qt.Key.Key_Escape)
    assert not sheet.isVisible()
    assert palette(window, qtbot, "zzzz") == []
    assert visible_texts(sheet) == ["No results"]
    qtbot.keyClick(sheet.field, Qt.Key.Key_Return)  # nothing to do
    assert sheet.isVisible()


def test_the_focus_goes_back_to_where_it_was(window: MainWindow, qtbot: QtBot) -> None:
    trigger(window, "Focus Message Field")
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
    at_its_edge = frame_of(window).geometry().topLeft() + QPoint(3, 30)
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
    assert window.palette_sheet.rect().contains(frame_of(window).geometry())


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
    assert window.page is window.chat
    assert window.chat.composer.model.text() == "Qwen3-0.6B"


def test_what_cannot_be_done_is_not_offered(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    program = program_of(window)
    titles = ["Export…", "Undo Last Action", "Stop Generating"]

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
    titles[1] = "Undo Delete Conversation"
    assert offered() == [False, True, False]
    trigger(window, "Undo Delete Conversation")
    titles[1] = "Undo Last Action"
    assert offered() == [True, False, False]
