"""The composer has room for what is in it, and the window keeps its size."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot
from qwen3mlx_app.views.attachment_chips import AttachmentChips
from qwen3mlx_app.views.main_window import MainWindow

from ..fake_endpoint import FakeEndpoint, answer
from .support import ask, program_of


def paste(window: MainWindow, text: str) -> None:
    QGuiApplication.clipboard().setText(text)
    window.chat.composer.text.paste()


def lines_shown(window: MainWindow) -> int:
    """The number of whole lines that the field has room for."""
    field = window.chat.composer.text
    room = field.viewport().height() - 2 * field.document().documentMargin()
    return int((room + 1) // field.fontMetrics().lineSpacing())


@pytest.mark.parametrize("size", [11, 14, 24])
def test_the_field_grows_with_pasted_text_at_once(
    window: MainWindow, qtbot: QtBot, size: int
) -> None:
    window.resize(1120, 1000)
    program_of(window).settings.update(font_size=size)
    field = window.chat.composer.text
    qtbot.waitUntil(lambda: field.fontInfo().pixelSize() == size)
    qtbot.waitUntil(lambda: lines_shown(window) == 1)
    paste(window, "one\ntwo\nthree\nfour")
    assert lines_shown(window) == 4
    assert not field.verticalScrollBar().isEnabled()
    field.clear()
    assert lines_shown(window) == 1
    paste(window, "a line that is wrapped " * 18)
    assert lines_shown(window) == field.document().size().height() > 2
    field.clear()
    paste(window, "line\n" * 40)
    assert lines_shown(window) == 10
    assert field.verticalScrollBar().isEnabled()


def test_the_field_follows_the_text_size_and_the_window(window: MainWindow, qtbot: QtBot) -> None:
    paste(window, "one\ntwo\nthree\nfour")
    program_of(window).settings.update(font_size=22)
    qtbot.waitUntil(lambda: lines_shown(window) == 4)
    paste(window, "\nmore" * 20)
    before = window.chat.composer.text.height()
    window.resize(1120, 500)
    assert window.chat.composer.text.height() < before
    assert window.chat.messages.height() >= 0


def chips(window: MainWindow) -> list[QToolButton]:
    return [
        one for one in window.chat.composer.findChildren(QToolButton, "chip") if one.isVisible()
    ]


def test_eleven_attachments_wrap(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window.resize(900, 700)
    qtbot.waitUntil(lambda: window.width() == 900)
    paths = [tmp_path / f"a long name of a file, number {number}.txt" for number in range(11)]
    for path in paths:
        path.write_text("Some words")
    program_of(window).chat.attach(paths)
    qtbot.waitUntil(lambda: all("tokens" in chip.text() for chip in chips(window)))
    qtbot.waitUntil(lambda: len({chip.y() for chip in chips(window)}) > 2)
    assert window.width() == 900
    assert len(chips(window)) == 11
    area = window.chat.composer.findChild(AttachmentChips)
    assert area is not None
    assert area.height() < 200
    for chip in chips(window):
        assert chip.geometry().right() < area.viewport().width()
        assert chip.toolTip().startswith("a long name")
    last = chips(window)[-1]
    qtbot.waitUntil(lambda: 0 <= last.mapTo(area, last.rect().bottomLeft()).y() < area.height())
    last.click()
    qtbot.waitUntil(lambda: len(chips(window)) == 10)
    window.new()
    assert not area.isVisible()


def test_scroll_bars_have_their_space_before_they_are_needed(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    fake.script = [answer("Short."), answer("Long.\n\n" * 100)]
    ask(window, qtbot, "Hi")
    messages = window.chat.messages
    before = messages.viewport().width(), window.chat.composer.text.viewport().width()
    assert not messages.verticalScrollBar().isEnabled()
    ask(window, qtbot, "More")
    qtbot.waitUntil(messages.verticalScrollBar().isEnabled)
    paste(window, "line\n" * 40)
    assert (messages.viewport().width(), window.chat.composer.text.viewport().width()) == before
