"""What is written and attached stays with its conversation until it is sent."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot
from qwen3mlx_app.composition import Program
from qwen3mlx_app.controllers import attachment_loader
from qwen3mlx_app.domain import Attachment, Notice
from qwen3mlx_app.services.attachments import read_attachment
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.window import make_window

from tests.support.places import PROGRAM

from ..controllers.support import connect, fill_disk, make_room, wait_for_models
from ..fake_endpoint import FakeEndpoint
from .support import ask, program_of, visible_texts


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """A slow disk: files are read once it is set."""
    may_read = threading.Event()

    def slowly(path: Path, program: Sequence[str]) -> Attachment:
        assert may_read.wait(20)
        return read_attachment(path, program)

    monkeypatch.setattr(attachment_loader, "read_attachment", slowly)
    yield may_read
    may_read.set()


def attach(window: MainWindow, folder: Path, *names: str) -> None:
    paths = [folder / name for name in names]
    for path in paths:
        path.write_text(f"text of {path.name}")
    window.chat.composer.files_given.emit(paths)


def chips(window: MainWindow) -> list[str]:
    found = window.chat.composer.findChildren(QToolButton, "chip")
    return sorted(chip.text() for chip in found if not chip.isHidden())


def written(window: MainWindow) -> str:
    return window.chat.composer.text.toPlainText()


def type_(window: MainWindow, qtbot: QtBot, text: str) -> None:
    window.chat.composer.text.selectAll()
    qtbot.keyClicks(window.chat.composer.text, text)


def open_id(window: MainWindow) -> str:
    conversation = program_of(window).chat.conversation
    assert conversation is not None
    return conversation.id


def test_text_and_files_stay_with_their_conversation(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint, tmp_path: Path
) -> None:
    type_(window, qtbot, "About this")
    attach(window, tmp_path, "notes.txt", "plan.txt")
    both = ["notes.txt  6 tokens", "plan.txt  6 tokens"]
    qtbot.waitUntil(lambda: chips(window) == both)
    first = open_id(window)
    window.new()
    assert (written(window), chips(window)) == ("", [])
    ask(window, qtbot, "Something else")
    assert "notes" not in str(fake.bodies[-1])
    window.open(first)
    assert written(window) == "About this"
    assert [chip.split()[0] for chip in chips(window)] == ["notes.txt", "plan.txt"]
    with qtbot.waitSignal(program_of(window).chat.finished):
        qtbot.keyClick(window.chat.composer.text, Qt.Key.Key_Return)
    assert "text of plan.txt" in str(fake.bodies[-1])
    assert (written(window), chips(window)) == ("", [])
    window.new()
    window.open(first)
    assert (written(window), chips(window)) == ("", [])


def test_a_file_alone_is_a_draft_and_is_there_after_a_restart(
    profile: Path, fake: FakeEndpoint, qtbot: QtBot, tmp_path: Path
) -> None:
    profile.mkdir()
    for is_first in (True, False):
        program = Program(profile, PROGRAM)
        window = make_window(program)
        qtbot.addWidget(window)
        window.show()
        connect(program, fake.url)
        wait_for_models(program, qtbot)
        if is_first:
            attach(window, tmp_path, "notes.txt")
            qtbot.waitUntil(lambda window=window: len(window.chat.composer.attachments) == 1)
            window.new()
            [conversation] = program.conversations.conversations.values()
            window.open(conversation.id)
        assert chips(window) == ["notes.txt"]
        if not is_first:
            window.chat.composer.findChild(QToolButton, "chip").click()
            assert program.store.drafts(open_id(window)) == []
        window.close()
        program.close()


def test_a_file_goes_where_it_was_attached_however_long_it_takes(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint, tmp_path: Path, disk: threading.Event
) -> None:
    attach(window, tmp_path, "slow.txt")
    assert chips(window) == ["slow.txt  reading…"]
    first = open_id(window)
    window.new()
    assert chips(window) == []
    disk.set()
    qtbot.waitUntil(lambda: len(program_of(window).store.drafts(first)) == 1)
    assert chips(window) == []
    window.open(first)
    assert chips(window) == ["slow.txt"]


def test_sending_says_what_is_missing(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint, tmp_path: Path, disk: threading.Event
) -> None:
    type_(window, qtbot, "Sum it up")
    attach(window, tmp_path, "slow.txt")
    qtbot.keyClick(window.chat.composer.text, Qt.Key.Key_Return)
    assert any("slow.txt is still being read" in text for text in visible_texts(window.notices))
    assert (fake.bodies, written(window)) == ([], "Sum it up")
    disk.set()
    qtbot.waitUntil(lambda: len(window.chat.composer.attachments) == 1)
    with qtbot.waitSignal(program_of(window).chat.finished):
        qtbot.keyClick(window.chat.composer.text, Qt.Key.Key_Return)
    assert "text of slow.txt" in str(fake.bodies[-1])


def test_a_file_that_is_taken_off_is_not_waited_for(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint, tmp_path: Path, disk: threading.Event
) -> None:
    attach(window, tmp_path, "slow.txt")
    window.chat.composer.findChild(QToolButton, "chip").click()
    with qtbot.waitSignal(program_of(window).chat.attachments.added):
        disk.set()
    assert (chips(window), window.chat.composer.attachments) == ([], [])


def test_a_refused_file_leaves_no_chip_and_no_conversation(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint, tmp_path: Path
) -> None:
    (tmp_path / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(20))
    with qtbot.waitSignal(program_of(window).chat.attachments.refused):
        window.chat.composer.files_given.emit([tmp_path / "b.png"])
    assert chips(window) == []
    window.new()
    assert program_of(window).conversations.conversations.rowCount() == 0


def test_what_is_written_while_the_disk_is_full_is_saved_once_it_is_not(
    window: MainWindow, qtbot: QtBot
) -> None:
    ask(window, qtbot, "Hi")
    program, chat = program_of(window), program_of(window).chat
    question = chat.path[0]
    fill_disk(program)
    chat.drafts.edit(question.id)
    chat.drafts.set_edit(question.id, "edited " * 3000)
    chat.drafts.set_text("written " * 3000)
    chat.save()
    assert any("disk is full" in text for text in visible_texts(window.notices))
    known = question.conversation_id
    chat.new()
    chat.open(known)
    assert written(window) == "written " * 3000
    assert chat.drafts.edits[question.id].text == "edited " * 3000
    make_room(program)
    qtbot.waitUntil(lambda: not any("full" in text for text in visible_texts(window.notices)))
    saved = program.store.conversation(known)
    assert saved is not None
    assert saved.draft == "written " * 3000
    assert [one.text for one in program.store.drafts(known)] == ["edited " * 3000]


def test_a_full_disk_is_told_once(window: MainWindow, qtbot: QtBot) -> None:
    ask(window, qtbot, "Hi")
    program, chat = program_of(window), program_of(window).chat
    fill_disk(program)
    chat.drafts.set_text("written " * 3000)
    chat.save()
    shown: list[Notice] = []
    chat.notice.connect(shown.append)
    chat.save()
    assert shown == []
    make_room(program)
    chat.save()
