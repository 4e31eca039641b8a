"""An export proposes a name, and writes the kind of file that was chosen."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog, QLineEdit
from pytestqt.qtbot import QtBot
from qwen3mlx_app.domain import Conversation
from qwen3mlx_app.services.settings import SettingsFile
from qwen3mlx_app.views import file_dialogs
from qwen3mlx_app.views.exporting import proposed_name, with_ending
from qwen3mlx_app.views.main_window import MainWindow

from ..fake_endpoint import FakeEndpoint
from .support import ask, program_of, trigger


def titled(title: str) -> Conversation:
    return Conversation(title=title, created_at=1.0, updated_at=1.0)


def test_the_name_is_the_title_as_a_file_can_be_named() -> None:
    assert proposed_name([titled("Plan: a/b\\c?\n<now>")]) == "Plan a b c now"
    assert proposed_name([titled("Read notes.md")]) == "Read notes"
    assert proposed_name([titled("../..")]) == "Conversations"
    assert proposed_name([titled("")]) == proposed_name([titled("a")] * 2) == "Conversations"
    assert proposed_name([titled("很长" * 100)]) == "很长" * 40


def test_the_ending_that_was_typed_counts(tmp_path: Path) -> None:
    assert with_ending(tmp_path / "a", ".json") == tmp_path / "a.json"
    assert with_ending(tmp_path / "v1.2", ".md") == tmp_path / "v1.2.md"
    assert with_ending(tmp_path / "a.txt", ".md") == tmp_path / "a.txt.md"
    (tmp_path / "a.json").write_text("mine")
    for name in ("a.md", "a.json", "a.JSON", "a.MD"):  # the dialog has asked
        assert with_ending(tmp_path / name, ".md") == tmp_path / name
        assert with_ending(tmp_path / name, ".json") == tmp_path / name
    assert with_ending(tmp_path / "a", ".json") == tmp_path / "a 2.json"


@pytest.mark.parametrize(
    ("place", "typed", "named", "begins"),
    [
        (0, None, "Hello.md", "# Hello"),
        (1, None, "Hello.json", "{"),
        (0, "straw", "straw.md", "# Hello"),
        (0, "straw.json", "straw.json", "{"),
        (1, "straw.md", "straw.md", "# Hello"),
        (1, "straw.txt", "straw.txt.json", "{"),
    ],
)
def test_what_is_written_is_what_was_named(
    window: MainWindow,
    qtbot: QtBot,
    fake: FakeEndpoint,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    place: int,
    typed: str | None,
    named: str,
    begins: str,
) -> None:
    """In Qt's own dialog, which a desktop without one shows."""
    ask(window, qtbot, "Hello")
    program_of(window).settings.update(last_folder=str(tmp_path))

    def choose(dialog: QFileDialog) -> int:
        kind = dialog.nameFilters()[place]
        dialog.selectNameFilter(kind)
        dialog.filterSelected.emit(kind)
        field = dialog.findChild(QLineEdit, "fileNameEdit")
        assert isinstance(field, QLineEdit)
        if typed is not None:
            field.setText(typed)
        dialog.accept()
        return dialog.result()

    monkeypatch.setattr(QFileDialog, "exec", choose)
    trigger(window, "Export…")
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [named]
    assert (tmp_path / named).read_text().startswith(begins)


def test_a_title_is_one_line_wherever_it_comes_from(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint, tmp_path: Path
) -> None:
    ask(window, qtbot, "Hello")
    chats = program_of(window).conversations
    [conversation] = chats.conversations.values()
    chats.rename(conversation.id, "two\nlines")
    assert chats.conversations.value(0).title == "two lines"
    chats.export_to([conversation.id], tmp_path / "out.json")
    exported = (tmp_path / "out.json").read_text()
    another = exported.replace("two lines", "three\\nmore\\rlines").replace("Hello", "Hi")
    (tmp_path / "out.json").write_text(another)
    chats.import_files([tmp_path / "out.json"])
    assert {one.title for one in chats.conversations.values()} == {"two lines", "three more lines"}


def test_the_next_start_begins_where_the_last_dialog_ended(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch, profile: Path, tmp_path: Path
) -> None:
    (tmp_path / "models").mkdir()
    chosen = str(tmp_path / "models")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: chosen)
    file_dialogs.ask_folder(window, "Which?")
    kept = SettingsFile(profile / "window.json").read()
    program_of(window).settings.update(last_folder=None)
    assert file_dialogs.begin() != chosen
    assert kept.last_folder == chosen
    program_of(window).settings.update(last_folder=kept.last_folder)
    program_of(window).settings.reset()
    assert file_dialogs.begin() == chosen
