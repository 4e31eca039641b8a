"""Files and folders that the system hands to the app: each is asked about, the rest refused."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot
from qwen3mlx_app.views.main_window import MainWindow

from ..fake_endpoint import FakeEndpoint
from .support import button, program_of, windows_of


def open_path(window: MainWindow, path: Path) -> None:
    windows_of(window).open_link(path.as_uri())


def notices(window: MainWindow) -> str:
    return " ".join(notice.text for notice in window.session.notices.shown)


def question(window: MainWindow, qtbot: QtBot) -> QMessageBox:
    qtbot.waitUntil(lambda: QApplication.activeModalWidget() is not None)
    box = QApplication.activeModalWidget()
    assert isinstance(box, QMessageBox)
    return box


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """As LM Studio writes one."""
    user = {"type": "singleStep", "role": "user", "content": [{"type": "text", "text": "Hi"}]}
    made = {"name": "Opened", "messages": [{"versions": [user], "currentlySelected": 0}]}
    path = tmp_path / "a 你%#.json"
    path.write_text(json.dumps(made))
    return path


def titles(window: MainWindow) -> list[str]:
    return [one.title for one in program_of(window).conversations.conversations.values()]


def test_conversations_are_imported_when_a_person_agrees(
    window: MainWindow, qtbot: QtBot, export: Path
) -> None:
    open_path(window, export)
    box = question(window, qtbot)
    assert export.name in box.text()
    assert titles(window) == []
    button(box, "Import").click()
    qtbot.waitUntil(lambda: titles(window) == ["Opened"])


def test_conversations_are_not_imported_otherwise(
    window: MainWindow, qtbot: QtBot, export: Path
) -> None:
    open_path(window, export)
    question(window, qtbot).defaultButton().click()
    assert titles(window) == []


def test_a_folder_is_added_when_a_person_agrees(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint, tmp_path: Path
) -> None:
    open_path(window, tmp_path)
    box = question(window, qtbot)
    assert str(tmp_path) in box.text()
    before = len(fake.sent)
    button(box, "Add Folder").click()
    assert window.pages.name == "models"
    qtbot.waitUntil(lambda: len(fake.sent) > before)
    assert fake.sent[before] == ("/api/qwen3mlx/folders", {"path": str(tmp_path)})


def test_what_is_neither_is_refused(window: MainWindow, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "program.sh").write_text("exit 1")
    for path in ("pipe.json", "program.sh", "missing.json", "x" * 300 + ".json"):
        open_path(window, tmp_path / path)
        assert QApplication.activeModalWidget() is None
        assert "cannot be opened" in window.session.notices.shown[-1].text


@pytest.mark.parametrize("content", [b"", b"\xff\x00", b"[" * 100_000, b'{"messages": [1]}'])
def test_a_hostile_file_costs_itself_alone(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / os.fsdecode(b"<b>bold\xff.json")
    path.write_bytes(content)
    open_path(window, path)
    button(question(window, qtbot), "Import").click()
    qtbot.waitUntil(lambda: bool(window.session.notices.shown))
    assert window.session.notices.shown[-1].kind == "error"
    assert titles(window) == []


def test_one_question_is_asked_at_a_time(window: MainWindow, qtbot: QtBot, export: Path) -> None:
    open_path(window, export)
    box = question(window, qtbot)
    for _ in range(20):
        open_path(window, export)
    assert len(window.findChildren(QMessageBox)) == 1
    assert "A dialog is open" in notices(window)
    box.defaultButton().click()
