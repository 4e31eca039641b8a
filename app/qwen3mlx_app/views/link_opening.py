"""What the system hands to the app: links to a model's page or a chat, which is not sent; files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QApplication

from ..domain import Notice
from ..services.own_links import ChatLink, FileLink, ModelLink, RefusedLink, parse_link
from .models import ModelsPage
from .plain import confirm

if TYPE_CHECKING:
    from .main_window import MainWindow

translate = QCoreApplication.translate

# The endings of exported conversations.
_EXPORTS = (".json", ".zip")


def open_link(window: MainWindow, link: str) -> None:
    """Do what the link says, or tell that it was refused.

    Asks before anything is taken over, one question at a time.
    """
    try:
        wanted = parse_link(link)
    except RefusedLink:
        text = translate("links", "A link to this app was refused: it is not one that it knows.")
        window.session.tell(Notice(text=text, kind="warning"))
        return
    if QApplication.activeModalWidget() is not None:
        text = translate("links", "A dialog is open: close it, then open the file or link again.")
        window.session.tell(Notice(text=text, kind="warning"))
    elif isinstance(wanted, FileLink):
        _open_file(window, wanted.path)
    elif isinstance(wanted, ModelLink):
        _show_model(window, wanted.name)
    elif wanted.prompt:
        question = translate(
            "links", "A link wants to start a chat with this text. It is not sent yet.\n\n{text}"
        ).format(text=wanted.prompt)
        confirm(window, question, translate("links", "Start Chat"), lambda: _chat(window, wanted))
    else:
        _chat(window, wanted)


def _open_file(window: MainWindow, path: Path) -> None:
    """Offer to import exported conversations, or to look for models in a folder."""
    if os.path.isdir(path):  # unlike the method of `path`, this never raises
        question = translate("links", "Add this folder to those with models?\n\n{path}")
        verb = translate("links", "Add Folder")
        confirm(window, question.format(path=path), verb, lambda: _add_folder(window, path))
    elif os.path.isfile(path) and path.suffix.lower() in _EXPORTS:
        question = translate("links", "Import the conversations in this file?\n\n{path}")
        verb, known = translate("links", "Import"), window.program.conversations
        confirm(window, question.format(path=path), verb, lambda: known.import_files([path]))
    else:
        text = translate(
            "links",
            "{path} cannot be opened: it is neither a folder with a model nor exported"
            " conversations (.json or .zip).",
        )
        window.session.tell(Notice(text=text.format(path=path), kind="warning"))


def _add_folder(window: MainWindow, path: Path) -> None:
    window.program.models.add_folder(str(path))
    window.show_page("models")


def _show_model(window: MainWindow, name: str) -> None:
    window.show_page("models")
    page = window.page
    assert isinstance(page, ModelsPage)
    page.look_for(name)
    if _model_id(window, name) is None:
        _tell_missing(window, name)


def _chat(window: MainWindow, wanted: ChatLink) -> None:
    window.new()
    if wanted.model:
        model_id = _model_id(window, wanted.model)
        if model_id is None:
            _tell_missing(window, wanted.model)
        else:
            window.chat.use_model(model_id)
    if wanted.prompt:
        window.chat.composer.text.setPlainText(wanted.prompt)


def _model_id(window: MainWindow, name: str) -> str | None:
    ids = (entry.id for entry in window.program.models.models.values())
    return next((one for one in ids if one.lower() == name.lower()), None)


def _tell_missing(window: MainWindow, name: str) -> None:
    text = translate(
        "links", "{name} is not on this computer. You can download it with `qwen3mlx pull {name}`."
    ).format(name=name)
    window.session.tell(Notice(text=text, kind="warning"))
