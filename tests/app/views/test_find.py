"""Find in the conversation, and opening it at what the search found."""

from __future__ import annotations

import time
from dataclasses import replace

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot
from qwen3mlx_app.domain import Conversation, Message, Transcript
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.rich_text import RichLabel

from .support import button, program_of, trigger, visible_texts

Key = Qt.Key
LONG = "\n\n".join(f"Paragraph {number} of many." for number in range(60))


def add(window: MainWindow, chat_id: str, *texts: str, title: str = "") -> list[Message]:
    """A conversation with questions and answers in turns."""
    now = time.time()
    messages: list[Message] = []
    for number, text in enumerate(texts):
        messages.append(
            Message(
                id=f"{chat_id}-{number}",
                conversation_id=chat_id,
                parent_id=messages[-1].id if messages else None,
                role="assistant" if number % 2 else "user",
                content=text,
                created_at=now,
            )
        )
    conversation = Conversation(
        id=chat_id, title=title, leaf_id=messages[-1].id, created_at=now, updated_at=now
    )
    program = program_of(window)
    program.store.add([Transcript(conversation=conversation, messages=tuple(messages))])
    program.conversations.upsert(conversation)
    return messages


def found(window: MainWindow, colour: str) -> list[RichLabel]:
    """The labels with a mark of this colour that are within the visible part of the list."""
    viewport = window.chat.messages.viewport()
    labels = [
        label
        for label in viewport.findChildren(RichLabel)
        if f"background-color: {colour}" in label.text() and label.isVisible()
    ]
    return [
        label
        for label in labels
        if label.mapTo(viewport, QPoint(0, label.height())).y() > 0
        and label.mapTo(viewport, QPoint(0, 0)).y() < viewport.height()
    ]


def is_at(window: MainWindow, words: str) -> bool:
    """The match that is looked at is on the screen, in a paragraph with these words."""
    current = found(window, window.theme.colours.found)
    return len(current) == 1 and words in current[0].text()


def counted(window: MainWindow) -> str:
    bar = window.chat.find_bar
    return next(iter(label.text() for label in bar.findChildren(QLabel) if label.text()), "")


def test_find_counts_and_goes_on_and_back(window: MainWindow, qtbot: QtBot) -> None:
    add(window, "a", "Where is it?", f"First needle.\n\n{LONG}\n\nA **needle** twice: needle.")
    window.open("a")
    trigger(window, "Find")
    bar = window.chat.find_bar
    assert bar.field.hasFocus()
    qtbot.keyClicks(bar.field, "needle")
    qtbot.waitUntil(lambda: counted(window) == "1 of 3")
    qtbot.waitUntil(lambda: is_at(window, "First"))
    qtbot.keyClick(bar.field, Key.Key_Return)
    assert counted(window) == "2 of 3"
    assert is_at(window, "twice")
    trigger(window, "Find Next")
    trigger(window, "Find Next")
    assert counted(window) == "1 of 3"
    assert is_at(window, "First")
    qtbot.keyClick(bar.field, Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert counted(window) == "3 of 3"
    button(bar, "Previous match").click()
    assert counted(window) == "2 of 3"
    assert bar.geometry().right() < window.chat.messages.geometry().right()
    qtbot.keyClick(bar.field, Key.Key_Escape)
    assert not bar.isVisible()
    assert window.chat.composer.text.hasFocus()
    assert found(window, window.theme.colours.mark) == []


def test_what_is_not_there_is_said(window: MainWindow, qtbot: QtBot) -> None:
    add(window, "a", "Where?", "Here: [docs](https://needle.example).")
    window.open("a")
    trigger(window, "Find")
    qtbot.keyClicks(window.chat.find_bar.field, "needle")
    qtbot.waitUntil(lambda: counted(window) == "No matches")
    assert not button(window.chat.find_bar, "Next match").isEnabled()


def test_find_takes_a_phrase_and_data_is_no_markup(window: MainWindow, qtbot: QtBot) -> None:
    add(window, "a", "a <b> & c", "`a <b>` and a < b, a `b`; b, a")
    window.open("a")
    trigger(window, "Find")
    qtbot.keyClicks(window.chat.find_bar.field, "a <b>")
    qtbot.waitUntil(lambda: counted(window) == "2 of 2")
    assert is_at(window, "&lt;b&gt;")


def test_the_search_opens_at_the_hit_with_all_its_words_marked(
    window: MainWindow, qtbot: QtBot
) -> None:
    add(
        window,
        "a",
        "Tell me",
        f"An apple.\n\n{LONG}",
        "And",
        f"{LONG}\n\nThe pear, not far from the Apple tree.\n\n{LONG}",
        "More?",
        LONG,
        title="Apple and pear",
    )
    trigger(window, "Search Conversations")
    assert window.sidebar.search.hasFocus()
    qtbot.keyClicks(window.sidebar.search, "apple pear")
    qtbot.waitUntil(window.sidebar.found.isVisible)
    qtbot.keyClick(window.sidebar.search, Key.Key_Return)
    qtbot.waitUntil(lambda: is_at(window, "not far"))
    [label] = found(window, window.theme.colours.found)
    colours = window.theme.colours
    assert f'<span style="background-color: {colours.found}">pear</span>' in label.text()
    assert f'<span style="background-color: {colours.mark}">Apple</span>' in label.text()
    assert counted(window) == "2 of 3"
    assert window.chat.find_bar.field.text() == "apple pear"


def test_a_hit_in_another_version_is_shown(window: MainWindow, qtbot: QtBot) -> None:
    first = add(window, "a", "Question", "An old answer with a needle")
    newer = Message(
        id="new",
        conversation_id="a",
        parent_id=first[0].id,
        role="assistant",
        content="Another answer",
        created_at=time.time(),
    )
    program = program_of(window)
    program.store.save_message(newer)
    shown = program.store.conversation("a")
    assert shown is not None
    program.store.save_conversation(replace(shown, leaf_id="new"))
    qtbot.keyClicks(window.sidebar.search, "needle")
    qtbot.waitUntil(window.sidebar.found.isVisible)
    qtbot.keyClick(window.sidebar.search, Key.Key_Return)
    qtbot.waitUntil(lambda: is_at(window, "old answer"))


def test_matches_that_come_later_are_counted(window: MainWindow, qtbot: QtBot) -> None:
    add(window, "a", "needle", "A needle")
    window.open("a")
    trigger(window, "Find")
    qtbot.keyClicks(window.chat.find_bar.field, "needle")
    qtbot.waitUntil(lambda: counted(window) == "2 of 2")
    program_of(window).chat.send("One needle more")
    qtbot.waitUntil(lambda: counted(window) == "2 of 3")
    window.open("a")
    assert not window.chat.find_bar.isVisible()
    assert "needle" not in visible_texts(window.chat.find_bar)
