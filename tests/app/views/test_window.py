"""The window as a person uses it: keys and clicks, over a scripted server."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import shiboken6
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot
from qwen3mlx_app.composition import Program
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.message_field import MessageField
from qwen3mlx_app.views.window import make_window

from tests.support.places import PROGRAM

from ..controllers.support import connect, last, shown, wait_for_models
from ..fake_endpoint import FakeEndpoint, answer, delta, ending
from .support import ask, button, program_of, seen, visible_texts, write

PAGES = ("chat", "models", "tools", "quantize", "server", "settings")


def test_typing_and_enter_ask_and_the_answer_is_shown(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    fake.script = [answer("It is **bold**.\n\n```python\nprint(1)\n```", "They ask.")]
    ask(window, qtbot, "What is it?")
    assert window.chat.composer.text.toPlainText() == ""
    qtbot.waitUntil(lambda: "<strong>bold</strong>" in seen(window))
    qtbot.waitUntil(lambda: "color" in seen(window), timeout=10_000)  # the code's
    assert "150.0 tokens/s" in seen(window)
    assert window.windowTitle() == "What is it?"
    button(window.chat.messages, "Copy code").click()
    assert QGuiApplication.clipboard().text() == "print(1)"


def test_the_answer_counts_in_what_the_context_holds(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    fake.script = [answer("word " * 410)]
    ask(window, qtbot, "Many words")
    qtbot.waitUntil(lambda: "10% of 4K" in visible_texts(window.chat.composer))


def test_what_is_copied_of_a_long_word_is_the_word(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    word = "a_name_that_is_longer_than_any_line_" * 4
    fake.script = [answer(f"```\n{word}\n```")]
    ask(window, qtbot, "Name it")
    window.chat.messages.lay_out()
    labels = window.chat.messages.viewport().findChildren(QLabel)
    code = next(label for label in labels if "a_name" in label.text())
    code.setFocus()
    qtbot.keyClick(code, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(code, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert "\u200b" in code.selectedText()
    qtbot.waitUntil(lambda: QGuiApplication.clipboard().text().strip() == word)


def test_shift_enter_is_a_line(window: MainWindow, qtbot: QtBot, fake: FakeEndpoint) -> None:
    text = window.chat.composer.text
    qtbot.keyClicks(text, "one")
    qtbot.keyClick(text, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClicks(text, "two")
    with qtbot.waitSignal(program_of(window).chat.finished):
        qtbot.keyClick(text, Qt.Key.Key_Return)
    assert fake.bodies[0]["messages"][0]["content"] == "one\ntwo"


def test_stop_stops(window: MainWindow, qtbot: QtBot, fake: FakeEndpoint) -> None:
    go_on = threading.Event()
    fake.script = [[delta(content="Half"), go_on, ending()]]
    write(window, qtbot, "Go")
    qtbot.waitUntil(lambda: "Half" in seen(window))
    with qtbot.waitSignal(program_of(window).chat.finished):
        button(window, "Stop").click()
    go_on.set()
    qtbot.waitUntil(lambda: "stopped" in seen(window))
    assert button(window, "Continue")


def test_hostile_markup_is_text_and_fetches_nothing(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    hostile = "<b>x</b> <script>alert(1)</script>\n\n![p](http://127.0.0.1:9/x.png)\n\n"
    hostile += '<img src="http://127.0.0.1:9/y.png"> [j](javascript:alert(1))'
    fake.script = [answer(hostile, hostile)]
    write(window, qtbot, hostile.replace("\n", " "))
    qtbot.waitUntil(lambda: last(program_of(window)).status == "done")
    assert "&lt;script&gt;" in seen(window)
    labels = window.chat.messages.viewport().findChildren(QLabel)
    rich = [label.text() for label in labels if label.textFormat() == Qt.TextFormat.RichText]
    assert len(rich) > 3
    for text in rich:
        assert "<script" not in text
        assert "<img" not in text
        assert 'href="javascript' not in text


def test_a_long_conversation_has_widgets_for_what_is_seen(window: MainWindow, qtbot: QtBot) -> None:
    from benchmarks.window import PARAGRAPH, _transcript

    program = program_of(window)
    transcript = _transcript(300, lambda n: PARAGRAPH.format(n=n))
    program.store.add([transcript])
    program.chat.open(transcript.conversation.id)
    messages = window.chat.messages
    assert 0 < messages.num_widgets() < 30
    assert "step 298" in seen(window)
    messages.verticalScrollBar().setValue(0)
    assert 0 < messages.num_widgets() < 60
    assert "step 0" in seen(window)
    bar = messages.verticalScrollBar()
    for _ in range(20):
        bar.setValue(bar.value() + 400)
    assert messages.num_widgets() < 30
    bar.setValue(bar.maximum())
    assert "step 298" in seen(window)


def test_ten_megabytes_do_not_fill_the_window(window: MainWindow, qtbot: QtBot) -> None:
    from benchmarks.window import _transcript

    program = program_of(window)
    transcript = _transcript(2, lambda n: "word " * 2_000_000)
    program.store.add([transcript])
    program.chat.open(transcript.conversation.id)
    assert "more characters" in seen(window)
    assert len(seen(window)) < 400_000


def test_search_finds_and_opens(window: MainWindow, qtbot: QtBot, fake: FakeEndpoint) -> None:
    fake.script = [answer("needle"), answer("hay")]
    ask(window, qtbot, "First")
    program = program_of(window)
    program.chat.new()
    ask(window, qtbot, "Second")
    with qtbot.waitSignal(program.search.hits.modelReset):
        qtbot.keyClicks(window.sidebar.search, "needle")
    qtbot.waitUntil(lambda: program.search.hits.rowCount() == 1)
    window.sidebar.opened.emit(program.search.hits.value(0).conversation_id)
    assert shown(program)[0] == ("user", "First")


def test_delete_can_be_undone_from_the_notice(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    ask(window, qtbot, "Keep me")
    program = program_of(window)
    program.conversations.delete([program.conversations.conversations.value(0).id])
    assert program.conversations.conversations.rowCount() == 0
    assert any("was deleted" in text for text in visible_texts(window.notices))
    button(window.notices, "Undo").click()
    assert shown(program)[0] == ("user", "Keep me")
    assert not any("was deleted" in text for text in visible_texts(window.notices))


@pytest.mark.parametrize("page", PAGES)
def test_everything_that_can_be_used_has_a_name(
    window: MainWindow, qtbot: QtBot, page: str, fake: FakeEndpoint
) -> None:
    ask(window, qtbot, "Hi")
    window.show_page(page)
    window.chat.messages.lay_out()
    kinds = (QAbstractButton, QLineEdit, QPlainTextEdit, QComboBox, QAbstractItemView)
    inner = {"qt_spinbox_lineedit"}
    nameless = [
        widget
        for kind in kinds
        for widget in window.findChildren(kind)
        if widget.isVisibleTo(window)
        and widget.objectName() not in inner
        and not isinstance(widget.parent(), QComboBox)
        and not (isinstance(widget, QToolButton) and widget.objectName().startswith("qt_"))
        and not (widget.accessibleName() or getattr(widget, "text", lambda: "")())
    ]
    assert nameless == []


def test_tab_goes_through_the_composer(window: MainWindow, qtbot: QtBot) -> None:
    window.chat.composer.text.setFocus()
    order = []
    widget: QWidget = window.chat.composer.text
    for _ in range(12):
        widget = widget.nextInFocusChain()
        if widget.isVisible() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            order.append(widget.accessibleName())
    named = ["Attach files", "Think before answering", "Tools", "Model: demo"]
    assert order[:4] == named


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_can_be_shown_in_both_themes(
    window: MainWindow, qtbot: QtBot, theme: str
) -> None:
    program_of(window).settings.update(theme=theme)
    for page in PAGES:
        window.show_page(page)
        assert not window.grab().isNull()


def test_the_window_comes_back_as_it_was(profile: Path, fake: FakeEndpoint, qtbot: QtBot) -> None:
    program = Program(profile, PROGRAM)
    first = make_window(program)
    qtbot.addWidget(first)
    first.show()
    connect(program, fake.url)
    wait_for_models(program, qtbot)
    ask(first, qtbot, "Remember")
    program.chat.drafts.set_text("unfinished")
    first.resize(790, 640)
    first.close()
    program.close()
    again = Program(profile, PROGRAM)
    second = make_window(again)
    qtbot.addWidget(second)
    second.show()
    assert shown(again)[0] == ("user", "Remember")
    assert second.chat.composer.text.toPlainText() == "unfinished"
    assert (second.width(), second.height()) == (790, 640)
    second.close()
    again.close()


def test_each_part_is_made_where_it_stays(
    profile: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A widget that moves is styled once more, and all that is in it."""
    moves: list[QWidget] = []

    def note(field: MessageField, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            moves.append(field)
        QPlainTextEdit.changeEvent(field, event)

    monkeypatch.setattr(MessageField, "changeEvent", note)
    program = Program(profile, PROGRAM)
    window = make_window(program)
    assert not moves
    window.close()
    program.close()
    shiboken6.delete(window)


def test_what_is_written_after_a_deletion_is_asked(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint, tmp_path: Path
) -> None:
    program = program_of(window)
    ask(window, qtbot, "Hi")
    assert program.chat.conversation is not None
    program.conversations.delete([program.chat.conversation.id])
    qtbot.keyClicks(window.chat.composer.text, "What now?")
    button(window, "Think before answering").click()
    assert window.chat.composer.text.toPlainText() == "What now?"
    (tmp_path / "notes.txt").write_text("buy milk")
    program.chat.attach([tmp_path / "notes.txt"])
    qtbot.waitUntil(lambda: len(window.chat.composer.attachments) == 1)
    with qtbot.waitSignal(program.chat.finished):
        qtbot.keyClick(window.chat.composer.text, Qt.Key.Key_Return)
    assert fake.bodies[-1]["enable_thinking"] is False
    assert "buy milk" in fake.bodies[-1]["messages"][-1]["content"]
