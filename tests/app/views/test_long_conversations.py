"""What a frame costs depends on what is seen, and not on how long the conversation is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from qwen3mlx_app.domain import Conversation, Message, MessageRow, Transcript
from qwen3mlx_app.models import ListModel
from qwen3mlx_app.models.sections import Line
from qwen3mlx_app.views.column import Column
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.message_list import MessageList
from qwen3mlx_app.views.message_text import MessageText

from ..fake_endpoint import FakeEndpoint
from .messages import said, told
from .support import program_of, trigger
from .test_find import counted

NUM_MESSAGES = 1500
# The most looks at rows for one event: about 25 have widgets, each is looked at in each layout.
MOST = 500


class Visits(list[Any]):
    """A list that counts how many of its items were looked at."""

    num = 0

    def __getitem__(self, place: Any) -> Any:
        found = super().__getitem__(place)
        self.num += len(found) if isinstance(place, slice) else 1
        return found

    def __iter__(self) -> Iterator[Any]:
        for one in super().__iter__():
            self.num += 1
            yield one


@contextmanager
def visits(rows: ListModel[Any]) -> Iterator[Visits]:
    """What is looked at of the rows."""
    rows._values = found = Visits(rows._values)
    yield found
    rows._values = found.copy()


@pytest.fixture
def messages(window: MainWindow) -> MessageList:
    """A conversation of many messages, at its end."""
    window.resize(1000, 700)
    many = [
        said(f"line {n}\n" * 3, "user" if n % 2 == 0 else "assistant")
        for n in range(NUM_MESSAGES - 1)
    ]
    told(window, *many, said("The last", status="streaming"))
    QApplication.processEvents()
    assert len(rows_of(window).values()) == NUM_MESSAGES
    assert window.chat.messages.num_widgets() < 40
    return window.chat.messages


def rows_of(window: MainWindow) -> ListModel[MessageRow]:
    return program_of(window).chat.messages


def grow(window: MainWindow, text: str) -> None:
    row = rows_of(window).value(NUM_MESSAGES - 1)
    message = replace(row.message, content=row.message.content + text)
    rows_of(window).put(replace(row, message=message))


def place_of(messages: MessageList, message_id: str) -> int:
    card = messages._cards.find(message_id)
    assert card is not None
    return card.mapTo(messages.viewport(), QPoint(0, 0)).y()


def test_a_token_visits_what_is_seen(window: MainWindow, messages: MessageList) -> None:
    bar = messages.verticalScrollBar()
    for share in (1, 0.5, 0):
        bar.setValue(int(share * bar.maximum()))
        QApplication.processEvents()
        with visits(rows_of(window)) as seen:
            for _ in range(10):
                grow(window, " and more\n")
                messages.lay_out()
            QApplication.processEvents()
        assert 0 < seen.num < 10 * MOST
        assert (bar.value() == bar.maximum()) == (share == 1)


def test_scrolling_visits_what_is_seen(window: MainWindow, messages: MessageList) -> None:
    bar = messages.verticalScrollBar()
    for start in (bar.maximum(), bar.maximum() // 2):
        bar.setValue(start)
        with visits(rows_of(window)) as seen:
            for _ in range(30):
                bar.setValue(bar.value() - 120)
                QApplication.processEvents()
        assert 0 < seen.num < 30 * MOST
        assert bar.value() < start - 3000


def test_another_size_visits_what_is_seen(
    window: MainWindow, messages: MessageList, qtbot: QtBot
) -> None:
    bar = messages.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    QApplication.processEvents()
    with visits(rows_of(window)) as seen:
        for width in (960, 900, 840, 780):
            window.resize(width, 700)
            QApplication.processEvents()
    assert 0 < seen.num < 4 * MOST


def test_a_message_in_the_middle_visits_what_is_seen(
    window: MainWindow, messages: MessageList
) -> None:
    rows, bar = rows_of(window), messages.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    QApplication.processEvents()
    middle = next(card for card in messages._cards.values() if 0 < card.y() < 300)
    known = next(one for one, card in messages._shown.items() if card is middle)
    before, height = place_of(messages, known), bar.maximum()
    first = rows.value(1).message
    new = Message(conversation_id="", role="user", content="new\n" * 30, created_at=0)
    with visits(rows) as seen:
        rows._insert(1, [MessageRow(message=new)])
        messages.lay_out()
    assert 0 < seen.num < NUM_MESSAGES + MOST  # what follows gets other numbers, once
    assert place_of(messages, known) == before
    assert bar.maximum() > height
    with visits(rows) as seen:
        rows.remove(new.id)
        messages.lay_out()
    assert place_of(messages, known) == before
    assert rows.value(1).message is first


def test_estimates_follow_the_width_once_it_stays(
    window: MainWindow, messages: MessageList, qtbot: QtBot
) -> None:
    bar = messages.verticalScrollBar()
    for row in rows_of(window).values()[:50]:
        long = replace(row.message, content="many words " * 400)
        rows_of(window).put(replace(row, message=long))
    before = bar.maximum()
    window.resize(520, 700)
    qtbot.waitUntil(lambda: bar.maximum() > before + 5000)
    assert bar.value() == bar.maximum()


def test_reading_up_in_a_growing_list_is_not_disturbed(
    window: MainWindow, messages: MessageList
) -> None:
    bar = messages.verticalScrollBar()
    grow(window, "\n\n" + "- short\n" * 300)
    while messages._next.isActive():
        QApplication.processEvents()
    bar.setValue(bar.maximum() - 900)
    QApplication.processEvents()
    before = bar.value()
    for _ in range(5):
        grow(window, "- short\n")
        messages.lay_out()
        assert bar.value() == before
    assert bar.maximum() > before + 900


PARTS = "\n\n".join(f"Paragraph {n} with **words**." for n in range(290))


def test_a_token_visits_the_parts_that_change(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = told(window, said("Go", "user"), said(PARTS, status="streaming"))
    messages = window.chat.messages
    text = messages._shown[made[1].id].findChildren(MessageText)[0]
    qtbot.waitUntil(text.is_whole, timeout=60_000)
    QApplication.processEvents()
    text._rows = found = Visits(text._rows)
    placed: list[object] = []
    really = Column._put
    monkeypatch.setattr(
        Column, "_put", lambda self, *what: (placed.append(what), really(self, *what))[1]
    )
    row = rows_of(window).value(1)
    for number in range(1, 11):
        message = replace(row.message, content=PARTS + " word" * number)
        rows_of(window).put(replace(row, message=message))
        messages.lay_out()
        QApplication.processEvents()
        messages.viewport().grab()
    assert text.is_whole()
    assert 0 < len(placed) < 10 * 10
    assert 0 < found.num < 10 * MOST


def test_finding_visits_what_changed(
    window: MainWindow, messages: MessageList, qtbot: QtBot
) -> None:
    trigger(window, "Find")
    qtbot.keyClicks(window.chat.find_bar.field, "line 7\n".strip())
    qtbot.waitUntil(lambda: counted(window) != "", timeout=20_000)
    finder = window.chat.find_bar.finder
    qtbot.waitUntil(lambda: not finder._changed and finder.count > 0, timeout=20_000)
    count = finder.count
    with visits(rows_of(window)) as seen:
        grow(window, " line 7 and line 7")
        qtbot.waitUntil(lambda: finder.count == count + 2)
        finder.step(1)
        finder.step(-1)
    assert 0 < seen.num < 4 * MOST


def test_typing_makes_up_no_prompt(window: MainWindow, messages: MessageList, qtbot: QtBot) -> None:
    with visits(rows_of(window)) as seen:
        qtbot.keyClicks(window.chat.composer.text, "twenty letters of it")
    assert seen.num == 0


def test_typing_and_an_answer_visit_few_of_many_conversations(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    program = program_of(window)
    many = [
        Transcript(conversation=Conversation(title=f"{n}", created_at=n, updated_at=n), messages=())
        for n in range(1, 3001)
    ]
    program.store.add(many)
    program.conversations._read()
    known, rows = program.conversations.conversations, program.sections.rows
    qtbot.waitUntil(lambda: rows.rowCount() > 3000)
    window.open(many[1500].conversation.id)
    QApplication.processEvents()
    with visits(known) as seen, visits(rows) as lines:
        qtbot.keyClicks(window.chat.composer.text, "a draft")
        qtbot.waitUntil(lambda: known.value(1499).draft == "a draft")
        program.chat.answers.changed.emit([many[1500].conversation.id])
        QApplication.processEvents()
        assert seen.num < 300  # as often as it is painted, and each time few
        assert lines.num < 2500  # the sidebar paints what is seen of them
    line = rows.find(many[1500].conversation.id)
    assert isinstance(line, Line)
    assert line.is_busy
    assert line.conversation.draft == "a draft"
