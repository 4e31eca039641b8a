"""The window is as small as a person wants it, down to 480 pixels, and never widens by itself."""

from __future__ import annotations

from itertools import pairwise

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QScrollArea, QWidget
from pytestqt.qtbot import QtBot
from qwen3mlx_app.controllers.drafts import DraftFile
from qwen3mlx_app.domain import Notice
from qwen3mlx_app.views.attachment_chips import AttachmentChips
from qwen3mlx_app.views.chat_header import ChatHeader
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.message_card import MessageCard
from qwen3mlx_app.views.message_footer import Footer
from qwen3mlx_app.views.page import FIELD
from qwen3mlx_app.views.part_widgets import CodePart
from qwen3mlx_app.views.plain import NameLabel
from qwen3mlx_app.views.rich_text import RichLabel
from qwen3mlx_app.views.theme import GAP_L

from ..fake_endpoint import FakeEndpoint, answer
from .support import ask, button, program_of, trigger


def is_whole(window: MainWindow, widget: QWidget) -> bool:
    """All of it is within the window and every widget that holds it."""
    holder = widget.parentWidget()
    while holder is not None:
        place = widget.rect().translated(widget.mapTo(holder, widget.rect().topLeft()))
        if not holder.rect().contains(place):
            return False
        holder = None if holder is window else holder.parentWidget()
    return widget.isVisible()


def buttons(window: MainWindow) -> list[QAbstractButton]:
    composer = window.chat.composer
    return [one for one in composer.findChildren(QAbstractButton) if one.isVisible()]


@pytest.mark.parametrize("size", [11, 14, 24])
def test_480_pixels_are_enough(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint, size: int
) -> None:
    program_of(window).settings.update(font_size=size)
    fake.script = [answer("word " * 410 + "x" * 300 + "\n\n```\n" + "y" * 300 + "\n```")]
    window.resize(480, 600)
    ask(window, qtbot, "Hi " + "z" * 200)
    qtbot.waitUntil(window.chat.composer._meter.isVisible)
    assert window.width() == 480
    assert window.chat.composer.text.viewport().width() > 250
    assert window.chat.composer.x() == window.chat.messages.x() + GAP_L  # where the text begins
    for one in buttons(window):
        assert is_whole(window, one), one.accessibleName()
    if size <= 14:
        assert not window.sidebar.isVisible()


def hidden_width(window: MainWindow) -> int:
    """How far a page can be scrolled sideways, in pixels."""
    return window.page.findChildren(QScrollArea)[0].horizontalScrollBar().maximum()


def fields(window: MainWindow) -> list[QWidget]:
    """The fields of a page that shrink where there is no room."""
    found = [one for one in window.page.findChildren(QWidget) if one.maximumWidth() == FIELD]
    return [one for one in found if one.isVisible()]


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_480_pixels_are_enough_for_each_page(
    window: MainWindow, qtbot: QtBot, language: str
) -> None:
    if language != "en":
        with qtbot.waitSignal(window.rebuilt):
            program_of(window).settings.update(language=language)
        QApplication.sendPostedEvents()
    for name in ("models", "quantize", "tools", "server", "settings"):
        window.resize(480, 600)
        window.show_page(name)
        qtbot.waitUntil(lambda: hidden_width(window) == 0)
        window.resize(1200, 600)
        qtbot.waitUntil(lambda: all(one.width() == FIELD for one in fields(window)))


def test_nothing_in_it_widens_the_window(window: MainWindow, qtbot: QtBot) -> None:
    window.resize(700, 600)
    program = program_of(window)
    ask(window, qtbot, "Hi")
    program.notices.add(Notice(text="x" * 500, kind="error", action="start_server"))
    names = [f"{number}{'a' * 200}.txt" for number in range(3)]
    window.chat.composer.show_files([DraftFile(id=name, name=name) for name in names])
    program.conversations.rename(program.conversations.conversations.value(0).id, "t" * 300)
    program.settings.update(font_size=22)
    for page in ("models", "tools", "quantize", "server", "settings", "chat"):
        window.show_page(page)
        qtbot.waitUntil(window.page.isVisible)
    assert window.width() == 700
    assert window.minimumWidth() == 480


def test_the_sidebar_takes_turns_with_the_page(window: MainWindow, qtbot: QtBot) -> None:
    ask(window, qtbot, "Keep me")
    assert window.sidebar.isVisible()
    window.resize(480, 600)
    assert not window.sidebar.isVisible()
    trigger(window, "Search Conversations")
    assert window.sidebar.search.hasFocus()
    qtbot.waitUntil(lambda: window.sidebar.width() > 300)
    assert not window.chat.isVisible()
    qtbot.keyClicks(window.sidebar.search, "keep")
    qtbot.waitUntil(window.sidebar.found.isVisible)
    qtbot.keyClick(window.sidebar.search, Qt.Key.Key_Return)
    assert window.chat.isVisible()
    assert not window.sidebar.isVisible()
    window.body.toggle_sidebar()
    assert window.sidebar.isVisible()
    window.body.toggle_sidebar()
    assert window.chat.isVisible()
    window.resize(1000, 600)
    assert window.sidebar.isVisible()
    assert window.chat.isVisible()


def test_the_settings_take_the_place_of_the_conversation(window: MainWindow, qtbot: QtBot) -> None:
    ask(window, qtbot, "Hi")
    window.resize(480, 600)
    window.chat.show_panel(True)
    assert window.chat.panel.isVisible()
    assert not window.chat.messages.isVisible()
    assert is_whole(window, button(window.chat, "Conversation settings"))
    button(window.chat, "Conversation settings").click()
    assert window.chat.messages.isVisible()
    window.chat.show_panel(True)
    window.resize(1100, 600)
    assert window.chat.panel.isVisible()
    assert window.chat.messages.isVisible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_title_that_is_cut_says_so(window: MainWindow, qtbot: QtBot, theme: str) -> None:
    program_of(window).settings.update(theme=theme)
    ask(window, qtbot, "Compare two ways to count words in Python, and say which is faster")
    window.resize(480, 600)
    header = window.chat.findChild(ChatHeader)
    assert isinstance(header, ChatHeader)
    title = header.title
    qtbot.waitUntil(lambda: title.shown().endswith("…"))
    picture = title.grab().toImage()
    end = {picture.pixelColor(picture.width() - 1, y).rgb() for y in range(picture.height())}
    assert len(end) == 1  # no letter is cut
    colour = QColor(window.theme.colours.text)
    assert any(
        picture.pixelColor(x, y) == colour
        for x in range(picture.width())
        for y in range(picture.height())
    )
    window.resize(1400, 600)
    qtbot.waitUntil(lambda: title.shown() == title.text())


@pytest.mark.parametrize("size", [11, 24])
def test_the_head_of_code_holds_its_language(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint, size: int
) -> None:
    program_of(window).settings.update(font_size=size)
    fake.script = [answer("```python\nprint(1)\n```")]
    ask(window, qtbot, "Code")
    window.chat.messages.lay_out()
    [code] = window.chat.messages.findChildren(CodePart)
    [language] = code.findChildren(NameLabel)
    assert language.height() >= language.sizeHint().height()
    first = min(one.y() for one in code.parentWidget().findChildren(RichLabel))
    assert language.mapTo(code.parentWidget(), language.rect().bottomLeft()).y() < first


def test_files_and_notices_leave_the_message_its_room(window: MainWindow, qtbot: QtBot) -> None:
    program, composer = program_of(window), window.chat.composer
    program.settings.update(font_size=24)
    window.resize(480, 780)
    names = [f"{number}{'a' * 200}.txt" for number in range(11)]
    composer.show_files([DraftFile(id=name, name=name) for name in names])
    program.notices.add(Notice(text="This file is no text. " * 20, kind="warning"))
    window.chat.context_bar.findChildren(QLabel)[0].setText("Too long for the model. " * 3)
    window.chat.context_bar.show()
    composer.text.setPlainText("word " * 2000)
    chips = composer.findChild(AttachmentChips)
    assert chips is not None
    qtbot.waitUntil(lambda: composer.height() >= composer.minimumSizeHint().height())
    parts: list[QWidget] = [chips, composer.text, button(composer, "Send")]
    for above, below in pairwise(parts):
        assert above.geometry().bottom() < below.geometry().top()
    assert composer.rect().contains(parts[-1].geometry())
    assert chips.height() > 40  # a whole one


def test_a_menu_bar_without_room_says_that_there_is_more(window: MainWindow, qtbot: QtBot) -> None:
    program_of(window).settings.update(font_size=24)
    window.resize(480, 600)
    more = button(window.menuBar(), "More menus")
    QApplication.processEvents()
    picture = window.menuBar().grab(more.geometry()).toImage()
    rows, columns = range(picture.height()), range(picture.width())
    darkest = min(picture.pixelColor(x, y).lightness() for x in columns for y in rows)
    assert darkest < 150, "the sign is drawn, not only a part of its border"
    window.resize(1200, 600)
    qtbot.waitUntil(lambda: not more.isVisible())


def test_a_question_is_whole_beside_or_above_its_buttons(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    fake.script = [answer("Three."), answer("Four.")]
    ask(window, qtbot, "How many r's are in strawberry?")
    program = program_of(window)
    question = program.chat.messages.value(0).message
    with qtbot.waitSignal(program.chat.finished):
        program.chat.edit(question.id, "How many r's are in raspberry?")
    window.resize(480, 780)
    for size in (14, 24):
        program.settings.update(font_size=size)
        QApplication.processEvents()
        window.chat.messages.lay_out()
        card = window.chat.messages.findChildren(MessageCard)[0]
        [label] = card.labels()
        assert label.width() >= label.fontMetrics().horizontalAdvance("raspberry?")
        [footer] = card.findChildren(Footer)
        assert footer.findChildren(NameLabel)[0].shown().startswith("2/2")
        bubble = label.mapTo(card, label.rect().topLeft()).y()
        assert footer.y() > bubble or size == 14
        assert not footer.geometry().contains(label.mapTo(card, label.rect().center()))


def test_in_a_window_of_few_words_the_rail_has_none(window: MainWindow, qtbot: QtBot) -> None:
    window.resize(480, 600)
    wide = window.rail.sizeHint().width()
    program_of(window).settings.update(font_size=24)
    qtbot.waitUntil(lambda: window.rail.width() < wide + 10)
    assert button(window.rail, "Models").toolTip() == "Models"
    window.resize(1200, 600)
    qtbot.waitUntil(lambda: window.rail.width() > wide + 10)
    assert button(window.rail, "Models").toolTip() == ""


def test_the_focus_goes_to_the_settings_that_take_the_place(window: MainWindow) -> None:
    window.resize(480, 600)
    window.chat.composer.text.setFocus()
    window.chat.show_panel(True)
    focused = window.focusWidget()
    assert focused is not None
    assert window.chat.panel.isAncestorOf(focused)
    window.chat.show_panel(False)
    assert window.chat.composer.text.hasFocus()
