"""Links that the system hands to the app: a model's page, or a chat that is not sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from ..domain import Notice
from ..services.own_links import ChatLink, ModelLink, RefusedLink, parse_link
from .models import ModelsPage
from .plain import confirm

if TYPE_CHECKING:
    from .main_window import MainWindow

translate = QCoreApplication.translate


def open_link(window: MainWindow, link: str) -> None:
    """Do what the link says, or tell that it was refused. Asks before a text is taken over."""
    try:
        wanted = parse_link(link)
    except RefusedLink:
        text = translate("links", "A link to this app was refused: it is not one that it knows.")
        window.session.tell(Notice(text=text, kind="warning"))
        return
    if isinstance(wanted, ModelLink):
        _show_model(window, wanted.name)
    elif wanted.prompt:
        question = translate(
            "links", "A link wants to start a chat with this text. It is not sent yet.\n\n{text}"
        ).format(text=wanted.prompt)
        confirm(window, question, translate("links", "Start Chat"), lambda: _chat(window, wanted))
    else:
        _chat(window, wanted)


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
