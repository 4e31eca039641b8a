"""A conversation that no longer fits: warned before sending, with buttons that help."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton
from pytestqt.qtbot import QtBot
from qwen3mlx_app.domain import ChatSettings
from qwen3mlx_app.views.main_window import MainWindow

from ..fake_endpoint import MODEL, FakeEndpoint, answer
from .support import ask, button, program_of, visible_texts

Key = Qt.Key
WORDS = "word " * 1500


def buttons(window: MainWindow) -> list[str]:
    bar = window.chat.context_bar
    return [one.text() for one in bar.findChildren(QAbstractButton) if one.isVisible()]


def said(window: MainWindow) -> str:
    return " ".join(visible_texts(window.chat.context_bar))


def cost(window: MainWindow) -> list[str]:
    return visible_texts(window.chat.composer)


@pytest.fixture
def full(window: MainWindow, qtbot: QtBot, fake: FakeEndpoint) -> MainWindow:
    """Three questions and answers of 1,500 words each, of which 4,096 fit."""
    window.resize(1120, 900)
    for number in range(3):
        fake.script = [answer(f"{WORDS} answer{number}")]
        ask(window, qtbot, f"question{number}")
    qtbot.waitUntil(window.chat.context_bar.isVisible)
    return window


def test_what_is_too_long_is_said_before_sending(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    composer = window.chat.composer
    composer.text.setPlainText("word " * 10_854)
    qtbot.waitUntil(lambda: "10.9K / 4K, too long" in cost(window))
    assert "too long for the model: 10,854 of 4,096 tokens. Shorten it." in said(window)
    assert buttons(window) == []  # nothing to drop, and no more memory
    qtbot.keyClick(composer.text, Key.Key_Return)
    assert fake.bodies == []
    assert composer.text.toPlainText().startswith("word")
    composer.text.setPlainText("word " * 82)
    qtbot.waitUntil(lambda: "2% of 4K" in cost(window))
    assert not window.chat.context_bar.isVisible()
    qtbot.keyClick(composer.text, Key.Key_Return)
    qtbot.waitUntil(lambda: len(fake.bodies) == 1)


def test_the_oldest_are_dropped_and_sent_again(
    full: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    assert buttons(full) == ["Drop Oldest Messages", "Summarize in New Conversation"]
    button(full, "Drop Oldest Messages").click()
    qtbot.waitUntil(lambda: buttons(full) == ["Send All Again"])
    assert said(full) == "The oldest 4 messages are not sent to the model."
    qtbot.waitUntil(lambda: "37% of 4K" in cost(full))
    assert full.chat.messages.accessibleName()
    fake.script = [answer("Yes.")]
    ask(full, qtbot, "more")
    sent = [message["content"].split()[-1] for message in fake.bodies[-1]["messages"]]
    assert sent == ["question2", "answer2", "more"]
    assert program_of(full).chat.messages.rowCount() == 8  # nothing is deleted
    button(full.notices, "Undo").click()
    qtbot.waitUntil(lambda: "Summarize in New Conversation" in buttons(full))
    assert button(full, "Send").isEnabled() is False


def test_what_is_dropped_stays_dropped(full: MainWindow, qtbot: QtBot) -> None:
    program = program_of(full)
    button(full, "Drop Oldest Messages").click()
    qtbot.waitUntil(lambda: buttons(full) == ["Send All Again"])
    shown = program.chat.conversation
    assert shown is not None
    full.new()
    assert not full.chat.context_bar.isVisible()
    full.open(shown.id)
    assert buttons(full) == ["Send All Again"]
    button(full, "Think before answering").click()  # another setting
    assert buttons(full) == ["Send All Again"]
    program.chat.branch(program.chat.path[-1].id)
    assert said(full) == "The oldest 4 messages are not sent to the model."
    button(full, "Send All Again").click()
    qtbot.waitUntil(lambda: "Drop Oldest Messages" in buttons(full))


def test_a_summary_goes_on_in_a_new_conversation(
    full: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    program = program_of(full)
    before = program.chat.conversation
    assert before is not None
    full.chat.composer.text.setPlainText("my next question")
    fake.script = [answer("In short: words.")]
    with qtbot.waitSignal(program.chat.finished):
        button(full, "Summarize in New Conversation").click()
    now = program.chat.conversation
    assert now is not None
    assert (now.id != before.id, now.title) == (True, before.title)
    [asked] = fake.bodies[-1]["messages"]
    assert "answer2" in asked["content"]
    assert "question0" not in asked["content"]
    assert len(asked["content"].split()) < 4096
    assert full.chat.composer.text.toPlainText() == "my next question"
    fake.script = [answer("Go on.")]
    qtbot.keyClick(full.chat.composer.text, Key.Key_Return)
    qtbot.waitUntil(lambda: len(fake.bodies) == 5)
    sent = [message["content"] for message in fake.bodies[-1]["messages"]]
    assert sent == ["In short: words.", "my next question"]


def test_a_message_that_never_fits_is_to_be_shortened(
    full: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    assert "Drop Oldest Messages" in buttons(full)
    full.chat.composer.text.setPlainText("word " * 5000)
    told = "The message is too long for the model: 5,000 of 4,096 tokens. Shorten it."
    qtbot.waitUntil(lambda: told in said(full))
    assert buttons(full) == []
    full.chat.composer.text.setPlainText("word " * 50)
    qtbot.waitUntil(lambda: "Drop Oldest Messages" in buttons(full))
    assert "The conversation is too long" in said(full)


def test_a_summary_that_was_stopped_leaves_nothing_out(
    full: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    program, go_on = program_of(full), threading.Event()
    fake.script = [[go_on, *answer("")]]
    button(full, "Summarize in New Conversation").click()
    qtbot.waitUntil(lambda: len(fake.bodies) == 4)
    with qtbot.waitSignal(program.chat.finished):
        program.chat.stop()
    go_on.set()
    assert len(program.chat.path) == 2
    assert program.context.num_unsent == 0
    assert "not sent" not in said(full)
    assert buttons(full) == []


def test_what_is_too_long_to_be_counted_is_more_than_is_told(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    told = {"model": "demo", "texts": [], "chat": 20_836, "context_length": 4096, "at_least": True}
    fake.replies["/api/qwen3mlx/tokens"] = (200, json.dumps(told).encode())
    window.chat.composer.text.setPlainText("x" * 10)
    more = "too long for the model: more than 20,836 of 4,096 tokens."
    qtbot.waitUntil(lambda: more in said(window))


def test_one_message_that_is_not_sent_is_one(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    fake.script = [answer("An answer.")]
    ask(window, qtbot, "Hello")
    chat = program_of(window).chat
    chat.settings.set_first_sent(chat.path[1].id)
    qtbot.waitUntil(window.chat.context_bar.isVisible)
    assert said(window) == "The oldest message is not sent to the model."


def test_the_model_is_loaded_with_more_context(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    large: dict[str, Any] = json.loads(json.dumps(MODEL))
    large["max_context_length"] = 40960
    large["fit"]["largest_context"] = 20_000
    saved = {**large, "settings": {**large["settings"], "context_length": 16384}}
    unloaded = {**saved, "state": "not-loaded", "loaded": None}
    program = program_of(window)
    for path, reply in (
        ("models", {"models": [large], "skipped": []}),
        ("models/settings", saved),
        ("models/unload", unloaded),
    ):
        fake.replies[f"/api/qwen3mlx/{path}"] = (200, json.dumps(reply).encode())
    loaded = {**saved, "loaded": {**saved["loaded"], "context_length": 16384}}
    event = f"event: loaded\ndata: {json.dumps({'model': loaded})}\n\n"
    fake.replies["/api/qwen3mlx/models/load"] = (200, event.encode())
    with qtbot.waitSignal(program.models.refreshed):
        program.models.refresh()
    window.chat.composer.text.setPlainText("word " * 9000)
    qtbot.waitUntil(lambda: buttons(window) == ["Load with 16K Context"])
    button(window, "Load with 16K Context").click()
    qtbot.waitUntil(lambda: ("POST", "/api/qwen3mlx/models/load") in fake.requests)
    qtbot.waitUntil(lambda: program.models.models.value(0).context_length == 16384)
    steps = [path for method, path in fake.requests if method in ("PUT", "POST")]
    order = [f"/api/qwen3mlx/models/{step}" for step in ("settings", "unload", "load")]
    assert [path for path in steps if path in order] == order


def test_the_meter_is_of_what_will_be_sent(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    fake.script = [answer("word " * 1000), answer("word " * 1000)]
    ask(window, qtbot, "One")
    ask(window, qtbot, "Two")
    qtbot.waitUntil(lambda: "49% of 4K" in cost(window))
    first = program_of(window).chat.path[2]
    window.chat.intents.edit.emit(first.id)  # replaces all that followed it
    qtbot.waitUntil(lambda: "24% of 4K" in cost(window))
    window.new()
    assert not [text for text in cost(window) if "%" in text]  # not that of another conversation
    qtbot.waitUntil(lambda: "0% of 4K" in cost(window))


def test_the_meter_counts_tools_once_they_are_known(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    program = program_of(window)
    qtbot.keyClicks(window.chat.composer.text, "one two")
    program.chat.settings.set(ChatSettings(servers=("mini",)))
    qtbot.waitUntil(lambda: "2% of 4K" in cost(window))
    asked = fake.requests.count(("POST", "/api/qwen3mlx/tokens"))
    program.tools.tools_changed.emit("mini")
    qtbot.waitUntil(lambda: fake.requests.count(("POST", "/api/qwen3mlx/tokens")) > asked)
