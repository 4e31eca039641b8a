"""Colours, icons and sizes follow the settings."""

from __future__ import annotations

from typing import Any

import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QCompleter,
    QLabel,
    QLineEdit,
    QStyle,
    QStyleOptionComboBox,
)
from pytestqt.qtbot import QtBot
from qwen3mlx_app.views.colours import DARK, LIGHT
from qwen3mlx_app.views.icons import SIZE, icon
from qwen3mlx_app.views.main_window import MainWindow

from ..fake_endpoint import FakeEndpoint, answer
from .support import ask, program_of


def test_a_list_in_a_window_of_its_own_has_a_ground(window: MainWindow, qtbot: QtBot) -> None:
    """As what Qt's file dialog shows below the name that is typed."""
    field, completer = QLineEdit(window), QCompleter(["notes.md", "notes.json"])
    field.setCompleter(completer)
    field.show()
    for theme, ground in (("dark", DARK.surface), ("light", LIGHT.surface)):
        program_of(window).settings.update(theme=theme)
        completer.setCompletionPrefix("notes")
        completer.complete()
        shown = completer.popup()
        assert shown.isVisible()
        corner = shown.grab().toImage().pixelColor(shown.width() - 12, shown.height() - 8)
        assert corner.name() == ground.lower()
        shown.hide()
    shiboken6.delete(completer)  # and its list


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


def test_choices_open_as_lists(window: MainWindow) -> None:
    """As menus, Qt draws them in colours of its own, within a second frame."""
    window.show_page("settings")
    boxes = window.page.findChildren(QComboBox)
    assert boxes
    for box in boxes:
        option = QStyleOptionComboBox()
        option.initFrom(box)
        assert not box.style().styleHint(QStyle.StyleHint.SH_ComboBox_Popup, option, box)


def test_icons_follow_the_theme(window: MainWindow) -> None:
    program = program_of(window)

    def drawn() -> Any:
        return icon("plus").pixmap(SIZE, SIZE).toImage()

    program.settings.update(theme="light")
    light = drawn()
    program.settings.update(theme="dark")
    assert drawn() != light


def test_large_text_is_not_cut_off_in_fields(window: MainWindow, qtbot: QtBot) -> None:
    search = window.sidebar.search
    before = search.sizeHint().height()
    program_of(window).settings.update(font_size=24)
    window.resize(window.minimumSizeHint())
    qtbot.waitUntil(lambda: search.height() >= search.sizeHint().height() > before)


def test_with_reduced_motion_nothing_blinks(window: MainWindow) -> None:
    program_of(window).settings.update(reduce_motion=True)
    assert QApplication.cursorFlashTime() == 0
    assert not QApplication.isEffectEnabled(Qt.UIEffect.UI_FadeMenu)
    program_of(window).settings.update(reduce_motion=False)
    assert QApplication.cursorFlashTime() > 0
