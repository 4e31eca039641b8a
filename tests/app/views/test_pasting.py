"""What is pasted into the field of a message: text as it is, files as files."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QUrl
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot
from qwen3mlx_app.views import message_field
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.message_field import MessageField

from .messages import said, told
from .support import program_of


@pytest.fixture
def notes(tmp_path: Path) -> QMimeData:
    """A file that was copied in the file manager, which gives its name as text, too."""
    file = tmp_path / "notes.txt"
    file.write_text("Some notes")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file))])
    data.setText("notes.txt")
    return data


def paste(field: MessageField, data: QMimeData) -> str:
    """Returns what the field has then."""
    QGuiApplication.clipboard().setMimeData(data)
    assert field.canPaste() or data.hasImage()
    field.paste()
    return field.toPlainText()


def test_a_copied_file_is_attached(window: MainWindow, qtbot: QtBot, notes: QMimeData) -> None:
    composer = window.chat.composer
    assert paste(composer.text, notes) == ""
    qtbot.waitUntil(lambda: [one.name for one in composer.attachments] == ["notes.txt"])


def test_a_copied_file_is_attached_to_the_question_that_is_edited(
    window: MainWindow, qtbot: QtBot, notes: QMimeData
) -> None:
    made = told(window, said("Hi?", "user"), said("Yes."))
    question, answer = made
    drafts = program_of(window).chat.drafts
    window.chat.intents.edit.emit(question.id)
    assert paste(edited(window), notes) == "Hi?"
    qtbot.waitUntil(lambda: len(drafts.edits[question.id].attachments) == 1)
    window.chat.intents.edit.emit(answer.id)  # an answer has no files
    assert paste(edited(window), notes) == "Yes.notes.txt"
    assert not drafts.edits[answer.id].files
    assert not window.chat.composer.attachments


def edited(window: MainWindow) -> MessageField:
    field = window.focusWidget()
    assert isinstance(field, MessageField)
    field.moveCursor(field.textCursor().MoveOperation.End)
    return field


def test_cells_of_a_spreadsheet_are_pasted_as_text(window: MainWindow) -> None:
    """They are copied as a picture, too."""
    data = QMimeData()
    data.setImageData(QImage(4, 4, QImage.Format.Format_RGB32))
    data.setHtml("<table><tr><td>a</td><td>b</td></tr></table>")
    data.setText("a\tb\n1\t2")
    assert paste(window.chat.composer.text, data) == "a\tb\n1\t2"
    assert not window.chat.composer.attachments


def test_a_picture_alone_is_refused_with_a_sentence(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    told_texts: list[str] = []

    def tell(place: QPoint, text: str, widget: QWidget) -> None:
        told_texts.append(text)

    monkeypatch.setattr(message_field, "show_tip", tell)
    data = QMimeData()
    data.setImageData(QImage(4, 4, QImage.Format.Format_RGB32))
    assert paste(window.chat.composer.text, data) == ""
    assert told_texts == ["Images cannot be pasted: Qwen3 reads only text."]
