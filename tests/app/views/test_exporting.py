"""An export proposes a name, and writes the kind of file that was chosen."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot
from qwen3mlx_app.domain import Conversation
from qwen3mlx_app.views.exporting import proposed_name, with_ending
from qwen3mlx_app.views.main_window import MainWindow

from ..fake_endpoint import FakeEndpoint
from .support import ask, program_of, trigger


def titled(title: str) -> Conversation:
    return Conversation(title=title, created_at=1.0, updated_at=1.0)


def test_the_name_is_the_title_as_a_file_can_be_named() -> None:
    assert proposed_name([titled("Plan: a/b\\c?\n<now>")]) == "Plan a b c now"
    assert proposed_name([titled("../..")]) == "Conversations"
    assert proposed_name([titled("")]) == proposed_name([titled("a")] * 2) == "Conversations"
    assert proposed_name([titled("很长" * 100)]) == "很长" * 40


def test_the_ending_is_the_filter_s_and_nothing_is_overwritten(tmp_path: Path) -> None:
    assert with_ending(tmp_path / "a", ".json") == tmp_path / "a.json"
    assert with_ending(tmp_path / "v1.2", ".md") == tmp_path / "v1.2.md"
    assert with_ending(tmp_path / "a.md", ".json") == tmp_path / "a.json"
    assert with_ending(tmp_path / "a.MD", ".md") == tmp_path / "a.MD"
    assert with_ending(tmp_path / "a.txt", "") == tmp_path / "a.txt"
    (tmp_path / "a.json").write_text("mine")
    assert with_ending(tmp_path / "a.md", ".json") == tmp_path / "a 2.json"


@pytest.mark.parametrize(("place", "begins"), [(0, "# Hello"), (1, "{")])
def test_what_is_written_is_what_the_filter_says(
    window: MainWindow,
    qtbot: QtBot,
    fake: FakeEndpoint,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    place: int,
    begins: str,
) -> None:
    ask(window, qtbot, "Hello")
    asked: list[str] = []

    def choose(_: object, __: str, proposed: str, filters: str) -> tuple[str, str]:
        asked.append(Path(proposed).name)
        return str(tmp_path / "out"), filters.split(";;")[place]

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    trigger(window, "Export…")
    [written] = tmp_path.glob("out.*")
    assert asked == ["Hello.md"]
    assert written.suffix == [".md", ".json"][place]
    assert written.read_text().startswith(begins)


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
