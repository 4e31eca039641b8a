"""What is deleted or reset can be taken back from the notice that tells of it."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot
from qwen3mlx_app.composition import Program
from qwen3mlx_app.controllers.undo import MOST, UndoStack
from qwen3mlx_app.domain import ChatSettings, Notice, Undo
from qwen3mlx_app.quantization import Quality

from ..fake_endpoint import FakeEndpoint, answer
from .support import ask

BRIEF = ChatSettings(system_prompt="Be brief.", thinking=False)


def test_presets_and_a_conversation_s_settings_come_back(program: Program) -> None:
    chats, mine = program.conversations, ChatSettings(system_prompt="mine", thinking_budget=99)
    chats.save_preset("Brief", BRIEF)
    program.chat.new()
    program.chat.settings.set(mine)
    chats.save_preset("Brief", mine)
    program.undo.undo_last()
    [preset] = chats.presets.values()
    assert preset.settings == BRIEF
    program.chat.settings.replace(preset.settings)
    chats.delete_preset(preset.id)
    assert chats.presets.rowCount() == 0
    program.undo.undo_last()
    assert chats.presets.values() == [preset] == program.store.presets()
    assert program.chat.conversation is not None
    changed = program.chat.conversation.id
    program.chat.new()
    program.undo.undo_last()  # elsewhere by now
    program.chat.open(changed)
    assert program.chat.conversation.settings == mine


def test_a_folder_comes_back_with_its_conversations(
    program: Program, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    chats = program.conversations
    fake.script = [answer("A")]
    ask(program, qtbot, "One")
    [one] = chats.conversations.values()
    chats.add_folder("Work", [one.id])
    [folder] = chats.folders.values()
    chats.delete_folder(folder.id)
    program.undo.undo_last()
    assert chats.folders.values() == [folder]
    [restored] = chats.conversations.values()
    assert restored.folder_id == folder.id


def test_reset_settings_come_back_but_not_where_the_window_was(program: Program) -> None:
    program.settings.update(theme="dark", font_size=20, sidebar_width=300)
    program.settings.reset()
    assert program.settings.settings.font_size == 14
    program.settings.update(sidebar_width=400)
    program.undo.undo_last()
    now = program.settings.settings
    assert (now.theme, now.font_size, now.sidebar_width) == ("dark", 20, 400)
    program.settings.reset()
    program.settings.reset()  # nothing to tell of
    program.undo.undo_last()
    assert program.settings.settings.font_size == 20


def test_a_removed_measurement_comes_back_in_its_place(program: Program) -> None:
    values = [quality(name) for name in ("4bit", "6bit", "8bit")]
    program.quantize.qualities.reset(values)
    program.quantize.forget(values[1])
    assert program.quantize.qualities.rowCount() == 2
    program.undo.undo_last()
    assert program.quantize.qualities.values() == values


def quality(name: str) -> Quality:
    return Quality(
        source="/models/qwen",
        name=name,
        size_bytes=1,
        bits_per_weight=4.0,
        kl_mean=0.1,
        kl_99=0.2,
        agreement=0.9,
        perplexity=2.0,
        reference_perplexity=2.0,
        edges=(),
        counts=(),
    )


@pytest.fixture
def stack() -> UndoStack:
    return UndoStack()


def test_what_cannot_be_undone_now_can_be_later(stack: UndoStack) -> None:
    answers = iter([False, True])
    heard: list[Undo | None] = []
    stack.changed.connect(heard.append)
    undo = Undo("delete_folder", lambda: next(answers))
    stack.follow(Notice(text="Gone.", action=undo))
    stack.undo_last()
    stack.undo_last()
    stack.undo_last()  # nothing is left
    assert heard == [undo, None]


def test_each_is_undone_once_from_its_notice_or_the_menu(stack: UndoStack) -> None:
    done: list[int] = []

    def undo(number: int) -> Undo:
        def act() -> bool:
            done.append(number)
            return True

        return Undo("delete_folder", act)

    undos = [undo(number) for number in range(MOST + 2)]
    for one in undos:
        stack.follow(Notice(text="Gone.", action=one))
    stack.follow(Notice(text="Off.", action="start_server"))
    stack.undo(undos[50])
    stack.undo(undos[50])
    stack.undo(undos[0])  # too long ago
    stack.undo_last()
    assert done == [50, MOST + 1]
