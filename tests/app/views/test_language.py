"""Another language, while the window is open."""

from __future__ import annotations

import gc
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QComboBox, QLabel
from pytestqt.qtbot import QtBot
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.number_field import NumberField

from ..fake_endpoint import FakeEndpoint, answer
from .support import ask, named, program_of, seen, visible_texts


def speak(window: MainWindow, language: str, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.rebuilt):
        program_of(window).settings.update(language=language)
    QApplication.sendPostedEvents()
    gc.collect()


def menu_titles(window: MainWindow) -> list[str]:
    """Without the letters that open them with Alt."""
    texts = [action.text() for action in window.menuBar().actions()]
    return [text.split("(&")[0].replace("&", "") for text in texts]


def test_everything_is_said_anew_and_nothing_is_lost(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    fake.script = [answer("An answer."), answer("Another answer.")]
    ask(window, qtbot, "Hello")
    window.chat.composer.text.setPlainText("Half a question")
    window.body.set_sidebar_width(310)
    width = window.body.splitter.sizes()[0]
    assert 300 < width < 320
    window.show_page("settings")
    box = named(window.page, QComboBox, "Language")
    assert isinstance(box, QComboBox)
    box.setCurrentIndex(box.findData("zh_CN"))
    with qtbot.waitSignal(window.rebuilt):
        box.activated.emit(box.currentIndex())
    QApplication.sendPostedEvents()
    [told] = [one.text for one in program_of(window).notices.shown if "Language" in one.text]
    assert told == "Language was changed."  # which whoever chose it can read
    assert menu_titles(window) == ["文件", "编辑", "对话", "模型", "显示", "窗口", "帮助"]
    assert window.pages.name == "settings"
    assert window.sidebar.isHidden()
    assert "通用" in visible_texts(window.page)
    assert named(window.page, NumberField, "文字大小").isVisible()
    window.show_page("chat")
    QApplication.sendPostedEvents()
    assert window.body.splitter.sizes()[0] == width
    assert "An answer." in seen(window)
    assert window.chat.composer.text.toPlainText() == "Half a question"
    assert window.chat.composer.text.placeholderText() == "向 Qwen 提问…"
    window.chat.composer.text.clear()
    ask(window, qtbot, "And now?")
    assert "Another answer." in seen(window)
    assert fake.bodies[-1]["messages"][-1]["content"] == "And now?"  # asked once
    assert len(fake.bodies) == 2
    speak(window, "en", qtbot)
    assert menu_titles(window)[0] == "File"


def test_parts_of_the_former_language_are_gone(window: MainWindow, qtbot: QtBot) -> None:
    def count(kind: type[QObject]) -> int:
        assert window.chat.picker  # made when it is wanted
        return len(window.findChildren(kind))

    kinds: list[Any] = [QLabel, QAction, QObject]
    speak(window, "zh_CN", qtbot)
    before = [count(kind) for kind in kinds]
    speak(window, "en", qtbot)
    speak(window, "zh_CN", qtbot)
    assert [count(kind) for kind in kinds] == before
    program = program_of(window)
    program.settings.update(show_tray=False, theme="dark")
    program.conversations.save_preset("One", program.chat.conversation.settings)  # type: ignore[union-attr]
    assert program.settings.settings.theme == "dark"
