"""A temporary chat is in memory alone: nowhere else while it is there, and nowhere afterwards."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from qwen3mlx_app.composition import Program
from qwen3mlx_app.controllers import temporary
from qwen3mlx_app.controllers.notifier import LONG, Notifier
from qwen3mlx_app.domain import ChatSettings
from qwen3mlx_app.services.store import Store

from ..fake_endpoint import FakeEndpoint, answer, delta, ending
from .support import ask, last, shown

TOPIC = "temporary"


def begin(program: Program, qtbot: QtBot, text: str = "My secret") -> str:
    """The id of a temporary chat with a question and its answer."""
    program.chat.new_temporary()
    ask(program, qtbot, text)
    return open_id(program)


def open_id(program: Program) -> str:
    assert program.chat.conversation is not None
    return program.chat.conversation.id


def offers(program: Program) -> list[str]:
    """What can be undone."""
    return [undo.kind for undo in program.undo._undos]


def told(program: Program) -> list[str]:
    """What notices are about, but for the scripted server's answers."""
    return [one.topic for one in program.notices.shown if "invalid response" not in one.text]


def test_it_is_in_no_list_no_search_and_no_setting(
    program: Program, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    fake.script = [answer("Hush", "Think of it")]
    begin(program, qtbot)
    assert program.chat.is_temporary
    assert shown(program) == [("user", "My secret"), ("assistant", "Hush")]
    assert program.conversations.conversations.rowCount() == 0
    assert program.store.conversations() == []
    assert program.store.search("secret") == []
    assert program.settings.settings.last_model is None


def test_leaving_discards_it_and_undo_brings_all_of_it_back(
    program: Program, qtbot: QtBot, tmp_path: Path
) -> None:
    chat = program.chat
    left = begin(program, qtbot)
    before = shown(program)
    chat.drafts.set_text("half a question")
    (tmp_path / "notes.txt").write_text("of mine")
    with qtbot.waitSignal(chat.attachments.added):
        chat.attach([tmp_path / "notes.txt"])
    chat.new()
    assert not chat.is_temporary
    assert told(program) == [TOPIC]
    program.undo.undo_last()
    assert (open_id(program), chat.is_temporary) == (left, True)
    assert shown(program) == before
    assert chat.drafts.current is not None
    assert chat.drafts.current.text == "half a question"
    assert [one.name for one in chat.drafts.current.attachments] == ["notes.txt"]
    assert (offers(program), told(program)) == ([], [])
    assert ask(program, qtbot, "Go on").status == "done"


def test_after_a_while_nothing_is_left_of_it(
    program: Program, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = begin(program, qtbot)
    program.chat.deletion.delete(last(program).id)
    program.chat.settings.replace(ChatSettings(system_prompt="A secret, too"))
    program.chat.temporary._timer.setInterval(1)
    with qtbot.waitSignal(program.chat.temporary.forgotten):
        program.chat.new()
    assert offers(program) == []
    assert told(program) == []
    assert program.stores.of(left).transcript(left) is None
    program.chat.open(left)
    assert (program.chat.conversation, shown(program)) == (None, [])
    assert temporary.BACK_WITHIN <= 60_000


def test_nothing_waits_for_one_that_was_left_when_the_program_ends(
    program: Program, qtbot: QtBot
) -> None:
    begin(program, qtbot)
    program.chat.new()
    assert program.chat.temporary._timer.isActive()
    program.close()
    assert not program.chat.temporary._timer.isActive()


def test_one_at_a_time_can_be_brought_back(program: Program, qtbot: QtBot) -> None:
    first = begin(program, qtbot, "One")
    second = begin(program, qtbot, "Two")  # leaves the first
    program.undo.undo_last()  # leaves the second
    assert (open_id(program), offers(program)) == (first, ["discard_chat"])
    program.undo.undo_last()
    assert open_id(program) == second
    program.chat.new()
    assert program.stores.of(first).transcript(first) is None
    assert program.stores.of(second).transcript(second) is not None


def test_one_that_came_back_by_another_way_is_not_forgotten(program: Program, qtbot: QtBot) -> None:
    left = begin(program, qtbot)
    program.chat.deletion.delete(last(program).id)
    [deleted] = program.undo._undos
    program.chat.new()
    program.undo.undo(deleted)  # the message is back, and so is its chat
    assert open_id(program) == left
    program.chat.temporary.forget()
    assert program.stores.of(left).transcript(left) is not None


def test_an_empty_one_is_left_without_a_word(program: Program) -> None:
    program.chat.new_temporary()
    program.chat.new_temporary()
    program.chat.new()
    assert told(program) == []


def test_leaving_stops_the_answer_and_keeps_what_came_of_it(
    program: Program, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    go_on = threading.Event()
    fake.script = [[delta(content="Half"), go_on, delta(content=" more"), ending()]]
    program.chat.new_temporary()
    program.chat.send("Go")
    qtbot.waitUntil(lambda: last(program).content == "Half")
    with qtbot.waitSignal(program.chat.finished):
        program.chat.new()
    go_on.set()
    program.undo.undo_last()
    assert (last(program).content, last(program).status) == ("Half", "stopped")


def test_a_kept_one_is_one_like_any_other(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    chat = program.chat
    kept = begin(program, qtbot)
    chat.drafts.set_text("half a question")
    (tmp_path / "notes.txt").write_text("of mine")
    with qtbot.waitSignal(chat.attachments.added):
        chat.attach([tmp_path / "notes.txt"])
    before = shown(program)
    chat.keep()
    assert (open_id(program), chat.is_temporary) == (kept, False)
    assert shown(program) == before
    [listed] = program.conversations.conversations.values()
    assert (listed.id, listed.title) == (kept, "My secret")
    assert [hit.conversation_id for hit in program.store.search("secret")] == [kept]
    chat.new()
    assert told(program) == []
    chat.open(kept)
    assert shown(program) == before
    assert chat.drafts.current is not None
    assert chat.drafts.current.text == "half a question"
    assert [one.name for one in chat.drafts.current.attachments] == ["notes.txt"]
    assert ask(program, qtbot, "Go on").status == "done"
    assert len(program.store.messages(kept)) == 4


def test_an_empty_one_that_is_kept_is_listed_when_there_is_something_in_it(
    program: Program, qtbot: QtBot
) -> None:
    program.chat.new_temporary()
    program.chat.keep()
    assert program.conversations.conversations.rowCount() == 0
    ask(program, qtbot, "Hi")
    assert program.conversations.conversations.rowCount() == 1


def test_an_answer_goes_on_while_its_chat_is_kept_and_survives_a_kill(
    program: Program, qtbot: QtBot, fake: FakeEndpoint, tmp_path: Path
) -> None:
    go_on = threading.Event()
    fake.script = [[delta(content="Before"), go_on, delta(content=" and after"), ending()]]
    program.chat.new_temporary()
    program.chat.send("Go")
    qtbot.waitUntil(lambda: last(program).content == "Before")
    program.chat.keep()
    kept = open_id(program)
    assert program.store.path is not None
    for ending_ in ("", "-wal"):
        name = program.store.path.name + ending_
        (tmp_path / name).write_bytes(program.store.path.with_name(name).read_bytes())
    killed = Store(tmp_path / program.store.path.name)
    assert [one.content for one in killed.messages(kept)] == ["Go", "Before"]
    killed.close()
    with qtbot.waitSignal(program.chat.finished):
        go_on.set()
    assert [one.content for one in program.store.messages(kept)] == ["Go", "Before and after"]


@pytest.mark.parametrize("how", ["branch", "summary"])
def test_what_is_made_of_it_is_temporary_too(program: Program, qtbot: QtBot, how: str) -> None:
    begin(program, qtbot)
    if how == "branch":
        program.chat.branch(last(program).id)
    else:
        with qtbot.waitSignal(program.chat.finished):
            program.context.summarize("")
    assert program.chat.is_temporary
    assert program.store.conversations() == []
    assert "My secret" in str([row.message for row in program.chat.messages.values()])


def test_a_file_that_is_read_too_late_is_nowhere(
    program: Program, qtbot: QtBot, tmp_path: Path
) -> None:
    program.chat.new_temporary()
    (tmp_path / "notes.txt").write_text("of mine")
    with qtbot.waitSignal(program.chat.attachments.added):
        program.chat.attach([tmp_path / "notes.txt"])
        program.chat.new()
        program.chat.temporary.forget()
    assert program.store.conversations() == []
    assert told(program) == []


def test_notifications_show_no_text_of_it(program: Program, qtbot: QtBot) -> None:
    said: list[tuple[object, ...]] = []
    notifier = Notifier(
        program.answers,
        program.models.models,
        is_temporary=program.stores.is_temporary,
        is_wanted=lambda: True,
        is_watched=lambda: False,
        clock=lambda: 1e12 + LONG,
    )
    notifier.wanted.connect(lambda *what: said.append(what))
    begun = begin(program, qtbot)
    assert said == [("The response is ready", "", begun)]


def test_the_longest_draft_is_not_put_aside_in_a_file(program: Program, profile: Path) -> None:
    program.chat.new_temporary()
    program.chat.drafts.set_text("secret " * 200_000)
    program.chat.new()
    program.undo.undo_last()
    assert program.chat.is_temporary
    assert list(profile.glob("*unreadable*")) == []
    assert told(program) == []
