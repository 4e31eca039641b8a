"""Keys that work wherever the focus is: Enter on a button, Alt, F10 and Shift+F10."""

from __future__ import annotations

import sys

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QMenu, QTabBar
from pytestqt.qtbot import QtBot
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.plain import Button, ToolButton
from qwen3mlx_app.views.pressing import EnterPresses
from qwen3mlx_app.views.switch import Switch

from .messages import cards, said, told
from .support import button, program_of
from .test_focus import PAGES

Key, Held = Qt.Key, Qt.KeyboardModifier
no_mac = pytest.mark.skipif(sys.platform == "darwin", reason="a Mac has other keys for menus")


def type_key(window: MainWindow, key: Qt.Key, held: Qt.KeyboardModifier = Held.NoModifier) -> None:
    """As the system hands it to the window, so that shortcuts come first."""
    handle = window.windowHandle()
    assert handle is not None
    QTest.keyClick(handle, key, held)


def menu_of(window: MainWindow, key: Qt.Key, held: Qt.KeyboardModifier) -> list[str]:
    """What the menu has that a key opens."""
    found: list[list[str]] = []

    def read() -> None:
        menu = QApplication.activePopupWidget()
        if isinstance(menu, QMenu):
            found.append([action.text() for action in menu.actions()])
            menu.close()

    timer = QTimer(window)  # a context menu waits until it is closed
    timer.timeout.connect(read)
    timer.start(1)
    type_key(window, key, held)
    QTest.qWait(20)
    timer.stop()
    window.activateWindow()
    return found[0] if found else []


@pytest.mark.parametrize("kind", [Button, ToolButton, Switch])
def test_enter_presses_a_button_once(window: MainWindow, qtbot: QtBot, kind: type) -> None:
    one = kind("x", window.theme, window) if kind is Switch else kind(parent=window)
    pressed: list[bool] = []
    one.clicked.connect(lambda *_: pressed.append(True))
    one.show()
    one.setFocus()
    for count, key in enumerate((Key.Key_Return, Key.Key_Enter, Key.Key_Space), 1):
        qtbot.keyPress(one, key)
        assert one.isDown()
        qtbot.keyRelease(one, key)
        assert len(pressed) == count
    qtbot.keyClick(one, Key.Key_Return, Held.ControlModifier)
    assert len(pressed) == 3


def test_all_buttons_that_tab_leads_to_are_pressed_so(window: MainWindow) -> None:
    told(window, said("Hi?", "user"), said("Yes.", reasoning="Hm"))
    cards(window)
    for name in PAGES:
        window.show_page(name)
        QApplication.processEvents()
    buttons = [
        one
        for one in window.body.findChildren(QAbstractButton)
        if one.focusPolicy() & Qt.FocusPolicy.TabFocus and not isinstance(one.parent(), QTabBar)
    ]
    assert len(buttons) > 50
    assert [one for one in buttons if not isinstance(one, EnterPresses)] == []


def test_enter_on_edit_opens_the_edit_and_sends_nothing(window: MainWindow, qtbot: QtBot) -> None:
    told(window, said("Hi?", "user"), said("Yes."))
    window.chat.composer.text.setPlainText("a draft")
    edit = button(cards(window)[1], "Edit Message")
    edit.setFocus()
    type_key(window, Key.Key_Return)
    cards(window)
    assert QApplication.focusWidget().accessibleName() == "Edit message"
    assert not program_of(window).chat.is_busy
    assert window.chat.composer.text.toPlainText() == "a draft"


@no_mac
def test_alt_opens_the_menus_and_types_nothing(window: MainWindow) -> None:
    field = window.chat.composer.text
    field.setFocus()
    assert "New Conversation" in menu_of(window, Key.Key_F, Held.AltModifier)
    field.setFocus()
    assert "Regenerate" in menu_of(window, Key.Key_C, Held.AltModifier)
    field.setFocus()
    assert menu_of(window, Key.Key_X, Held.AltModifier) == []
    assert field.toPlainText() == ""
    type_key(window, Key.Key_X)
    assert field.toPlainText() == "x"
    window.sidebar.search.setFocus()
    type_key(window, Key.Key_X, Held.AltModifier)
    assert window.sidebar.search.text() == ""


@no_mac
def test_each_menu_has_a_letter_of_its_own_in_any_language(
    window: MainWindow, qtbot: QtBot
) -> None:
    for language in ("en", "zh_CN"):
        titles = [action.text() for action in window.menuBar().actions()]
        letters = [title[title.index("&") + 1] for title in titles]
        assert sorted(letters) == sorted(set("FECMVWH")), language
        with qtbot.waitSignal(window.rebuilt):
            other = "zh_CN" if language == "en" else "en"
            program_of(window).settings.update(language=other)


@no_mac
def test_f10_opens_the_first_menu(window: MainWindow) -> None:
    window.chat.composer.text.setFocus()
    assert "New Conversation" in menu_of(window, Key.Key_F10, Held.NoModifier)


@no_mac
def test_shift_f10_opens_the_menu_of_what_has_the_focus(window: MainWindow) -> None:
    told(window, said("Hi?", "user"), said("Yes."))
    cards(window)[1].setFocus()
    assert "Copy as Markdown" in menu_of(window, Key.Key_F10, Held.ShiftModifier)
    button(cards(window)[1], "Regenerate").setFocus()
    assert "Copy as Markdown" in menu_of(window, Key.Key_F10, Held.ShiftModifier)
    window.chat.composer.text.setFocus()
    texts = menu_of(window, Key.Key_F10, Held.ShiftModifier)
    assert any("Paste" in text for text in texts)
    window.sidebar.list.setFocus()
    assert menu_of(window, Key.Key_F10, Held.ShiftModifier)
