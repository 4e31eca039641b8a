"""The focus stays where it was when the message that had it goes."""

from __future__ import annotations

import threading

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget
from pytestqt.qtbot import QtBot
from qwen3mlx_app.views.main_window import MainWindow

from ..fake_endpoint import FakeEndpoint, delta, ending
from .messages import cards, said, told
from .support import ask, button, program_of

Key = Qt.Key


def focused() -> QWidget:
    widget = QApplication.focusWidget()
    assert widget is not None
    return widget


def press(qtbot: QtBot, one: QAbstractButton, key: Qt.Key = Key.Key_Space) -> None:
    one.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(one, key)


def versions(window: MainWindow, qtbot: QtBot, count: int) -> None:
    """A question with this many answers."""
    ask(window, qtbot, "Hi")
    for _ in range(count - 1):
        with qtbot.waitSignal(program_of(window).chat.finished):
            program_of(window).chat.regenerate(cards(window)[-1]._message.id)
    cards(window)


def place(window: MainWindow) -> int:
    return program_of(window).chat.messages.value(1).version


def test_a_step_between_versions_keeps_its_button(window: MainWindow, qtbot: QtBot) -> None:
    versions(window, qtbot, 4)
    press(qtbot, button(cards(window)[1], "Previous version"))
    cards(window)
    assert focused() is button(cards(window)[1], "Previous version")
    qtbot.keyClick(focused(), Key.Key_Space)
    cards(window)
    assert place(window) == 1
    qtbot.keyClick(focused(), Key.Key_Space)
    cards(window)
    assert place(window) == 0
    assert focused() is cards(window)[1]  # there is no earlier one, so the button is off


def test_arrows_go_through_the_versions_of_a_message(window: MainWindow, qtbot: QtBot) -> None:
    versions(window, qtbot, 3)
    cards(window)[1].setFocus()
    for key, now in ((Key.Key_Left, 1), (Key.Key_Left, 0), (Key.Key_Left, 0), (Key.Key_Right, 1)):
        qtbot.keyClick(focused(), key)
        answer = cards(window)[1]
        assert focused() is answer
        assert place(window) == now


def test_an_answer_that_comes_anew_keeps_the_focus(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    ask(window, qtbot, "Hi")
    go_on = threading.Event()
    fake.script = [[delta(content="So"), go_on, ending()]]
    press(qtbot, button(cards(window)[1], "Regenerate"))
    qtbot.waitUntil(lambda: focused() is cards(window)[-1])
    with qtbot.waitSignal(program_of(window).chat.finished):
        go_on.set()
    cards(window)
    assert focused() is cards(window)[1]


def test_what_is_pressed_and_goes_leaves_the_focus_on_its_message(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    told(window, said("Hi?", "user"), said("Well", status="stopped"))
    go_on = threading.Event()
    fake.script = [[delta(content=" so"), go_on, ending()]]
    press(qtbot, button(cards(window)[1], "Continue"))
    assert program_of(window).chat.is_busy
    assert focused() is cards(window)[1]
    with qtbot.waitSignal(program_of(window).chat.finished):
        go_on.set()
    assert focused() is cards(window)[1]


def test_a_deleted_message_leaves_the_focus_to_the_one_above(
    window: MainWindow, qtbot: QtBot
) -> None:
    told(window, said("Hi?", "user"), said("Yes."), said("And?", "user"), said("No."))
    press(qtbot, button(cards(window)[3], "Delete from Here"))
    assert len(cards(window)) == 3
    assert focused() is cards(window)[2]
    cards(window)[0].setFocus()
    press(qtbot, button(cards(window)[0], "Delete from Here"))
    qtbot.waitUntil(lambda: focused() is window.chat.composer.text)
    assert not cards(window)


def test_a_deleted_version_leaves_the_focus_to_another(window: MainWindow, qtbot: QtBot) -> None:
    versions(window, qtbot, 3)
    press(qtbot, button(cards(window)[1], "Delete from Here"))
    cards(window)
    assert focused() is button(cards(window)[1], "Delete from Here")


def test_another_theme_leaves_the_focus_where_it_is(window: MainWindow, qtbot: QtBot) -> None:
    told(window, said("Hi?", "user"), said("Yes."))
    button(cards(window)[1], "Edit Message").setFocus()
    program_of(window).settings.update(theme="dark")
    cards(window)
    assert focused() is button(cards(window)[1], "Edit Message")
