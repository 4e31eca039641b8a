"""Calls of tools in the conversation, and the choice of tools in the composer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QProgressBar
from pytestqt.qtbot import QtBot
from qwen3mlx_app.domain import ToolServer
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.message_card import MAX_CALLS
from qwen3mlx_app.views.tool_calls import MAX_SHOWN, CallCard

from ..fake_endpoint import FakeEndpoint, Step, calls, delta, ending, news, step
from .support import button, program_of, seen, visible_texts, write

REPLIES = "/api/qwen3mlx/tools/replies"
ARGUMENTS = '{"city": "Bonn"}'
HOSTILE = '<b>x</b> <img src="file:///x"> \x1b[2J\u202egnp'


@pytest.fixture(autouse=True)
def with_tools(window: MainWindow) -> None:
    chat = program_of(window).chat
    chat.new()
    window.chat.composer.tools.chosen.emit(("mini",))


@contextmanager
def answering(
    window: MainWindow, fake: FakeEndpoint, qtbot: QtBot, *steps: Step
) -> Iterator[threading.Event]:
    """While an answer has come as far as these steps; then it goes on when the event is set."""
    wait = threading.Event()
    ended = [news(0, "ended", text="sunny"), delta(content="Done."), ending()]
    fake.script.append([delta(role="assistant"), *steps, wait, *ended])
    write(window, qtbot, "Go on.")
    yield wait
    wait.set()
    qtbot.waitUntil(lambda: not program_of(window).chat.is_busy)


def cards(window: MainWindow) -> list[CallCard]:
    window.chat.messages.lay_out()
    QApplication.processEvents()
    found = window.chat.messages.viewport().findChildren(CallCard)
    return [one for one in found if one.isVisible()]


def wait_for_cards(window: MainWindow, qtbot: QtBot, text: str, count: int = 1) -> list[CallCard]:
    def are_there() -> bool:
        found = cards(window)
        return len(found) == count and all(text in "\n".join(visible_texts(one)) for one in found)

    qtbot.waitUntil(are_there)
    return cards(window)


ASKED = (calls("weather", arguments=ARGUMENTS), step(), news(0, "asked"))


@pytest.mark.parametrize(
    ("name", "reply"), [("Allow Once", "once"), ("Always Allow", "always"), ("Deny", "deny")]
)
def test_a_question_shows_the_arguments_and_takes_one_answer(
    window: MainWindow, fake: FakeEndpoint, qtbot: QtBot, name: str, reply: str
) -> None:
    with answering(window, fake, qtbot, *ASKED):
        (card,) = wait_for_cards(window, qtbot, "Allow mini to run weather")
        assert '"city": "Bonn"' in "\n".join(visible_texts(card))
        assert "Waiting for you…" in seen(window)
        pressed = button(card, f"{name}: weather")
        window.chat.composer.text.setFocus()
        reached = False
        for _ in range(40):  # without the mouse
            qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Backtab)
            if QApplication.focusWidget() is pressed:
                reached = True
                break
        assert reached
        qtbot.keyClick(pressed, Qt.Key.Key_Space)
        qtbot.waitUntil(lambda: any(path == REPLIES for path, _ in fake.sent))
        assert not pressed.isEnabled()
        sent = [body for path, body in fake.sent if path == REPLIES]
        assert sent == [{"id": "call0", "reply": reply}]
    assert "Allow mini" not in seen(window)
    assert '"city": "Bonn"' not in seen(window)  # folded again


def test_a_running_call_tells_how_far_it_is(
    window: MainWindow, fake: FakeEndpoint, qtbot: QtBot
) -> None:
    running = news(0, "running", done=1, total=4, message="asking the clouds")
    with answering(window, fake, qtbot, calls("weather"), step(), running):
        (card,) = wait_for_cards(window, qtbot, "asking the clouds")
        assert any(text.startswith("Running…") for text in visible_texts(card))
        (bar,) = [one for one in card.findChildren(QProgressBar) if one.isVisible()]
        assert bar.value() == 25
    (card,) = cards(window)
    assert visible_texts(card) == ["0.2 s"] or visible_texts(card) == ["0.3 s"]
    button(card, "weather").click()
    assert "sunny" in visible_texts(card)


def test_what_others_wrote_is_text(window: MainWindow, fake: FakeEndpoint, qtbot: QtBot) -> None:
    called = calls(HOSTILE, arguments=HOSTILE)
    steps = (called, step(), news(0, "asked", server=HOSTILE, tool=HOSTILE))
    with answering(window, fake, qtbot, *steps):
        (card,) = wait_for_cards(window, qtbot, "Allow <b>x</b>")
        for label in card.findChildren(QLabel):
            assert label.textFormat() == Qt.TextFormat.PlainText
            assert "\x1b" not in label.text()
            assert "\u202e" not in label.text()
        assert "\u241b[2J" in "\n".join(visible_texts(card))


def test_a_long_result_costs_no_more_than_what_is_shown(
    window: MainWindow, fake: FakeEndpoint, qtbot: QtBot
) -> None:
    ended = news(0, "ended", text="\x1b[31mlong " * 150_000)
    with answering(window, fake, qtbot, calls("weather"), step(), ended):
        qtbot.waitUntil(lambda: bool(cards(window)))
        (card,) = cards(window)
        qtbot.waitUntil(lambda: any(" s" in text for text in visible_texts(card)))
        button(card, "weather").click()
        assert max(map(len, visible_texts(card))) == MAX_SHOWN
    assert "Done." in seen(window)


def test_many_calls_at_once(window: MainWindow, fake: FakeEndpoint, qtbot: QtBot) -> None:
    many = calls(*(f"tool{n}" for n in range(20)))
    asked = b"".join(news(n, "asked") for n in range(20))
    with answering(window, fake, qtbot, many, step(), asked):
        qtbot.waitUntil(lambda: bool(cards(window)))
        (row,) = program_of(window).chat.messages.values()[1:]
        assert len(row.results) == 20 < MAX_CALLS
        wait_for_cards(window, qtbot, "Allow mini", 20)
    (row, last) = program_of(window).chat.messages.values()[1:]
    assert last.message.content == "Done."
    assert row.results[0].content == "sunny"
    assert {one.status for one in row.results[1:]} == {"stopped"}  # the server told no end


def test_escape_stops_the_answer_and_the_question(
    window: MainWindow, fake: FakeEndpoint, qtbot: QtBot
) -> None:
    with answering(window, fake, qtbot, *ASKED):
        wait_for_cards(window, qtbot, "Allow mini")
        qtbot.keyClick(window.chat.composer.text, Qt.Key.Key_Escape)
        (card,) = wait_for_cards(window, qtbot, "stopped")
        assert "Allow" not in "\n".join(visible_texts(card))
    assert program_of(window).chat.last_answer is not None


def test_the_window_can_be_closed_over_a_question(
    window: MainWindow, fake: FakeEndpoint, qtbot: QtBot
) -> None:
    program = program_of(window)
    with answering(window, fake, qtbot, *ASKED):
        wait_for_cards(window, qtbot, "Allow mini")
        conversation = program.chat.conversation
        assert conversation is not None
        window.close()
        program.answers.stop_all()
        kept = program.store.messages(conversation.id)
        assert [one.status for one in kept] == ["done", "stopped", "stopped"]


def test_an_answer_that_came_late_is_told(
    window: MainWindow, fake: FakeEndpoint, qtbot: QtBot
) -> None:
    refusal = b'{"error": {"message": "No call waits for an answer.", "code": null}}'
    fake.replies[REPLIES] = (400, refusal)
    with answering(window, fake, qtbot, *ASKED):
        (card,) = wait_for_cards(window, qtbot, "Allow mini")
        button(card, "Deny: weather").click()
        qtbot.waitUntil(lambda: "No call waits for an answer." in visible_texts(window))


def test_tools_are_chosen_in_the_composer(window: MainWindow, qtbot: QtBot) -> None:
    program, pill = program_of(window), window.chat.composer.tools
    program.tools.servers.set_values(
        [ToolServer(name=name) for name in ("builtin", "a&b <i>x</i>")]
    )
    program.tools.changed.emit()
    assert pill.isChecked()
    assert pill.text() == "Tools · 1"

    def choose(number: int) -> None:
        pill.menu().aboutToShow.emit()
        pill.menu().actions()[number].trigger()

    pill.menu().aboutToShow.emit()
    titles = [one.text() for one in pill.menu().actions()]
    assert titles == ["Built in", "a&&b <i>x</i>", "mini (not there)", "", "Manage Tools…"]
    assert [one.isChecked() for one in pill.menu().actions()[:3]] == [False, False, True]
    choose(2)
    choose(0)
    choose(1)
    conversation = program.chat.conversation
    assert conversation is not None
    assert conversation.settings.servers == ("builtin", "a&b <i>x</i>")
    assert pill.accessibleName() == "Tools, Built in, a&b <i>x</i>"
    program.chat.new()
    assert (pill.text(), pill.isChecked()) == ("Tools", False)
    pill.menu().aboutToShow.emit()
    pill.menu().actions()[-1].trigger()
    assert window.pages.name == "tools"
