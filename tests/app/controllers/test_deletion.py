"""Messages go with what followed them, and come back."""

from __future__ import annotations

from pytestqt.qtbot import QtBot
from qwen3mlx_app.composition import Program

from ..fake_endpoint import FakeEndpoint, answer
from .support import ask, last, shown


def kept(program: Program) -> list[str]:
    """The messages on disk, in their order."""
    assert program.chat.conversation is not None
    found = program.store.messages(program.chat.conversation.id)
    return [message.content for message in found]


def test_deleting_a_message_takes_what_followed(
    program: Program, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    ask(program, qtbot, "One")
    ask(program, qtbot, "Two")
    program.chat.deletion.delete(program.chat.messages.value(2).message.id)
    assert shown(program) == [("user", "One"), ("assistant", "Hello!")]
    program.chat.deletion.delete(program.chat.messages.value(0).message.id)
    assert shown(program) == []


def test_a_deleted_message_comes_back_with_what_followed(
    program: Program, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    fake.script = [answer(text) for text in ("A", "B", "B2", "C")]
    ask(program, qtbot, "One")
    ask(program, qtbot, "Two")
    with qtbot.waitSignal(program.chat.finished):
        program.chat.regenerate(last(program).id)
    ask(program, qtbot, "Three")
    before, on_disk = shown(program), kept(program)
    heard: list[str] = []
    program.chat.notice.connect(lambda notice: heard.append(notice.text))
    program.chat.deletion.delete(program.chat.messages.value(2).message.id)
    assert (heard, len(kept(program))) == (["5 messages were deleted."], 2)
    program.undo.undo_last()
    assert (shown(program), kept(program)) == (before, on_disk)
    assert [hit.message_id for hit in program.store.search("B2")]
    program.chat.deletion.delete(last(program).id)
    assert heard[-1] == "1 message was deleted."
    program.undo.undo_last()
    assert shown(program) == before


def test_a_message_comes_back_from_another_conversation_after_a_new_question(
    program: Program, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    fake.script = [answer("A"), answer("B"), answer("C")]
    ask(program, qtbot, "One")
    program.chat.deletion.delete(program.chat.messages.value(0).message.id)
    assert shown(program) == []
    ask(program, qtbot, "Two")  # its rows take the deleted ones' places
    first = program.chat.conversation
    program.chat.new()
    ask(program, qtbot, "Three")
    program.undo.undo_last()
    assert program.chat.conversation is not None
    assert first is not None
    assert program.chat.conversation.id == first.id
    assert shown(program) == [("user", "One"), ("assistant", "A")]
    assert program.chat.messages.value(0).num_versions == 2
