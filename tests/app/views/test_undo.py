"""Undo from notices, the menu and the panel; a question where nothing can be undone."""

from __future__ import annotations

from typing import get_args

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot
from qwen3mlx_app.domain import ApiKey, ChatSettings, Undo, UndoKind
from qwen3mlx_app.quantization import QuantizeJob, QuantizeState
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.undo_titles import undo_title

from ..controllers.support import shown
from ..fake_endpoint import FakeEndpoint, answer
from .support import action, ask, button, program_of, trigger, visible_texts


def question(window: MainWindow, qtbot: QtBot) -> QMessageBox:
    """The one on screen."""
    qtbot.waitUntil(lambda: any(one.isVisible() for one in window.findChildren(QMessageBox)))
    return next(one for one in window.findChildren(QMessageBox) if one.isVisible())


def test_a_deleted_message_is_undone_from_its_notice_and_from_the_menu(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    fake.script = [answer("A")]
    ask(window, qtbot, "Keep me")
    before = shown(program_of(window))
    assert not action(window, "Undo Last Action").isEnabled()
    for undo in (
        lambda: button(window.notices, "Undo").click(),
        lambda: trigger(window, "Undo Delete Message"),
    ):
        window.chat.intents.delete.emit(program_of(window).chat.messages.value(0).message.id)
        assert shown(program_of(window)) == []
        assert "2 messages were deleted." in visible_texts(window.notices)
        undo()
        assert shown(program_of(window)) == before
        assert not action(window, "Undo Last Action").isEnabled()


def test_the_menu_names_what_it_undoes(window: MainWindow, qtbot: QtBot) -> None:
    program = program_of(window)
    ask(window, qtbot, "Keep me")
    program.conversations.save_preset("Brief", ChatSettings(system_prompt="Be brief."))
    [preset] = program.conversations.presets.values()
    program.conversations.delete_preset(preset.id)
    assert action(window, "Undo Delete Preset").isEnabled()
    program.conversations.delete([program.conversations.conversations.value(0).id])
    trigger(window, "Undo Delete Conversation")
    program.settings.update(language="zh_CN")
    qtbot.waitUntil(lambda: bool(texts(window) & {"撤销删除预设"}))
    trigger(window, "撤销删除预设")
    assert program.conversations.presets.values() == [preset]
    assert "撤销上一步操作" in texts(window)


@pytest.mark.parametrize("kind", get_args(UndoKind))
def test_all_that_can_be_undone_has_a_name(kind: UndoKind) -> None:
    assert undo_title(Undo(kind, lambda: True)).startswith("Undo ")


def texts(window: MainWindow) -> set[str]:
    return {one.text() for one in window.findChildren(QAction)}


def test_the_panel_s_reset_is_undone(window: MainWindow, qtbot: QtBot) -> None:
    mine = ChatSettings(system_prompt="mine", thinking_budget=512)
    program_of(window).chat.settings.set(mine)
    window.chat.show_panel(True)
    button(window.chat.panel, "Reset to Model Defaults").click()
    chat = program_of(window).chat
    assert chat.conversation is not None
    assert chat.conversation.settings == ChatSettings(system_prompt="mine")
    button(window.notices, "Undo").click()
    assert chat.conversation.settings == mine


def test_resetting_the_app_is_undone(window: MainWindow, qtbot: QtBot) -> None:
    program_of(window).settings.update(font_size=20)
    window.show_page("settings")
    button(window.page, "Reset app settings").click()
    assert program_of(window).settings.settings.font_size == 14
    button(window.notices, "Undo").click()
    assert program_of(window).settings.settings.font_size == 20


@pytest.mark.parametrize("is_sure", [True, False])
def test_a_key_is_revoked_only_after_a_question(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint, is_sure: bool
) -> None:
    window.show_page("server")
    key = ApiKey(name="laptop", scope="admin", created="2026-01-01", last_used=None)
    program_of(window).server.keys_changed.emit([key])
    qtbot.waitUntil(lambda: any("laptop" in text for text in visible_texts(window.page)))
    button(window.page, "Revoke laptop").click()
    box = question(window, qtbot)
    assert "laptop" in box.text()
    revoked = ("DELETE", "/api/qwen3mlx/keys?name=laptop")
    if is_sure:
        button(box, "Revoke").click()
        qtbot.waitUntil(lambda: revoked in fake.requests)
    else:
        qtbot.keyClick(box, Qt.Key.Key_Return)  # the default is not to
        qtbot.waitUntil(lambda: not box.isVisible())
        assert revoked not in fake.requests


def test_a_conversion_is_deleted_only_after_a_question(window: MainWindow, qtbot: QtBot) -> None:
    window.show_page("quantize")
    job = QuantizeJob(source="/models/qwen", output="/models/out", recipe="4bit", method="rtn")
    program_of(window).quantize._set(QuantizeState(phase="paused", job=job), save=False)
    button(window.page, "Cancel").click()
    box = question(window, qtbot)
    qtbot.keyClick(box, Qt.Key.Key_Escape)
    assert program_of(window).quantize.state.phase == "paused"
    program_of(window).quantize._set(QuantizeState(), save=False)
