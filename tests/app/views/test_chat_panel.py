"""What is set for a conversation reaches the model, and is there again."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QInputDialog, QLineEdit, QPlainTextEdit, QSlider
from pytestqt.qtbot import QtBot

from app.domain import ChatSettings
from app.views.chat_panel import BUDGETS
from app.views.main_window import MainWindow

from ..fake_endpoint import FakeEndpoint
from .support import ask, button, named, program_of


@pytest.fixture
def panel(window: MainWindow) -> Any:
    window.chat.show_panel(True)
    return window.chat.panel


def fill(qtbot: QtBot, panel: Any, name: str, text: str) -> QLineEdit:
    field = named(panel, QLineEdit, name)
    assert isinstance(field, QLineEdit)
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key.Key_Return)
    return field


def settings(window: MainWindow) -> ChatSettings:
    conversation = program_of(window).chat.conversation
    assert conversation is not None
    return conversation.settings


def test_all_of_it_is_asked_with(
    window: MainWindow, panel: Any, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    qtbot.keyClicks(named(panel, QPlainTextEdit, "System prompt"), "Be brief.")
    fill(qtbot, panel, "Temperature", "0.35")
    fill(qtbot, panel, "Most tokens", "99")
    named(panel, QSlider, "Thinking budget").setValue(2)  # type: ignore[attr-defined]
    ask(window, qtbot, "Hi")
    body = fake.bodies[0]
    assert body["messages"][0] == {"role": "system", "content": "Be brief."}
    assert (body["temperature"], body["max_completion_tokens"]) == (0.35, 99)
    assert body["thinking_budget"] == BUDGETS[2]
    assert window.chat.composer._think.text() == "Think · 1K"


def test_what_cannot_be_goes_back_to_what_was(window: MainWindow, panel: Any, qtbot: QtBot) -> None:
    field = fill(qtbot, panel, "Temperature", "1.5")
    fill(qtbot, panel, "Temperature", "7")
    assert field.text() == "1.5"
    assert settings(window).sampling == {"temperature": 1.5}
    fill(qtbot, panel, "Temperature", "x")
    assert field.text() == "1.5"
    field.clear()
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert settings(window).sampling == {}
    assert field.placeholderText() == "0.6"  # the model's own, where it thinks


def test_arrows_change_a_number(window: MainWindow, panel: Any, qtbot: QtBot) -> None:
    field = named(panel, QLineEdit, "Temperature")
    qtbot.keyClick(field, Qt.Key.Key_Up)
    assert settings(window).sampling == {"temperature": 0.65}
    for _ in range(60):
        qtbot.keyClick(field, Qt.Key.Key_Down)
    assert settings(window).sampling == {"temperature": 0.0}


def test_the_defaults_are_those_of_the_mode(window: MainWindow, panel: Any, qtbot: QtBot) -> None:
    button(window, "Think before answering").click()
    field = named(panel, QLineEdit, "Temperature")
    assert isinstance(field, QLineEdit)
    assert field.placeholderText() == "0.7"


def test_a_preset_is_saved_applied_and_deleted(
    window: MainWindow, panel: Any, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = program_of(window)
    qtbot.keyClicks(named(panel, QPlainTextEdit, "System prompt"), "You are a pirate.")
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: ("Pirate", True))
    button(panel, "Save as a preset…").click()
    saved = settings(window)
    assert saved.system_prompt == "You are a pirate."
    program.chat.new()
    assert settings(window) == ChatSettings()
    choice = named(panel, QComboBox, "Preset")
    assert isinstance(choice, QComboBox)
    assert choice.currentText() == "Custom"
    choice.activated.emit(choice.findText("Pirate"))
    assert settings(window) == saved
    assert choice.currentText() == "Pirate"
    button(panel, "Delete the preset").click()
    assert program.conversations.presets.rowCount() == 0
    assert settings(window) == saved


def test_reset_leaves_everything_to_the_model(window: MainWindow, panel: Any, qtbot: QtBot) -> None:
    fill(qtbot, panel, "Seed", "7")
    assert settings(window).sampling == {"seed": 7}
    panel._reset.click()
    assert settings(window) == ChatSettings()
    assert not panel._reset.isEnabled()


def test_another_conversation_brings_its_own(window: MainWindow, panel: Any, qtbot: QtBot) -> None:
    program = program_of(window)
    prompt = named(panel, QPlainTextEdit, "System prompt")
    assert isinstance(prompt, QPlainTextEdit)
    qtbot.keyClicks(prompt, "First.")
    ask(window, qtbot, "Hi")
    first = program.chat.conversation
    assert first is not None
    program.chat.new()
    assert prompt.toPlainText() == ""
    program.chat.open(first.id)
    assert prompt.toPlainText() == "First."


def test_a_switch_in_the_text_goes_before_the_button(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    think, text = window.chat.composer._think, window.chat.composer.text
    assert think.isChecked()
    qtbot.keyClicks(text, "Hi /no_think")
    assert not think.isChecked()
    assert not think.isEnabled()
    text.clear()
    assert think.isChecked()
    assert think.isEnabled()
    ask(window, qtbot, "Hi /no_think")
    assert fake.bodies[0]["enable_thinking"] is False
