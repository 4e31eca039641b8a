"""Folders and files that are dropped on the window."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QToolButton,
)
from pytestqt.qtbot import QtBot
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.models import ModelsPage

from ..fake_endpoint import FakeEndpoint
from .support import button, named, program_of


def drop(window: MainWindow, paths: list[Path]) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    actions = Qt.DropAction.CopyAction | Qt.DropAction.MoveAction
    left, shift = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier
    enter = QDragEnterEvent(QPoint(5, 5), actions, data, left, shift)
    window.dragEnterEvent(enter)
    assert enter.isAccepted()
    dropped = QDropEvent(QPointF(5, 5), actions, data, left, shift)
    assert dropped.proposedAction() == Qt.DropAction.MoveAction
    window.dropEvent(dropped)
    assert dropped.dropAction() == Qt.DropAction.CopyAction  # the file stays where it is


def test_a_folder_that_is_dropped_is_looked_at_for_models(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint, tmp_path: Path
) -> None:
    folder = tmp_path / "Qwen3-0.6B"
    folder.mkdir()
    drop(window, [folder])
    assert isinstance(window.page, ModelsPage)
    qtbot.waitUntil(lambda: ("POST", "/api/qwen3mlx/folders") in fake.requests)


def test_a_file_that_is_dropped_is_attached(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("Some notes")
    with qtbot.waitSignal(program_of(window).chat.attachments.added):
        drop(window, [file])
    assert [one.name for one in window.chat.composer.attachments] == ["notes.txt"]
    composer = window.chat.composer
    qtbot.waitUntil(lambda: named(composer, QToolButton, "Remove notes.txt").isVisible())
    button(composer, "Remove notes.txt").click()
    assert window.chat.composer.attachments == []
