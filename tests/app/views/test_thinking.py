"""What an answer waits for, what a model thinks, and which tools it calls."""

from __future__ import annotations

import threading

import pytest
from pytestqt.qtbot import QtBot
from qwen3mlx_app.domain import AnswerStats, ToolCall
from qwen3mlx_app.views.fold import Fold
from qwen3mlx_app.views.main_window import MainWindow

from ..controllers.support import last
from ..fake_endpoint import FakeEndpoint, answer, delta, ending, event
from .messages import cards, is_seen, said, selected, told
from .support import ask, button, program_of, write


def counted(total: int, thinking: int) -> bytes:
    """What the server says of an answer's tokens so far."""
    details = {"reasoning_tokens": thinking}
    usage = {
        "prompt_tokens": 9,
        "completion_tokens": total,
        "completion_tokens_details": details,
    }
    return event({"choices": [], "usage": usage})


def head(window: MainWindow) -> Fold:
    """The head of the last message's thinking, which is on screen."""
    fold = cards(window)[-1].findChildren(Fold)[0]
    assert not fold.visibleRegion().isEmpty()
    return fold


def test_thinking_is_seen_from_its_first_token(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    go_on = threading.Event()
    thought = delta(reasoning_content="Let me **see**")
    fake.script = [[thought, counted(7, 7), go_on, delta(content="Yes."), ending()]]
    write(window, qtbot, "Is it?")
    qtbot.waitUntil(lambda: last(program_of(window)).reasoning != "")
    qtbot.waitUntil(lambda: head(window).text().startswith("Thinking…"))
    qtbot.waitUntil(lambda: "7 tokens" in head(window).text())
    assert not is_seen(window.chat.messages, "see")
    head(window).click()
    qtbot.waitUntil(lambda: is_seen(window.chat.messages, "<strong>see</strong>"))
    before = head(window).text()
    qtbot.waitUntil(lambda: head(window).text() != before)  # time goes on without a token
    with qtbot.waitSignal(program_of(window).chat.finished):
        go_on.set()
    assert head(window).text().startswith("Thought for")
    assert is_seen(window.chat.messages, "Yes.")


def test_thinking_that_was_stopped_stays(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    go_on = threading.Event()
    fake.script = [[delta(reasoning_content="Half a thought"), counted(7, 7), go_on]]
    write(window, qtbot, "Go")
    qtbot.waitUntil(lambda: last(program_of(window)).reasoning != "")
    with qtbot.waitSignal(program_of(window).chat.finished):
        button(window, "Stop").click()
    go_on.set()
    assert "7 tokens" in head(window).text()
    head(window).click()
    qtbot.waitUntil(lambda: is_seen(window.chat.messages, "Half a thought"))
    for name in ("Continue", "Copy Message", "Regenerate"):
        assert not button(cards(window)[-1], name).visibleRegion().isEmpty()


@pytest.mark.parametrize("stats", [None, AnswerStats(thinking_s=2.0, reasoning_tokens=1234)])
@pytest.mark.parametrize("reason", [None, "length"])
def test_thinking_alone_is_an_answer(
    window: MainWindow, qtbot: QtBot, stats: AnswerStats | None, reason: str | None
) -> None:
    thought = said(reasoning="Only thought", stats=stats, finish_reason=reason)
    told(window, said("Why?", "user"), thought)
    title = "Thoughts" if stats is None else "Thought for 2.0 s, 1,234 tokens"
    assert head(window).text() == title
    head(window).click()
    qtbot.waitUntil(lambda: is_seen(window.chat.messages, "Only thought"))
    ended = "The model ended without an answer."
    if reason == "length":
        ended = "The length limit was reached before the answer began."
    assert is_seen(window.chat.messages, ended)
    told(window, said("Why?", "user"), said("So.", finish_reason=reason))
    assert is_seen(window.chat.messages, "So.")
    assert not is_seen(window.chat.messages, ended)


def test_an_answer_stopped_before_its_first_word_has_its_buttons(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    go_on = threading.Event()
    fake.script = [[go_on]]
    write(window, qtbot, "Go")
    qtbot.waitUntil(lambda: is_seen(window.chat.messages, "Queued…"))
    with qtbot.waitSignal(program_of(window).chat.finished):
        button(window, "Stop").click()
    go_on.set()
    assert is_seen(window.chat.messages, "stopped")
    assert is_seen(window.chat.messages, "Stopped before the answer began.")
    for name in ("Continue", "Copy Message", "Regenerate", "Delete from Here"):
        assert not button(cards(window)[-1], name).visibleRegion().isEmpty()


def test_what_an_answer_waits_for_stands_where_it_will_come(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    program, go_on, write_on = program_of(window), threading.Event(), threading.Event()
    program.chat.answers.set_server_ready(False)
    words = [delta(content="word "), counted(1, 0), delta(content="word "), counted(200, 0)]
    fake.script = [[b": prefill 1024/4096\n\n", go_on, *words, write_on, ending()]]
    write(window, qtbot, "Go")
    qtbot.waitUntil(lambda: is_seen(cards(window)[-1], "Waiting for the server…"))
    program.chat.answers.set_server_ready(True)
    qtbot.waitUntil(lambda: is_seen(cards(window)[-1], "Reading the prompt… 1,024 of 4,096 tokens"))
    program.chat.new()
    assert program.chat.messages.rowCount() == 0
    program.chat.open(last_conversation(window))
    assert is_seen(cards(window)[-1], "1,024 of 4,096")
    go_on.set()
    qtbot.waitUntil(lambda: is_seen(cards(window)[-1], "tokens/s"))
    with qtbot.waitSignal(program.chat.finished):
        write_on.set()


def last_conversation(window: MainWindow) -> str:
    running = program_of(window).chat.answers
    return next(
        one.id
        for one in program_of(window).conversations.conversations.values()
        if one.id in running
    )


def test_what_is_unfolded_stays_unfolded(window: MainWindow, qtbot: QtBot) -> None:
    many = [said(f"line {n}\n\n" * 9, "user" if n % 2 else "assistant") for n in range(40)]
    told(window, said("Hi?", "user"), said("Yes.", reasoning="A thought"), *many)
    messages, open_id = window.chat.messages, program_of(window).chat.conversation
    assert open_id is not None
    bar = messages.verticalScrollBar()
    bar.setValue(0)
    cards(window)[1].findChildren(Fold)[0].click()
    assert is_seen(messages, "A thought")
    bar.setValue(bar.maximum())
    assert not is_seen(messages, "A thought")
    bar.setValue(0)
    assert is_seen(messages, "A thought")
    program_of(window).settings.update(theme="dark")
    bar.setValue(0)
    cards(window)
    assert is_seen(messages, "A thought")
    program_of(window).chat.new()
    program_of(window).chat.open(open_id.id)
    bar.setValue(0)
    assert is_seen(messages, "A thought")


def test_the_usual_answer_is_shown_whole(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    fake.script = [answer("It is so.", "They ask.")]
    ask(window, qtbot, "Is it?")
    qtbot.waitUntil(lambda: is_seen(window.chat.messages, "It is so."))
    assert head(window).text().startswith("Thought for")


def test_a_tool_call_has_its_result_time_and_error(window: MainWindow, qtbot: QtBot) -> None:
    calls = (
        ToolCall(id="a", name="look", arguments='{"q": "<b>"}'),
        ToolCall(id="b", name="try", arguments="not json"),
    )
    found = said('{"sky": "<i>blue</i>"}', "tool", tool_call_id="a")
    failed = said('{"error": "no network"}', "tool", tool_call_id="b")
    told(window, said("Hi?", "user"), said(tool_calls=calls), found, failed, said("Done."))
    assert len(cards(window)) == 3
    card = cards(window)[1]
    assert [fold.text() for fold in card.findChildren(Fold)] == ["look", "try"]
    assert not is_seen(card, "<i>blue</i>")
    assert is_seen(card, "failed")
    assert is_seen(card, "1.0 s")
    for fold in card.findChildren(Fold):
        fold.click()
    cards(window)
    for text in ('"q": "<b>"', '"sky": "<i>blue</i>"', "not json", '"error": "no network"'):
        assert is_seen(card, text), text


def test_a_result_without_its_call_is_shown_as_it_is(window: MainWindow, qtbot: QtBot) -> None:
    text = "# <b>3</b> *results*\n\n\n&amp; [x](https://a.org)"
    told(window, said("Hi?", "user"), said(text, "tool", tool_call_id="gone"))
    (label,) = (one for one in cards(window)[1].labels() if "results" in one.text())
    assert selected(label, qtbot) == text
