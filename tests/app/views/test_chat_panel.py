"""What is set for a conversation reaches the model, and is there again."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QInputDialog,
    QLineEdit,
    QPlainTextEdit,
    QSlider,
)
from pytestqt.qtbot import QtBot
from qwen3mlx_app.domain import ChatSettings
from qwen3mlx_app.services.saved import chat_settings
from qwen3mlx_app.views.main_window import MainWindow

from qwen3mlx.settings.setting import object_schema
from qwen3mlx.settings.table import GROUPS

from ..fake_endpoint import FakeEndpoint
from .support import ask, button, named, program_of, trigger, turn_wheel, visible_texts


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
    fill(qtbot, panel, "Max tokens", "99")
    named(panel, QSlider, "Thinking budget").setValue(2)  # type: ignore[attr-defined]
    ask(window, qtbot, "Hi")
    body = fake.bodies[0]
    assert body["messages"][0] == {"role": "system", "content": "Be brief."}
    assert (body["temperature"], body["max_completion_tokens"]) == (0.35, 99)
    assert body["thinking_budget"] == 1024
    assert button(window, "Think before answering").text() == "Think · 1K"


@pytest.mark.parametrize("seed", [2**64 - 1, -(2**63), 2**53 + 1, 0])
def test_every_seed_of_the_server_is_taken_as_it_is(
    window: MainWindow, panel: Any, qtbot: QtBot, fake: FakeEndpoint, seed: int
) -> None:
    field = fill(qtbot, panel, "Seed", str(seed))
    assert field.text() == str(seed)
    ask(window, qtbot, "Hi")
    assert fake.bodies[0]["seed"] == seed
    assert chat_settings(asdict(settings(window))).sampling == {"seed": seed}
    fill(qtbot, panel, "Seed", str(2**64))
    assert settings(window).sampling == {"seed": seed}


def test_the_limits_of_a_field_are_those_that_the_server_tells(
    window: MainWindow, panel: Any, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    schemas = {group: object_schema(each) for group, each in GROUPS.items()}
    schemas["sampling"]["properties"]["temperature"]["maximum"] = 200
    schemas["sampling"]["properties"]["presence_penalty"]["default"] = 0.5
    fake.replies["/api/qwen3mlx/settings/schema"] = (200, json.dumps(schemas).encode())
    fill(qtbot, panel, "Temperature", "150")
    assert settings(window).sampling == {}
    limits = program_of(window).models.limits
    with qtbot.waitSignal(limits.changed):
        limits.refresh()
    assert fill(qtbot, panel, "Temperature", "150").text() == "150"
    assert settings(window).sampling == {"temperature": 150}
    assert named(panel, QLineEdit, "Presence penalty").placeholderText() == "0.5"  # type: ignore[attr-defined]


def test_what_cannot_be_stays_for_correction_and_is_not_used(
    window: MainWindow, panel: Any, qtbot: QtBot
) -> None:
    field = fill(qtbot, panel, "Temperature", "1.5")
    fill(qtbot, panel, "Temperature", "700")
    field.clearFocus()
    assert field.text() == "700"
    assert settings(window).sampling == {"temperature": 1.5}
    refused = "“700” is not used. A number is needed. 0 to 100."
    assert refused in visible_texts(panel)
    qtbot.keyClick(field, Qt.Key.Key_Backspace)
    assert refused not in visible_texts(panel)
    assert settings(window).sampling == {"temperature": 70}
    fill(qtbot, panel, "Temperature", "x")
    assert field.text() == "x"
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
    button(panel, "Save as preset…").click()
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
    button(panel, "Delete preset").click()
    assert program.conversations.presets.rowCount() == 0
    assert settings(window) == saved


def test_the_prompt_that_a_preset_replaced_comes_back_with_undo(
    window: MainWindow, panel: Any, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompt = named(panel, QPlainTextEdit, "System prompt")
    assert isinstance(prompt, QPlainTextEdit)
    qtbot.keyClicks(prompt, "You are a pirate.")
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: ("Pirate", True))
    button(panel, "Save as preset…").click()
    program_of(window).chat.new()
    qtbot.keyClicks(prompt, "You are a lawyer.")
    choice = named(panel, QComboBox, "Preset")
    assert isinstance(choice, QComboBox)
    choice.activated.emit(choice.findText("Pirate"))
    assert prompt.toPlainText() == settings(window).system_prompt == "You are a pirate."
    prompt.undo()
    assert prompt.toPlainText() == settings(window).system_prompt == "You are a lawyer."
    assert choice.currentText() == "Custom"


def test_reset_leaves_everything_to_the_model(window: MainWindow, panel: Any, qtbot: QtBot) -> None:
    fill(qtbot, panel, "Seed", "7")
    assert settings(window).sampling == {"seed": 7}
    button(panel, "Reset to Model Defaults").click()
    assert settings(window) == ChatSettings()
    assert not button(panel, "Reset to Model Defaults").isEnabled()


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
    think, text = button(window, "Think before answering"), window.chat.composer.text
    assert think.isChecked()
    qtbot.keyClicks(text, "Hi /no_think")
    assert not think.isChecked()
    assert not think.isEnabled()
    text.clear()
    assert think.isChecked()
    assert think.isEnabled()
    ask(window, qtbot, "Hi /no_think")
    assert fake.bodies[0]["enable_thinking"] is False


def type_in(qtbot: QtBot, panel: Any, name: str, text: str) -> QLineEdit:
    """Without leaving the field."""
    field = named(panel, QLineEdit, name)
    assert isinstance(field, QLineEdit)
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, text)
    return field


def test_what_stands_in_a_field_counts_at_once(
    window: MainWindow, panel: Any, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    ask(window, qtbot, "Hi")
    type_in(qtbot, panel, "Temperature", "0.9")
    qtbot.keyClicks(named(panel, QPlainTextEdit, "System prompt"), "Be brief.")
    with qtbot.waitSignal(program_of(window).chat.finished):
        button(window, "Regenerate").click()
    assert fake.bodies[1]["temperature"] == 0.9
    assert fake.bodies[1]["messages"][0]["content"] == "Be brief."


def test_what_is_set_stays_in_its_conversation(
    window: MainWindow, panel: Any, qtbot: QtBot
) -> None:
    program = program_of(window)
    ask(window, qtbot, "Hi")
    first = program.chat.conversation
    assert first is not None
    qtbot.keyClicks(named(panel, QPlainTextEdit, "System prompt"), "Be brief.")
    type_in(qtbot, panel, "Temperature", "0.9")
    program.chat.new()
    qtbot.wait(400)
    assert settings(window) == ChatSettings()
    program.chat.open(first.id)
    assert settings(window) == ChatSettings(
        system_prompt="Be brief.", sampling={"temperature": 0.9}
    )


@pytest.mark.parametrize("text", ["inf", "nan", "2.5", "-1", "x"])
def test_no_whole_number_is_refused(
    window: MainWindow, panel: Any, qtbot: QtBot, text: str
) -> None:
    fill(qtbot, panel, "Top K", "30")
    field = fill(qtbot, panel, "Top K", text)
    assert field.text() == text
    assert f"“{text}” is not used. A whole number is needed. At least 0." in visible_texts(panel)
    assert settings(window).sampling == {"top_k": 30}


def test_what_is_shown_is_what_is_sent(
    window: MainWindow, panel: Any, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    field = fill(qtbot, panel, "Min P", "0.025")
    assert field.text() == "0.025"
    fill(qtbot, panel, "Top P", "1.5")
    ask(window, qtbot, "Hi")
    assert fake.bodies[0]["min_p"] == 0.025
    assert "top_p" not in fake.bodies[0]


def test_a_preset_is_replaced_by_one_of_its_name(
    window: MainWindow, panel: Any, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: ("Mine", True))
    choice = named(panel, QComboBox, "Preset")
    assert isinstance(choice, QComboBox)
    for temperature in ("0.2", "0.4"):
        fill(qtbot, panel, "Temperature", temperature)
        button(panel, "Save as preset…").click()
        assert choice.currentText() == "Mine"
    program_of(window).chat.new()
    choice.activated.emit(choice.findText("Mine"))
    assert settings(window).sampling == {"temperature": 0.4}


def test_of_two_presets_that_say_the_same_the_chosen_one_is_shown(
    window: MainWindow, panel: Any, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(qtbot, panel, "Temperature", "0.2")
    choice = named(panel, QComboBox, "Preset")
    assert isinstance(choice, QComboBox)
    for name in ("One", "Two"):
        monkeypatch.setattr(QInputDialog, "getText", lambda *_, name=name: (name, True))
        button(panel, "Save as preset…").click()
        assert choice.currentText() == name
    button(panel, "Delete preset").click()
    presets = program_of(window).conversations.presets.values()
    assert [preset.name for preset in presets] == ["One"]


def test_the_wheel_scrolls_and_sets_nothing(
    window: MainWindow, panel: Any, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: ("Cold", True))
    fill(qtbot, panel, "Temperature", "0.1")
    button(panel, "Save as preset…").click()
    button(panel, "Reset to Model Defaults").click()
    for widget in (named(panel, QComboBox, "Preset"), named(panel, QSlider, "Thinking budget")):
        turn_wheel(widget)
    assert settings(window) == ChatSettings()


def test_a_reset_keeps_the_system_prompt(window: MainWindow, panel: Any, qtbot: QtBot) -> None:
    qtbot.keyClicks(named(panel, QPlainTextEdit, "System prompt"), "Be brief.")
    named(panel, QSlider, "Thinking budget").setValue(2)  # type: ignore[attr-defined]
    button(panel, "Reset to Model Defaults").click()
    assert settings(window) == ChatSettings(system_prompt="Be brief.")
    assert not button(panel, "Reset to Model Defaults").isEnabled()


def test_the_panel_is_as_wide_as_its_text(window: MainWindow, panel: Any, qtbot: QtBot) -> None:
    program_of(window).settings.update(font_size=22)

    def fits() -> None:
        content = panel.widget()
        assert content.minimumSizeHint().width() <= panel.viewport().width()

    qtbot.waitUntil(lambda: fits() is None)


def test_whether_it_is_shown_is_kept_whatever_page_is_shown(window: MainWindow, panel: Any) -> None:
    window.show_page("models")
    window.close()
    again = MainWindow(window.program, window.session, window.theme)
    assert not again.chat.panel.isHidden()
    again.close()
    again.deleteLater()


def test_its_shortcut_shows_it_also_from_another_page(window: MainWindow, panel: Any) -> None:
    window.show_page("models")
    trigger(window, "Conversation Settings")
    assert panel.isVisible()
    trigger(window, "Conversation Settings")
    assert not panel.isVisible()


def test_a_long_name_of_a_model_leaves_the_window_narrow(window: MainWindow, panel: Any) -> None:
    program = program_of(window)
    entry = program.models.models.value(0)
    program.models.models.reset([replace(entry, id=f"Qwen/{'A rather long name ' * 5}")])
    program.models.refreshed.emit()
    program.settings.update(font_size=15)  # texts are measured anew
    assert window.chat.composer.model.sizeHint().width() > 500
    QApplication.sendPostedEvents()
    assert window.minimumSizeHint().width() < 1100


def test_when_it_is_hidden_the_message_is_written_on(
    window: MainWindow, panel: Any, qtbot: QtBot
) -> None:
    named(panel, QPlainTextEdit, "System prompt").setFocus()
    trigger(window, "Conversation Settings")
    assert window.chat.composer.text.hasFocus()


@pytest.mark.parametrize(
    ("context", "largest", "steps"), [(4096, 4096, 5), (40960, 40960, 9), (100, 256, 1)]
)
def test_the_budget_goes_up_to_what_the_context_holds(
    window: MainWindow, panel: Any, context: int, largest: int, steps: int
) -> None:
    models = program_of(window).models.models
    entry = models.value(0)
    assert entry.loaded is not None
    models.put(replace(entry, loaded=replace(entry.loaded, context_length=context)))
    slider = named(panel, QSlider, "Thinking budget")
    assert isinstance(slider, QSlider)
    assert slider.maximum() == steps
    slider.setValue(steps - 1)
    assert settings(window).thinking_budget == largest
    slider.setValue(steps)
    assert settings(window).thinking_budget is None
