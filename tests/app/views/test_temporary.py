"""A temporary chat is marked wherever one looks, and nothing of it is lost by a slip."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from qwen3mlx_app.views.main_window import MainWindow

from ..controllers.support import last, shown
from ..fake_endpoint import FakeEndpoint, delta, ending
from .support import action, answer_with, ask, button, program_of, trigger, visible_texts, write

NEW, KEEP = "New Temporary Chat", "Keep This Chat"


def placeholder(window: MainWindow) -> str:
    return window.chat.composer.text.placeholderText()


def has_button(window: MainWindow, name: str) -> bool:
    try:
        return button(window, name).isVisible()
    except AssertionError:
        return False


def test_header_composer_and_sidebar_say_what_it_is(window: MainWindow, qtbot: QtBot) -> None:
    assert not has_button(window, KEEP)
    trigger(window, NEW)
    ask(window, qtbot, "My secret")
    assert {"Temporary Chat", "Not saved"} <= set(visible_texts(window.chat))
    assert "not saved" in placeholder(window)
    assert button(window.sidebar, "Temporary Chat").isChecked()
    assert window.windowTitle() == "Temporary Chat"
    assert "My secret" not in visible_texts(window.sidebar)
    assert not action(window, "Export…").isEnabled()
    assert not action(window, "Delete Conversation").isEnabled()
    button(window.sidebar, "Temporary Chat").click()
    assert button(window.sidebar, "Temporary Chat").isChecked()
    trigger(window, "New Conversation")
    assert not has_button(window.sidebar, "Temporary Chat")
    assert "Not saved" not in visible_texts(window.chat)
    assert "not saved" not in placeholder(window)
    assert window.windowTitle() == "qwen3mlx"


def test_an_empty_chat_becomes_one_and_a_usual_one_again(window: MainWindow) -> None:
    program_of(window).settings.update(first_run_done=True)
    toggle = button(window.chat, "Temporary chat")
    toggle.click()
    assert program_of(window).chat.is_temporary
    assert any("Nothing of this chat is saved" in text for text in visible_texts(window.chat))
    toggle.click()
    assert not program_of(window).chat.is_temporary
    assert "What can Qwen help you with?" in visible_texts(window.chat)


@pytest.mark.parametrize("by", ["button", "menu"])
def test_it_can_be_kept(window: MainWindow, qtbot: QtBot, by: str) -> None:
    assert not action(window, KEEP).isEnabled()
    trigger(window, NEW)
    assert not action(window, KEEP).isEnabled()
    ask(window, qtbot, "My secret")
    assert not has_button(window.chat, "Temporary chat")
    if by == "button":
        button(window.chat, KEEP).click()
    else:
        trigger(window, KEEP)
    assert "My secret" in visible_texts(window.chat)
    assert not has_button(window, KEEP)
    assert [row.title for row in program_of(window).conversations.conversations.values()] == [
        "My secret"
    ]


def test_keys_and_palette_have_it(window: MainWindow) -> None:
    assert action(window, NEW).shortcut().toString() == "Ctrl+Alt+T"
    entries = {entry.title: entry for entry in window.palette_sheet.everything()}
    entries[NEW].do()
    assert program_of(window).chat.is_temporary
    assert KEEP not in entries  # there is nothing to keep


def test_a_click_elsewhere_is_taken_back(window: MainWindow, qtbot: QtBot) -> None:
    ask(window, qtbot, "Usual")
    [usual] = program_of(window).conversations.conversations.values()
    trigger(window, NEW)
    ask(window, qtbot, "My secret")
    window.open(usual.id)
    assert "The temporary chat was discarded." in visible_texts(window)
    button(window.notices, "Undo").click()
    assert ("user", "My secret") in shown(program_of(window))
    assert "Not saved" in visible_texts(window.chat)


@pytest.mark.parametrize("what", ["an answer", "a draft"])
def test_closing_asks_before_something_unfinished_is_lost(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint, what: str
) -> None:
    go_on = threading.Event()
    fake.script = [[delta(content="Half"), go_on, ending()]]
    trigger(window, NEW)
    if what == "an answer":
        write(window, qtbot, "My secret")
        qtbot.waitUntil(lambda: last(program_of(window)).content == "Half")
    else:
        qtbot.keyClicks(window.chat.composer.text, "A long draft")
    asked = answer_with(window, "Cancel")
    assert not window.close()
    assert "not saved" in asked[0]
    assert window.isVisible()
    assert program_of(window).chat.is_temporary
    answer_with(window, "Discard Chat")
    assert window.close()
    go_on.set()
    assert not program_of(window).chat.is_temporary


def test_closing_a_finished_one_asks_nothing_and_leaves_it(
    window: MainWindow, qtbot: QtBot
) -> None:
    trigger(window, NEW)
    ask(window, qtbot, "My secret")
    left = program_of(window).chat.conversation
    assert left is not None
    assert window.close()
    assert program_of(window).settings.settings.last_conversation_id != left.id
    assert not program_of(window).chat.is_temporary


def test_back_and_forward_pass_it(window: MainWindow, qtbot: QtBot) -> None:
    ask(window, qtbot, "One")
    trigger(window, NEW)
    ask(window, qtbot, "My secret")
    trigger(window, "New Conversation")
    trigger(window, "Back")
    assert shown(program_of(window))[0] == ("user", "One")


def test_it_is_said_in_chinese(window: MainWindow, qtbot: QtBot) -> None:
    program_of(window).settings.update(language="zh_CN")
    qtbot.waitUntil(lambda: has_button(window.chat, "临时对话"))
    program_of(window).chat.new_temporary()
    assert {"临时对话", "不保存"} <= set(visible_texts(window.chat))
    assert window.windowTitle() == "临时对话"


def test_the_composer_takes_keys_after_it_is_kept(window: MainWindow, qtbot: QtBot) -> None:
    trigger(window, NEW)
    ask(window, qtbot, "My secret")
    qtbot.keyClicks(window.chat.composer.text, "and then")
    trigger(window, KEEP)
    assert window.chat.composer.text.toPlainText() == "and then"
    with qtbot.waitSignal(program_of(window).chat.finished):
        qtbot.keyClick(window.chat.composer.text, Qt.Key.Key_Return)
