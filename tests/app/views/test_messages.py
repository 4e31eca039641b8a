"""Messages are shown as they were written, with their actions."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QLabel, QWidget
from pytestqt.qtbot import QtBot
from qwen3mlx_app.domain import AnswerStats, Attachment, ToolCall
from qwen3mlx_app.views.figures import Figures
from qwen3mlx_app.views.fold import Fold
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.message_text import MessageText

from ..fake_endpoint import FakeEndpoint
from .messages import cards, is_seen, menu_at, said, selected, shown_buttons, told
from .support import button, cover, program_of, visible_texts


def test_what_a_person_wrote_is_shown_as_it_was_written(window: MainWindow, qtbot: QtBot) -> None:
    text = "# one *two*\n  - three  &amp; \\(x\\)\n\n\n<b>four</b>\t`five`"
    told(window, said(text, "user"))
    label = next(one for one in cards(window)[0].findChildren(QLabel) if "five" in one.text())
    assert selected(label, qtbot) == text


def test_lines_of_an_answer_stay_lines(window: MainWindow, qtbot: QtBot) -> None:
    told(window, said("Q", "user"), said("one\ntwo"))
    label = next(one for one in cards(window)[1].findChildren(QLabel) if "two" in one.text())
    assert selected(label, qtbot) == "one\ntwo"


def test_a_file_name_is_not_markup(window: MainWindow) -> None:
    notes = Attachment(name="<b>a</b>&amp;.txt", kind="text", text="x", num_bytes=1)
    told(window, said("Q", "user", attachments=(notes,)))
    assert "▤ <b>a</b>&amp;.txt" in visible_texts(cards(window)[0])
    labels = [one for one in cards(window)[0].findChildren(QLabel) if "▤" in one.text()]
    assert labels[0].textFormat() == Qt.TextFormat.PlainText


def test_a_question_and_its_answer_take_little_room(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    told(window, said("Hi?", "user"), said("Yes."), said("And?", "user"), said("No."))
    heights = [card.height() for card in cards(window)]
    assert heights[0] + heights[1] <= 130
    assert heights[2] + heights[3] <= 130


def test_each_answer_names_its_model(window: MainWindow) -> None:
    told(window, said("Hi?", "user"), said("Yes.", model="Qwen3-8B"), said("No.", model="x<b>"))
    assert is_seen(cards(window)[1], "Qwen3-8B")
    assert is_seen(cards(window)[2], "x<b>")


def test_nothing_covers_a_button_of_a_message(window: MainWindow) -> None:
    told(window, said("Q", "user"), said("A"), said("Q", "user"), said("A", status="stopped"))
    for card in cards(window):
        card.set_focused(True)
        buttons = [one for one in card.findChildren(QAbstractButton) if one.isVisible()]
        assert len(buttons) >= 5
        assert [one.accessibleName() for one in buttons if cover(one)] == []


def test_copying_gives_a_tick(window: MainWindow, qtbot: QtBot) -> None:
    told(window, said("Hi?", "user"), said("Yes *so*.\n\n```\ncode\n```"))
    for name, text in (("Copy code", "code"), ("Copy Message", "Yes *so*.\n\n```\ncode\n```")):
        copy = button(cards(window)[-1], name)
        copy.click()
        assert QGuiApplication.clipboard().text() == text
        assert copy.accessibleName() == copy.toolTip() == "Copied"
        qtbot.waitUntil(lambda copy=copy, name=name: copy.accessibleName() == name)


def test_a_right_click_anywhere_on_a_message_opens_its_menu(
    window: MainWindow, qtbot: QtBot
) -> None:
    call = ToolCall(id="a", name="look", arguments="{}")
    thinks = said("Yes.\n\n```\ncode\n```", reasoning="Hm", tool_calls=(call,), error="Oh")
    told(window, said("Hi?", "user"), thinks)
    for fold in cards(window)[1].findChildren(Fold):
        fold.click()
    for card in cards(window):
        for widget in [card, *card.findChildren(QWidget)]:
            if widget.isVisible():
                assert "Regenerate" in menu_at(window, widget), widget


def test_copying_as_rich_text(window: MainWindow, qtbot: QtBot) -> None:
    made = told(window, said("Hi?", "user"), said("**Yes** <i>"))
    window.chat.intents.copy_rich.emit(made[1].id)
    data = QGuiApplication.clipboard().mimeData()
    assert "<strong>Yes</strong> &lt;i&gt;" in data.html()
    assert data.text() == "**Yes** <i>"


@pytest.mark.parametrize("first", [1, 8, 98, 998])
def test_the_numbers_of_a_list_have_their_room(window: MainWindow, first: int) -> None:
    items = "\n".join(f"{number}. item" for number in range(first, first + 4))
    told(window, said("Count", "user"), said(items))
    (column,) = cards(window)[-1].findChildren(MessageText)
    picture = column.grab().toImage()
    edge = {picture.pixelColor(0, y).rgb() for y in range(picture.height())}
    assert len(edge) == 1  # nothing is cut off there
    labels = [label for label in cards(window)[-1].labels() if "item" in label.text()]
    assert len({label.mapTo(column, QPoint()).x() for label in labels}) == 1


def test_a_button_leads_back_to_the_end(window: MainWindow, qtbot: QtBot) -> None:
    many = [said(f"line {n}\n\n" * 9, "user" if n % 2 else "assistant") for n in range(40)]
    told(window, *many)
    messages = window.chat.messages
    bar = messages.verticalScrollBar()
    assert "Scroll to End" not in shown_buttons(messages)
    bar.setValue(0)
    button(messages, "Scroll to End").click()
    assert bar.value() == bar.maximum()
    assert "Scroll to End" not in shown_buttons(messages)


def test_figures_that_do_not_fit_are_left_out_whole(window: MainWindow, qtbot: QtBot) -> None:
    stats = AnswerStats(
        tokens_per_second=42.14, completion_tokens=108, ttft_s=0.1, cached_tokens=64
    )
    told(window, said("Hi?", "user"), said("Yes.", stats=stats, finish_reason="length"))
    parts = ["length limit", "42.1 tokens/s", "108 tokens", "0.10 s to first token", "64 cached"]
    shown: set[str] = set()
    for width in range(1100, 480, -20):
        window.resize(width, 600)
        [figures] = cards(window)[-1].findChildren(Figures)
        shown.add(figures.text())
        assert figures.text() in [" · ".join(parts[:number]) for number in range(6)]
        assert figures.fontMetrics().horizontalAdvance(figures.text()) <= figures.width()
        is_cut = figures.text() != " · ".join(parts)
        assert figures.toolTip() == (" · ".join(parts) if is_cut else "")
        assert figures.accessibleName() == " · ".join(parts)
    assert len(shown) > 2
    window.resize(1100, 600)
    assert cards(window)[-1].findChildren(Figures)[0].text() == " · ".join(parts)


@pytest.mark.parametrize("size", [11, 24])
def test_figures_fit_at_every_text_size(window: MainWindow, size: int) -> None:
    stats = AnswerStats(tokens_per_second=42.14, completion_tokens=108, ttft_s=0.1)
    told(window, said("Hi?", "user"), said("Yes.", stats=stats))
    window.resize(600, 600)
    program_of(window).settings.update(font_size=size)
    [figures] = cards(window)[-1].findChildren(Figures)
    assert figures.text()
    assert figures.fontMetrics().horizontalAdvance(figures.text()) <= figures.width()
