"""A message is edited in its own place; what is written in the composer is left alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QPushButton, QToolButton
from pytestqt.qtbot import QtBot
from qwen3mlx_app.composition import Program
from qwen3mlx_app.domain import Attachment
from qwen3mlx_app.views.edit_field import EditField
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.number_field import NumberField
from qwen3mlx_app.views.window import make_window

from tests.support.places import PROGRAM

from ..controllers.support import connect, shown, wait_for_models
from ..fake_endpoint import FakeEndpoint, answer
from .messages import cards, said, told
from .support import ask, button, program_of, seen, visible_texts
from .test_drafts import attach, chips, open_id, type_, written

Key = Qt.Key


def edit(window: MainWindow, row: int) -> EditField:
    """Begin an edit with the button of a message."""
    card = cards(window)[row]
    card.setFocus()
    button(card, "Edit Message").click()
    return field(window)


def fields(window: MainWindow) -> list[EditField]:
    """Those that are on screen, from the top."""
    return [card.edit_field for card in cards(window) if card.edit_field is not None]


def field(window: MainWindow) -> EditField:
    (found,) = fields(window)
    assert found.isVisible()
    return found


def rewrite(within: EditField, qtbot: QtBot, text: str) -> None:
    within.text.selectAll()
    qtbot.keyClicks(within.text, text)


def files_of(within: EditField) -> list[str]:
    found = within.findChildren(QToolButton, "chip")
    return [chip.text().split()[0] for chip in found if not chip.isHidden()]


@contextmanager
def restarted(profile: Path, fake: FakeEndpoint, qtbot: QtBot) -> Iterator[MainWindow]:
    program = Program(profile, PROGRAM)
    window = make_window(program)
    qtbot.addWidget(window)
    with qtbot.waitExposed(window):
        window.show()
    connect(program, fake.url)
    wait_for_models(program, qtbot)
    yield window
    window.close()
    program.close()


def test_a_question_is_edited_where_it_stands_and_answered_anew(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    fake.script = [answer("A"), answer("B")]
    ask(window, qtbot, "Question")
    type_(window, qtbot, "my draft")
    within = edit(window, 0)
    assert within.text.hasFocus()
    assert within.text.toPlainText() == "Question"
    assert within.text.textCursor().atEnd()
    assert [card.isAncestorOf(within) for card in cards(window)] == [True, False]
    assert "Question" not in seen(window)
    rewrite(within, qtbot, "Other")
    with qtbot.waitSignal(program_of(window).chat.finished):
        qtbot.keyClick(within.text, Key.Key_Return)
    assert shown(program_of(window)) == [("user", "Other"), ("assistant", "B")]
    assert fields(window) == []
    assert "2/2 · edited" in seen(window)
    assert written(window) == "my draft"
    assert window.chat.composer.text.hasFocus()
    cards(window)[0].setFocus()
    button(window.chat.messages, "Previous version").click()
    assert shown(program_of(window)) == [("user", "Question"), ("assistant", "A")]
    assert fields(window) == []


def test_an_answer_is_edited_without_being_asked_again(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    fake.script = [answer("First words.", "They ask.")]
    ask(window, qtbot, "Question")
    within = edit(window, 1)
    assert within.text.toPlainText() == "First words."
    assert not [one for one in within.findChildren(QToolButton) if one.accessibleName()]
    rewrite(within, qtbot, "My own words")
    button(within, "Save").click()
    assert shown(program_of(window)) == [("user", "Question"), ("assistant", "My own words")]
    assert len(fake.bodies) == 1
    assert "2/2 · edited" in seen(window)
    within = edit(window, 1)
    button(within, "Save").click()  # nothing was changed
    assert program_of(window).chat.messages.value(1).num_versions == 2
    assert fields(window) == []


@pytest.mark.parametrize("way", ["key", "button"])
def test_cancel_leaves_all_as_it_was_and_can_be_undone(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint, way: str
) -> None:
    ask(window, qtbot, "Question")
    type_(window, qtbot, "my draft")
    within = edit(window, 0)
    rewrite(within, qtbot, "Half an edit")
    if way == "key":
        qtbot.keyClick(within.text, Key.Key_Escape)
    else:
        button(within, "Cancel edit").click()
    assert fields(window) == []
    assert "Question" in seen(window)
    assert (written(window), len(fake.bodies)) == ("my draft", 1)
    assert "edited" not in seen(window)
    button(window.notices, "Undo").click()
    assert field(window).text.toPlainText() == "Half an edit"
    assert field(window).text.hasFocus()


def test_an_edit_without_a_change_is_canceled_without_a_word(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    ask(window, qtbot, "Question")
    qtbot.keyClick(edit(window, 0).text, Key.Key_Escape)
    assert not any("cancel" in text for text in visible_texts(window.notices))
    assert program_of(window).store.drafts(open_id(window)) == []


def test_return_with_command_sends_as_in_the_composer(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    ask(window, qtbot, "Question")
    program_of(window).settings.update(send_with="ctrl_enter")
    within = edit(window, 0)
    qtbot.keyClick(within.text, Key.Key_Return)
    qtbot.keyClicks(within.text, "more")
    assert within.text.toPlainText() == "Question\nmore"
    with qtbot.waitSignal(program_of(window).chat.finished):
        qtbot.keyClick(within.text, Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert shown(program_of(window))[0] == ("user", "Question\nmore")


def test_keys_of_an_input_method_neither_send_nor_cancel(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    ask(window, qtbot, "Question")
    for text in (edit(window, 0).text, window.chat.composer.text):
        text.setFocus()
        QCoreApplication.sendEvent(text, QInputMethodEvent("ni hao", []))
        qtbot.keyClick(text, Key.Key_Return)
        qtbot.keyClick(text, Key.Key_Escape)
        assert len(fields(window)) == 1
        chosen = QInputMethodEvent("", [])
        chosen.setCommitString("你好")
        QCoreApplication.sendEvent(text, chosen)
        assert text.toPlainText().endswith("你好")
        assert text.toPlainText().count("\n") == 0
    assert len(fake.bodies) == 1
    with qtbot.waitSignal(program_of(window).chat.finished):
        qtbot.keyClick(window.chat.composer.text, Key.Key_Return)
    assert shown(program_of(window))[-2][1] == "你好"


def test_files_stay_with_the_message_and_may_change(
    window: MainWindow,
    qtbot: QtBot,
    fake: FakeEndpoint,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    attach(window, tmp_path, "one.txt", "gone.txt")
    qtbot.waitUntil(lambda: len(window.chat.composer.attachments) == 2)
    ask(window, qtbot, "Question")
    attach(window, tmp_path, "mine.txt")
    qtbot.waitUntil(lambda: len(window.chat.composer.attachments) == 1)
    within = edit(window, 0)
    assert files_of(within) == ["one.txt", "gone.txt"]
    button(within, "Remove gone.txt").click()
    (tmp_path / "two.txt").write_text("text of two.txt")
    chosen = ([str(tmp_path / "two.txt")], "")
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: chosen)
    button(within, "Attach files").click()
    qtbot.waitUntil(lambda: files_of(within) == ["one.txt", "two.txt"])
    draft = program_of(window).chat.drafts
    (begun,) = draft.edits.values()
    qtbot.waitUntil(lambda: len(draft.edits[begun.id].attachments) == 2)
    assert [chip.split()[0] for chip in chips(window)] == ["mine.txt"]
    with qtbot.waitSignal(program_of(window).chat.finished):
        button(within, "Send").click()
    sent = str(fake.bodies[-1])
    assert "text of one.txt" in sent
    assert "text of two.txt" in sent
    assert "gone.txt" not in sent
    assert "mine.txt" not in sent
    assert [chip.split()[0] for chip in chips(window)] == ["mine.txt"]


def test_canceled_files_come_back_with_undo(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    notes = Attachment(name="notes.txt", kind="text", text="x", num_bytes=1)
    told(window, said("Q", "user", attachments=(notes,)), said("A"))
    within = edit(window, 0)
    button(within, "Remove notes.txt").click()
    qtbot.keyClick(within.text, Key.Key_Escape)
    assert program_of(window).chat.path[0].attachments == (notes,)
    button(window.notices, "Undo").click()
    assert files_of(field(window)) == []


def test_several_edits_wait_through_switching_and_a_restart(
    profile: Path, fake: FakeEndpoint, qtbot: QtBot
) -> None:
    profile.mkdir()
    with restarted(profile, fake, qtbot) as window:
        ask(window, qtbot, "One")
        ask(window, qtbot, "Two")
        type_(window, qtbot, "my draft")
        rewrite(edit(window, 0), qtbot, "One, half")
        cards(window)[2].setFocus()
        button(cards(window)[2], "Edit Message").click()
        rewrite(fields(window)[1], qtbot, "Two, half")
        first = open_id(window)
        window.new()
        assert fields(window) == []
        assert written(window) == ""
        window.open(first)
        assert [one.text.toPlainText() for one in fields(window)] == ["One, half", "Two, half"]
        assert written(window) == "my draft"
        qtbot.keyClicks(fields(window)[0].text, "!")
    with restarted(profile, fake, qtbot) as window:
        assert [one.text.toPlainText() for one in fields(window)] == ["One, half!", "Two, half"]
        assert written(window) == "my draft"
        with qtbot.waitSignal(program_of(window).chat.finished):
            qtbot.keyClick(fields(window)[1].text, Key.Key_Return)
        assert shown(program_of(window))[2] == ("user", "Two, half")
        assert [one.text.toPlainText() for one in fields(window)] == ["One, half!"]


def test_an_edit_of_a_deleted_message_is_over_and_comes_back_with_it(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    ask(window, qtbot, "Question")
    type_(window, qtbot, "my draft")
    rewrite(edit(window, 0), qtbot, "Half an edit")
    window.chat.intents.delete.emit(program_of(window).chat.messages.value(0).message.id)
    assert fields(window) == []
    assert written(window) == "my draft"
    button(window.notices, "Undo").click()
    assert field(window).text.toPlainText() == "Half an edit"
    assert written(window) == "my draft"


def test_an_edit_is_not_sent_while_an_answer_comes(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    import threading

    go_on = threading.Event()
    fake.script = [answer("A"), [go_on, *answer("B")], answer("C")]
    ask(window, qtbot, "One")
    assert program_of(window).chat.send("Two")
    rewrite(edit(window, 0), qtbot, "Other")
    qtbot.keyClick(field(window).text, Key.Key_Return)
    assert any("Stop it first" in text for text in visible_texts(window.notices))
    assert field(window).text.toPlainText() == "Other"
    with qtbot.waitSignal(program_of(window).chat.finished):
        go_on.set()
    with qtbot.waitSignal(program_of(window).chat.finished):
        qtbot.keyClick(field(window).text, Key.Key_Return)
    assert shown(program_of(window)) == [("user", "Other"), ("assistant", "C")]


def test_what_is_being_written_stays_through_scrolling_and_a_new_theme(
    window: MainWindow, qtbot: QtBot
) -> None:
    many = [said(f"line {n}\n\n" * 9, "user" if n % 2 == 0 else "assistant") for n in range(40)]
    told(window, *many)
    messages, bar = window.chat.messages, window.chat.messages.verticalScrollBar()
    bar.setValue(0)
    within = edit(window, 0)
    rewrite(within, qtbot, "Changed")
    bar.setValue(bar.maximum())
    QApplication.processEvents()
    assert QApplication.focusWidget() is within.text
    qtbot.keyClicks(within.text, "!")
    assert bar.value() < 200
    assert not within.visibleRegion().isEmpty()
    within.text.undo()
    assert within.text.toPlainText() == "line 0\n\n" * 9
    rewrite(within, qtbot, "Again")
    program_of(window).settings.update(theme="dark")
    QApplication.processEvents()
    assert messages._at_end is False
    assert field(window).text.toPlainText() == "Again"
    assert QApplication.focusWidget() is field(window).text


@pytest.mark.parametrize("num_words", [1000, 2000, 6000])
def test_the_last_question_is_edited_however_long_its_answer_is(
    window: MainWindow, num_words: int
) -> None:
    long = said("word " * num_words, "assistant")
    *_, question, _ = told(window, said("One", "user"), long, said("Two\n" * 30, "user"), long)
    messages = window.chat.messages
    messages.edit_last_question()
    assert messages.edited == question.id
    assert field(window).text.hasFocus()


def test_the_field_grows_with_its_text_and_all_of_it_is_seen(
    window: MainWindow, qtbot: QtBot
) -> None:
    many = [said(f"line {n}\n\n" * 4, "user" if n % 2 == 0 else "assistant") for n in range(20)]
    told(window, *many)
    window.chat.messages.verticalScrollBar().setValue(0)
    within = edit(window, 2)
    qtbot.waitUntil(lambda: within.height() > 100)  # it has its place
    before = within.height()
    rewrite(within, qtbot, "short")
    qtbot.waitUntil(lambda: within.height() < before)
    for _ in range(8):
        qtbot.keyClick(within.text, Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: within.height() > before - 40)
    QApplication.processEvents()
    visible = within.visibleRegion().boundingRect()
    assert visible.height() == within.height()
    send = next(one for one in within.findChildren(QPushButton) if one.text() == "Send")
    assert not send.visibleRegion().isEmpty()


def test_nothing_is_sent_of_nothing(window: MainWindow, qtbot: QtBot, fake: FakeEndpoint) -> None:
    ask(window, qtbot, "Question")
    within = edit(window, 0)
    within.text.clear()
    send = next(one for one in within.findChildren(QPushButton) if one.text() == "Send")
    assert not send.isEnabled()
    qtbot.keyClick(within.text, Key.Key_Return)
    assert len(fake.bodies) == 1
    assert len(fields(window)) == 1


def test_tab_goes_through_the_field_as_the_eye_does(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    ask(window, qtbot, "Question")
    within = edit(window, 0)
    stops = []
    for _ in range(4):
        assert window.focusNextPrevChild(True)
        focused = QApplication.focusWidget()
        stops.append(focused.accessibleName() or getattr(focused, "text", str)())
    assert stops[:3] == ["Attach files", "Cancel edit", "Send"]
    assert QApplication.focusWidget() is cards(window)[1]
    assert within.isVisible()


def test_up_in_an_empty_field_edits_the_last_question(window: MainWindow, qtbot: QtBot) -> None:
    made = told(window, said("Hi?", "user"), said("Yes."), said("And?", "user"), said("No."))
    field = window.chat.composer.text
    field.setFocus()
    field.setPlainText("words")
    qtbot.keyClick(field, Key.Key_Up)
    assert not program_of(window).chat.drafts.edits
    field.clear()
    qtbot.keyClick(field, Key.Key_Up)
    assert list(program_of(window).chat.drafts.edits) == [made[2].id]
    assert QApplication.focusWidget().accessibleName() == "Edit message"
    qtbot.keyClick(QApplication.focusWidget(), Key.Key_Escape)
    assert field.hasFocus()


def test_up_in_another_field_edits_nothing(window: MainWindow, qtbot: QtBot) -> None:
    told(window, said("Hi?", "user"), said("Yes."))
    window.chat.find_bar.open()
    window.chat.show_panel(True)
    for field in (window.chat.find_bar.field, *window.chat.panel.findChildren(NumberField)):
        field.setFocus()
        qtbot.keyClick(field, Key.Key_Up)
    assert not program_of(window).chat.drafts.edits
