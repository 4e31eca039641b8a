"""Text is selected across paragraphs and messages, and copied as text and as rich text."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QMouseEvent, QTextDocument
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.rich_text import RichLabel

from ..fake_endpoint import FakeEndpoint, delta, ending
from .messages import cards, menu_at, said, told
from .support import program_of, seen, write

TEXT = "First *one*.\n\n- item a\n- [x] item b\n\n```py\nx = 1\n```\n\nLast paragraph."


def label(window: MainWindow, text: str) -> RichLabel:
    cards(window)
    found = window.chat.messages.viewport().findChildren(RichLabel)
    return next(one for one in found if text in one.text() and one.isVisible())


def drag(start: RichLabel, end: RichLabel, at: QPoint | None = None) -> None:
    """Press in the middle of one label's left edge, and drag to a place in another."""
    begin = QPoint(0, start.height() // 2)
    target = end.mapToGlobal(at or QPoint(end.width() - 1, end.height() - 2))
    press, move = QEvent.Type.MouseButtonPress, QEvent.Type.MouseMove
    send(press, start, start.mapToGlobal(begin))
    send(move, start, target)
    send(QEvent.Type.MouseButtonRelease, start, target)


def send(kind: QEvent.Type, widget: QWidget, place: QPoint) -> None:
    button = Qt.MouseButton.LeftButton
    is_move, is_up = kind == QEvent.Type.MouseMove, kind == QEvent.Type.MouseButtonRelease
    event = QMouseEvent(
        kind,
        QPointF(widget.mapFromGlobal(place)),
        QPointF(place),
        Qt.MouseButton.NoButton if is_move else button,
        Qt.MouseButton.NoButton if is_up else button,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(widget, event)


def copied(qtbot: QtBot, focused: QWidget) -> str:
    focused.setFocus()
    QGuiApplication.clipboard().clear()
    qtbot.keyClick(focused, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    return QGuiApplication.clipboard().text()


def test_a_drag_selects_across_paragraphs(window: MainWindow, qtbot: QtBot) -> None:
    told(window, said("Q", "user"), said(TEXT))
    first = label(window, "First")
    drag(first, label(window, "Last"))
    expected = "First one.\n- item a\n- [x] item b\n\nx = 1\n\nLast paragraph."
    assert copied(qtbot, first) == expected
    assert "font-style:italic" in QGuiApplication.clipboard().mimeData().html()


def test_a_drag_upwards_selects_to_where_it_ends(window: MainWindow, qtbot: QtBot) -> None:
    told(window, said("Q", "user"), said("abc def\n\nmiddle\n\nlast line"))
    first, last = label(window, "abc"), label(window, "last")
    letters = first.fontMetrics().horizontalAdvance("abc ")
    begin = last.mapToGlobal(QPoint(last.width() - 1, last.height() // 2))
    send(QEvent.Type.MouseButtonPress, last, begin)
    send(QEvent.Type.MouseMove, last, first.mapToGlobal(QPoint(letters + 1, first.height() // 2)))
    assert copied(qtbot, last) == "def\n\nmiddle\n\nlast line"


def test_a_drag_selects_across_messages(window: MainWindow, qtbot: QtBot) -> None:
    told(window, said("What?", "user"), said("This."), said("And?", "user"), said("That."))
    question = label(window, "What?")
    drag(question, label(window, "That."))
    assert copied(qtbot, question) == "What?\n\nThis.\n\nAnd?\n\nThat."
    assert menu_at(window, question)[0] == "Copy"


def test_whoever_goes_elsewhere_leaves_nothing_selected(window: MainWindow) -> None:
    told(window, said("What?", "user"), said("This."))
    drag(label(window, "What?"), label(window, "This."))
    label(window, "What?").setFocus()
    assert label(window, "This.").hasSelectedText()
    window.chat.composer.text.setFocus()
    assert not any(label(window, text).hasSelectedText() for text in ("What?", "This."))


def test_all_of_a_message_is_selected_with_one_key(window: MainWindow, qtbot: QtBot) -> None:
    told(window, said("What?", "user"), said(TEXT), said("And?", "user"), said("That."))
    drag(label(window, "And?"), label(window, "That."))
    expected = "First one.\n- item a\n- [x] item b\n\nx = 1\n\nLast paragraph."
    for focused in (label(window, "item a"), cards(window)[1]):
        focused.setFocus()
        qtbot.keyClick(focused, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        assert copied(qtbot, focused) == expected


def test_another_click_selects_nothing(window: MainWindow, qtbot: QtBot) -> None:
    told(window, said("What?", "user"), said("This."))
    drag(label(window, "What?"), label(window, "This."))
    answer = label(window, "This.")
    for kind in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonRelease):
        send(kind, answer, answer.mapToGlobal(QPoint(1, 1)))
    assert not label(window, "What?").hasSelectedText()
    assert copied(qtbot, answer) == ""


def test_a_drag_beyond_the_edge_scrolls_and_keeps_what_is_selected(
    window: MainWindow, qtbot: QtBot
) -> None:
    texts = [f"message {number}\n\n" + "line\n\n" * 9 for number in range(30)]
    told(window, *(said(text, "user" if n % 2 else "assistant") for n, text in enumerate(texts)))
    messages = window.chat.messages
    bar = messages.verticalScrollBar()
    bar.setValue(0)
    first = label(window, "message 0")
    send(QEvent.Type.MouseButtonPress, first, first.mapToGlobal(QPoint(0, 4)))
    below = messages.viewport().mapToGlobal(QPoint(100, messages.viewport().height() + 500))
    send(QEvent.Type.MouseMove, first, below)
    qtbot.waitUntil(lambda: bar.value() > 3000, timeout=20_000)
    send(QEvent.Type.MouseButtonRelease, first, below)
    text = copied(qtbot, messages)
    assert text.startswith("message 0")
    for number in range(8):
        assert f"message {number}" in text


def test_a_drag_changes_what_it_passes_over(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not all that is selected, at each move of the pointer."""
    number = 24
    told(window, said("Q", "user"), said("\n\n".join(f"part {n}." for n in range(number))))
    window.chat.messages.verticalScrollBar().setValue(0)
    labels = [label(window, f"part {n}.") for n in range(number)]
    changed: list[RichLabel] = []
    select = RichLabel.setSelection

    def count(one: RichLabel, start: int, length: int) -> None:
        changed.append(one)
        select(one, start, length)

    monkeypatch.setattr(RichLabel, "setSelection", count)
    at = [one.mapToGlobal(QPoint(40, one.height() // 2)) for one in labels]
    send(QEvent.Type.MouseButtonPress, labels[0], at[0])
    move, seen = QEvent.Type.MouseMove, 12
    for place in at[1:seen]:
        send(move, labels[0], place)
    assert len(changed) <= 2 * seen
    changed.clear()
    send(move, labels[0], at[seen - 1] + QPoint(1, 0))
    assert changed == [labels[seen - 1]]
    changed.clear()
    send(move, labels[0], at[3])
    assert set(changed) == set(labels[3:seen])
    assert [one.hasSelectedText() for one in labels[1:6]] == [True] * 3 + [False] * 2


def test_a_table_is_copied_as_spreadsheets_take_it(window: MainWindow, qtbot: QtBot) -> None:
    table = "| a | b c |\n|---|---|\n| *1* | 2<br>3 |\n| | 4 |"
    told(window, said("Q", "user"), said(f"Before\n\n{table}\n\nAfter"))
    before = label(window, "Before")
    drag(before, label(window, "After"))
    assert copied(qtbot, before) == "Before\n\na\tb c\n1\t2 3\n\t4\n\nAfter"


@pytest.mark.parametrize(
    ("begin", "end", "text"),
    [
        ((0, 1), (9, 1), "one\t2"),
        ((0, 0), (9, 1), "a\tb\none\t2"),
        ((9, 0), (0, 1), "a\tb\none\t2"),
        ((0, 2), (0, 0), "a\none\n3"),
        ((9, 0), (9, 2), "b\n2\n4"),
        ((0, 0), (9, 2), "a\tb\none\t2\n3\t4"),
    ],
)
def test_cells_are_copied(
    window: MainWindow, qtbot: QtBot, begin: tuple[int, int], end: tuple[int, int], text: str
) -> None:
    """Dragged within the table, from the left or right end of a row to that of another."""
    told(window, said("Q", "user"), said("| a | b |\n|---|---|\n| one | 2 |\n| 3 | 4 |"))
    cells, button = label(window, "<table"), Qt.MouseButton.LeftButton
    first, last = (
        QPoint(6 if not x else cells.width() - 20, (2 * row + 1) * cells.height() // 6)
        for x, row in (begin, end)
    )
    qtbot.mousePress(cells, button, pos=first)
    qtbot.mouseMove(cells, last)
    qtbot.mouseRelease(cells, button, pos=last)
    assert copied(qtbot, cells) == text
    rich = QGuiApplication.clipboard().mimeData().html()
    shown = QTextDocument()
    shown.setHtml(rich)
    assert shown.toPlainText().split() == text.split()
    assert "<table" in rich


def test_code_is_copied_as_it_was_written(window: MainWindow, qtbot: QtBot) -> None:
    code = "def f():\n\ta = 1\n\n    return a\n\n\nf()"
    told(window, said("Q", "user"), said(f"Before\n\n```py\n{code}\n```\n\nAfter"))
    before = label(window, "Before")
    drag(before, label(window, "After"))
    assert copied(qtbot, before) == f"Before\n\n{code}\n\nAfter"


def test_what_is_selected_stays_selected_while_the_answer_grows(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    go_on, write_on = threading.Event(), threading.Event()
    first, second = delta(content="First *one*.\n\nThe sec"), delta(content="ond *grows*")
    words: list[bytes | threading.Event] = [first, go_on, second, write_on]
    fake.script = [[*words, delta(content=" and grows."), ending()]]
    write(window, qtbot, "Go")
    qtbot.waitUntil(lambda: "The sec" in seen(window))
    label(window, "First").setSelection(0, 9)
    label(window, "The sec").setSelection(4, 3)
    for gate, text in ((go_on, "grows"), (write_on, "and grows.")):
        gate.set()
        qtbot.waitUntil(lambda text=text: text in seen(window))
        chosen = [label(window, text).selectedText() for text in ("First", "The sec")]
        assert chosen == ["First one", "sec"]
    qtbot.waitUntil(lambda: not program_of(window).chat.is_busy)
