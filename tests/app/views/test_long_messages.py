"""Long messages are laid out in steps: what is seen first, and in the end all of it."""

from __future__ import annotations

import math
import re

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.marking import Marks
from qwen3mlx_app.views.message_card import MessageCard
from qwen3mlx_app.views.message_text import MessageText
from qwen3mlx_app.views.part_widgets import TablePart
from qwen3mlx_app.views.rich_text import RichLabel, laid_out

from .messages import said, told
from .support import button, trigger
from .test_find import counted, is_at

PARAGRAPHS = "\n\n".join(f"Paragraph {n} says *something*." for n in range(280))
CODE = "```python\n" + "".join(f"value_{n} = '{n}'\n" for n in range(1500)) + "```"
TABLE = "| a | b |\n|---|---|\n" + "".join(f"| {n} | **{n}** |\n" for n in range(200))
LIST = "".join(f"- item {n} with `code`\n" for n in range(300))
LONG = {"paragraphs": PARAGRAPHS, "code": CODE, "list": LIST, "table": TABLE}


def text_of(window: MainWindow, message_id: str) -> MessageText:
    card = window.chat.messages._shown[message_id]
    return card.findChildren(MessageText)[0]


def on_screen(window: MainWindow, *, from_end: bool = False) -> dict[RichLabel, int]:
    """The labels on the screen and where they are, from the top or the end."""
    viewport = window.chat.messages.viewport()
    found = {}
    for label in viewport.findChildren(RichLabel):
        y = label.mapTo(viewport, QPoint(0, 0)).y()
        if label.isVisible() and y < viewport.height() and y + label.height() > 0:
            found[label] = y - (viewport.height() if from_end else 0)
    return found


def shown_of(text: MessageText) -> str:
    return "".join(label.text() for label in text.labels())


@pytest.mark.parametrize("name", LONG)
def test_what_is_seen_is_there_at_once_and_stays_where_it_is(
    window: MainWindow, qtbot: QtBot, name: str
) -> None:
    made = told(window, said("Go", "user"), said(LONG[name]))
    text, bar = text_of(window, made[1].id), window.chat.messages.verticalScrollBar()
    before = on_screen(window, from_end=True)
    assert bar.value() == bar.maximum() > 0
    assert len(before) > 3 or name in ("code", "table")
    assert not text.is_whole()
    qtbot.waitUntil(text.is_whole, timeout=60_000)
    QApplication.processEvents()
    assert bar.value() == bar.maximum()
    assert on_screen(window, from_end=True).items() <= before.items()


@pytest.mark.parametrize("share", [0, 0.5])
def test_what_is_seen_stays_where_it_is_elsewhere(
    window: MainWindow, qtbot: QtBot, share: float
) -> None:
    made = told(window, said("Go", "user"), said(PARAGRAPHS), said("And?", "user"), said("Yes"))
    text, bar = text_of(window, made[1].id), window.chat.messages.verticalScrollBar()
    bar.setValue(int(share * bar.maximum()))
    before = on_screen(window)
    assert len(before) > 5
    assert not text.is_whole()
    qtbot.waitUntil(text.is_whole, timeout=60_000)
    QApplication.processEvents()
    assert on_screen(window).items() <= before.items()
    assert "Paragraph 0 " in shown_of(text)
    assert "Paragraph 279 " in shown_of(text)


def test_all_of_a_long_question_is_there_in_the_end(window: MainWindow, qtbot: QtBot) -> None:
    question = "".join(f"Line {n} of the file.\n" for n in range(4000))
    made = told(window, said(question, "user"))
    text = text_of(window, made[0].id)
    assert len(text.labels()) < 20
    qtbot.waitUntil(text.is_whole, timeout=60_000)
    shown = shown_of(text)
    assert all(f"Line {n} of" in shown for n in range(4000))


def test_a_step_ends_when_its_time_is_over(window: MainWindow, qtbot: QtBot) -> None:
    made = told(window, said("Go", "user"), said(PARAGRAPHS))
    text = text_of(window, made[1].id)
    before = len(text.labels())
    assert not text.step(0)
    assert len(text.labels()) == before
    assert text.step(math.inf)
    assert text.is_whole()
    assert not text.step(math.inf)


def test_find_sees_what_is_not_laid_out_yet(window: MainWindow, qtbot: QtBot) -> None:
    words = PARAGRAPHS.replace("Paragraph 7 ", "A needle ").replace("Paragraph 270 ", "Needle ")
    made = told(window, said("Go", "user"), said(words))
    text = text_of(window, made[1].id)
    assert not any("A needle" in label.text() for label in text.labels())
    count, label = text.mark(Marks(re.compile("needle", re.IGNORECASE), "red", "blue"), 0)
    assert count == 2
    assert label is not None
    assert 'blue">needle<' in label.text()
    trigger(window, "Find")
    qtbot.keyClicks(window.chat.find_bar.field, "needle")
    qtbot.waitUntil(lambda: counted(window) == "1 of 2")
    qtbot.waitUntil(lambda: is_at(window, "A <span"))
    window.chat.find_bar.next()
    assert counted(window) == "2 of 2"
    assert is_at(window, "Needle")
    window.chat.find_bar.previous()
    assert is_at(window, "A <span")
    qtbot.waitUntil(text.is_whole, timeout=60_000)
    assert is_at(window, "A <span")


def test_copying_code_copies_all_of_it(window: MainWindow) -> None:
    told(window, said("Go", "user"), said(CODE))
    window.chat.messages.verticalScrollBar().setValue(0)
    button(window.chat.messages, "Copy code").click()
    copied = QGuiApplication.clipboard().text()
    assert copied == CODE.removeprefix("```python\n").removesuffix("\n```")


def test_the_frame_of_code_is_around_its_lines(window: MainWindow, qtbot: QtBot) -> None:
    made = told(window, said("Go", "user"), said(f"Before\n\n{CODE}\n\nafter"))
    text = text_of(window, made[1].id)
    qtbot.waitUntil(text.is_whole, timeout=60_000)
    first, *lines, last = text.labels()
    frame = button(text, "Copy code").parentWidget()
    assert frame is not None
    assert len(lines) == 30
    for label in lines:
        assert frame.geometry().contains(label.geometry())
    assert first.geometry().bottom() < frame.y()
    assert frame.geometry().bottom() < last.y()


def test_tab_leads_from_link_to_link_whichever_was_laid_out_first(
    window: MainWindow, qtbot: QtBot
) -> None:
    links = "\n\n".join(f"[link {n}](https://a.org/{n})" for n in range(100))
    made = told(window, said("Go", "user"), said(links))
    text = text_of(window, made[1].id)
    qtbot.waitUntil(text.is_whole, timeout=60_000)
    labels = text.labels()
    following = []
    widget = labels[0].nextInFocusChain()
    while len(following) < len(labels) - 1:
        if isinstance(widget, RichLabel):
            following.append(widget)
        widget = widget.nextInFocusChain()
    assert following == labels[1:]
    assert labels[0].focusPolicy() == Qt.FocusPolicy.StrongFocus


def test_a_message_that_left_the_screen_comes_back_whole(window: MainWindow, qtbot: QtBot) -> None:
    others = [said("line\n\n" * 20, "user" if n % 2 else "assistant") for n in range(30)]
    made = told(window, said("Go", "user"), said(PARAGRAPHS), *others)
    bar = window.chat.messages.verticalScrollBar()
    bar.setValue(0)
    bar.setValue(bar.maximum())
    assert window.chat.messages._cards.find(made[1].id) is None
    bar.setValue(0)
    assert any("Paragraph 0 " in label.text() for label in on_screen(window))
    card: MessageCard = window.chat.messages._shown[made[1].id]
    qtbot.waitUntil(lambda: all(text.is_whole() for text in card.texts()), timeout=60_000)


GROWING = {
    "code": (CODE.removesuffix("```"), "more = 1\n", 2),
    "list": (LIST, "- one more `item`\n", 2),
    "table": (TABLE, "| 1 | **2** |\n", 2),
    "paragraphs": (PARAGRAPHS + "\n\n", "And one more.\n\n", 2),
}


@pytest.mark.parametrize("name", GROWING)
def test_little_is_laid_out_again_for_each_line_of_a_growing_answer(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    grown, line, most = GROWING[name]
    made = told(window, said("Go", "user"), said(grown))
    text = text_of(window, made[1].id)
    text.show_text(grown, growing=True)
    text.step(math.inf)
    shown: list[str] = []
    really = RichLabel.setText
    monkeypatch.setattr(
        RichLabel, "setText", lambda label, new: (shown.append(new), really(label, new))[1]
    )
    for _ in range(20):
        grown += line
        text.show_text(grown, growing=True)
        text.step(math.inf)
    text.show_text(grown)
    text.step(math.inf)
    assert 0 < len(shown) <= 20 * most
    assert max(one.count("\n", one.index("</style>")) for one in shown) < 120


def widths(text: MessageText) -> set[tuple[str, ...]]:
    """Those of the columns, in all documents of a table."""
    return {tuple(re.findall(r'<t[dh] width="(\d+)"', label.text())) for label in text.labels()}


def test_the_columns_of_a_long_table_are_aligned(window: MainWindow, qtbot: QtBot) -> None:
    made = told(window, said("Go", "user"), said(TABLE))
    text = text_of(window, made[1].id)
    qtbot.waitUntil(text.is_whole, timeout=60_000)
    assert len(text.labels()) == 25
    ((first, second),) = widths(text)
    text.show_text(TABLE + "| a wider cell than before | b |\n")
    while text.step(math.inf):
        pass
    assert text.is_whole()
    ((wider, same),) = widths(text)
    assert int(wider) > int(first)
    assert same == second


def test_a_long_wide_table_scrolls_as_one(window: MainWindow, qtbot: QtBot) -> None:
    row = "|" + " a cell with words |" * 12 + "\n"
    made = told(window, said("Go", "user"), said(row + "|---" * 12 + "|\n" + row * 40))
    text = text_of(window, made[1].id)
    qtbot.waitUntil(text.is_whole, timeout=60_000)
    tables = text.findChildren(TablePart)
    bars = [table.horizontalScrollBar() for table in tables]
    assert len(bars) == 5
    assert [
        bar.isVisible() for bar in sorted(bars, key=lambda bar: bar.mapTo(text, QPoint()).y())
    ] == [
        False,
        False,
        False,
        False,
        True,
    ]
    bars[1].setValue(50)
    assert {bar.value() for bar in bars} == {50}
    assert len({bar.maximum() for bar in bars}) == 1


def table(num_columns: int, cell: str, num_rows: int) -> str:
    row = f"|{f' {cell} |' * num_columns}\n"
    return row + "|---" * num_columns + "|\n" + row * num_rows


@pytest.mark.parametrize("num_rows", [3, 40])
def test_a_table_that_can_be_wrapped_to_fit_has_no_scroll_bar(
    window: MainWindow, qtbot: QtBot, num_rows: int
) -> None:
    window.resize(1000, 700)
    for num_columns, cell, scrolls in (
        (5, "some words to wrap in it", False),  # with 130 pixels each: a little too wide
        (4, "some words to wrap in it", False),
        (9, "some words to wrap in it", True),
        (5, "unbreakable_long_words", True),
        (2, "unbreakable_long_words", False),
    ):
        made = told(window, said("Go", "user"), said(table(num_columns, cell, num_rows)))
        text = text_of(window, made[1].id)
        qtbot.waitUntil(text.is_whole, timeout=60_000)
        QApplication.processEvents()
        assert 0.8 * 5 * 130 < text.width() < 5 * 130
        parts = text.findChildren(TablePart)
        assert len(parts) == (1 if num_rows == 3 else 5)
        widest = max(part.widget().width() for part in parts)
        assert (widest > text.width()) == scrolls, (num_columns, cell)
        assert any(part.horizontalScrollBar().isVisible() for part in parts) == scrolls
        for part in parts:  # nothing of it is cut off
            document = laid_out(part.labels()[0].text(), part.labels()[0].font())
            document.setTextWidth(part.widget().width())
            assert document.size().width() <= part.widget().width() + 1


def test_a_long_list_is_copied_as_one(window: MainWindow) -> None:
    made = told(window, said("Go", "user"), said(LIST))
    window.chat.intents.copy_rich.emit(made[1].id)
    html = QGuiApplication.clipboard().mimeData().html()
    assert html.count("<ul>") == 1
    assert html.count("<li>") == 300


def test_a_window_that_becomes_narrower_keeps_heights_until_they_are_measured(
    window: MainWindow, qtbot: QtBot
) -> None:
    made = told(window, said("Go", "user"), said(CODE))
    text = text_of(window, made[1].id)
    qtbot.waitUntil(text.is_whole, timeout=60_000)
    assert text.heightForWidth(text.width() - 40) == text.height()
    text.resize(text.width() - 40, text.height())
    assert not text.is_whole()
    assert text.fill(0, 500)
    assert not text.is_whole()


def test_what_is_laid_out_is_not_placed_again(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = told(window, said("Go", "user"), said("One.\n\nTwo."))
    text = text_of(window, made[1].id)
    assert text.is_whole()
    monkeypatch.setattr(MessageText, "_place", lambda text: pytest.fail("placed"))
    assert not text.fill(0, 1000)
    assert not text.step(math.inf)
