"""The window's backups: one a day, told when they cannot be made, and any of them put back."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from qwen3mlx_app.composition import Program
from qwen3mlx_app.controllers import backups as controller
from qwen3mlx_app.domain import Conversation, Notice
from qwen3mlx_app.services.store import backup_folder, make_backup

from tests.support.places import PROGRAM

from ..fake_endpoint import FakeEndpoint, answer, delta, ending
from .support import ask, last, shown


def database(program: Program) -> Path:
    assert program.store.path is not None
    return program.store.path


def back_up(program: Program, qtbot: QtBot) -> None:
    with qtbot.waitSignal(program.backups._done):
        program.backups.back_up()


def restore(program: Program, qtbot: QtBot, act: Callable[[], object]) -> None:
    with qtbot.waitSignal(program.backups.restored):
        act()


def titles(program: Program) -> list[str]:
    return [one.title for one in program.conversations.conversations.values()]


def heard(program: Program) -> list[Notice]:
    notices: list[Notice] = []
    program.backups.notice.connect(notices.append)
    return notices


def test_one_a_day_is_made_and_the_window_goes_on_meanwhile(
    program: Program, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(program, qtbot, "One")
    may_end, threads = threading.Event(), set()

    def slowly(path: Path, kind: str) -> Path:
        threads.add(threading.current_thread())
        assert may_end.wait(20)
        return make_backup(path, kind)  # type: ignore[arg-type]

    monkeypatch.setattr(controller, "make_backup", slowly)
    program.backups.back_up()
    program.backups.back_up()  # not twice
    assert ask(program, qtbot, "Two").status == "done"
    with qtbot.waitSignal(program.backups._done):
        may_end.set()
    assert threading.main_thread() not in threads
    back_up(program, qtbot)
    assert len(program.backups.listed()) == len(threads) == 1


def test_it_is_looked_after_a_while_and_again_and_again(program: Program, qtbot: QtBot) -> None:
    ask(program, qtbot, "One")
    backups = program.backups
    backups._first.setInterval(1)
    backups._again.setInterval(5)
    with qtbot.waitSignals([backups._done] * 3):
        backups.start()
    backups._again.stop()
    backups.wait()
    assert len(backups.listed()) == 1


def test_a_full_disk_is_told_once_and_forgotten_when_there_is_room(
    program: Program, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(program, qtbot, "One")
    usage, notices = shutil.disk_usage(database(program).parent), heard(program)
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "disk_usage", lambda _: usage._replace(free=0))
        back_up(program, qtbot)
        back_up(program, qtbot)
    assert [notice.kind for notice in notices] == ["warning"]
    assert "no room" in notices[0].text
    assert notices[0] in program.notices.shown
    assert ask(program, qtbot, "Two").status == "done"
    back_up(program, qtbot)
    assert notices[0] not in program.notices.shown
    assert len(program.backups.listed()) == 1


def test_a_folder_that_cannot_be_written_is_named(program: Program, qtbot: QtBot) -> None:
    ask(program, qtbot, "One")
    notices = heard(program)
    backup_folder(database(program)).write_text("in the way")
    back_up(program, qtbot)
    assert str(backup_folder(database(program))) in notices[0].text


def test_a_database_that_is_found_broken_is_checked_at_the_next_start(
    program: Program, qtbot: QtBot, profile: Path
) -> None:
    for number in range(30):
        ask(program, qtbot, f"Question {number} " + "word " * 300)
    program.store._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path, notices = database(program), heard(program)
    with path.open("r+b") as file:
        file.seek(4096 * (path.stat().st_size // 4096 // 2))
        file.write(bytes(range(256)) * 16)
    back_up(program, qtbot)
    assert "Reopen qwen3mlx to repair it" in notices[0].text
    assert program.backups.listed() == []
    program.close()
    again = Program(profile, PROGRAM)
    assert again.store.recovery is not None
    again.close()


def test_a_restore_shows_what_was_then_and_is_undone(program: Program, qtbot: QtBot) -> None:
    ask(program, qtbot, "Then")
    back_up(program, qtbot)
    [backup] = program.backups.listed()
    program.chat.new()
    ask(program, qtbot, "Later")
    program.search.look_for("later")
    qtbot.waitUntil(lambda: program.search.hits.rowCount() == 1)
    program.conversations.delete([program.conversations.conversations.value(1).id])
    restore(program, qtbot, lambda: program.backups.restore(backup.path))
    assert titles(program) == ["Then"]
    assert program.search.hits.rowCount() == 0
    assert shown(program) == []
    assert program.undo.last is not None
    assert [one.kind for one in program.undo._undos] == ["restore_backup"]
    restore(program, qtbot, program.undo.undo_last)
    assert titles(program) == ["Later"]
    restore(program, qtbot, program.undo.undo_last)  # undo of the undo
    assert titles(program) == ["Then"]
    program.chat.open(program.conversations.conversations.value(0).id)
    assert ask(program, qtbot, "And now?").status == "done"


def test_what_is_written_and_what_runs_is_saved_before_a_restore(
    program: Program, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    fake.script = [answer("A"), [delta(content="Half"), go_on := threading.Event(), ending()]]
    ask(program, qtbot, "Then")
    back_up(program, qtbot)
    [backup] = program.backups.listed()
    program.chat.send("Go on")
    qtbot.waitUntil(lambda: last(program).content == "Half")
    program.chat.drafts.set_text("half a question")
    restore(program, qtbot, lambda: program.backups.restore(backup.path))
    go_on.set()
    restore(program, qtbot, program.undo.undo_last)
    program.chat.open(program.conversations.conversations.value(0).id)
    assert (last(program).content, last(program).status) == ("Half", "stopped")
    assert program.chat.drafts.current is not None
    assert program.chat.drafts.current.text == "half a question"


def test_a_temporary_chat_stays_while_others_are_restored(program: Program, qtbot: QtBot) -> None:
    ask(program, qtbot, "Then")
    back_up(program, qtbot)
    [backup] = program.backups.listed()
    program.chat.new_temporary()
    ask(program, qtbot, "My secret")
    restore(program, qtbot, lambda: program.backups.restore(backup.path))
    assert program.chat.is_temporary
    assert shown(program)[0] == ("user", "My secret")
    for made in program.backups.listed():
        assert b"My secret" not in made.path.read_bytes()


def test_a_restore_that_fails_changes_nothing(program: Program, qtbot: QtBot) -> None:
    ask(program, qtbot, "Now")
    back_up(program, qtbot)
    [backup] = program.backups.listed()
    backup.path.write_bytes(backup.path.read_bytes()[:5000])
    notices = heard(program)
    with qtbot.waitSignal(program.backups._done):
        program.backups.restore(backup.path)
    assert notices[-1].kind == "error"
    assert "Nothing has changed" in notices[-1].text
    assert titles(program) == ["Now"]


def test_two_at_once_are_refused(program: Program, qtbot: QtBot) -> None:
    ask(program, qtbot, "Now")
    back_up(program, qtbot)
    [backup] = program.backups.listed()
    with qtbot.waitSignal(program.backups.restored):
        assert program.backups.restore(backup.path)
        assert not program.backups.restore(backup.path)


def test_where_the_database_is_gone_its_backup_is_offered(profile: Path, qtbot: QtBot) -> None:
    first = Program(profile, PROGRAM)
    assert first.greeting is None
    then = Conversation(title="Then", created_at=1.0, updated_at=1.0)
    first.store.save_conversation(then)
    copy = make_backup(database(first), "daily")
    first.close()
    (profile / "conversations.sqlite").unlink()
    program = Program(profile, PROGRAM)
    assert program.greeting is not None
    assert "is missing" in program.greeting.text
    assert f"backup of {datetime.now():%A, %d %B %Y}" in program.greeting.text
    restore(program, qtbot, lambda: program.backups.restore(copy))
    assert titles(program) == ["Then"]
    program.close()
    again = Program(profile, PROGRAM)
    assert again.greeting is None
    again.close()


def test_after_damage_the_notice_names_the_backup(profile: Path) -> None:
    first = Program(profile, PROGRAM)
    first.conversations.add_folder("Work")
    first.close()
    path = profile / "conversations.sqlite"
    copy = make_backup(path, "daily")
    path.write_bytes(path.read_bytes()[:5000] + bytes(5000))
    program = Program(profile, PROGRAM)
    assert program.greeting is not None
    assert f"backup of {datetime.now():%A, %d %B %Y}" in program.greeting.text
    assert [one.kind for one in program.backups.listed()] == ["rescue"]
    assert not copy.exists()
    program.close()
