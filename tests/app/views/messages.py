"""Conversations that came from elsewhere, and what is on the screen of them."""

from __future__ import annotations

import time

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QLabel, QMenu, QWidget
from pytestqt.qtbot import QtBot
from qwen3mlx_app.domain import Conversation, Message, Role, Transcript, new_id
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.message_card import MessageCard

from .support import program_of


def cards(window: MainWindow) -> list[MessageCard]:
    """Those on screen, from the top."""
    messages = window.chat.messages
    messages.lay_out()
    QApplication.processEvents()
    found = [one for one in messages.viewport().findChildren(MessageCard) if one.isVisible()]
    return sorted(found, key=lambda card: card.y())


def is_seen(within: QWidget, text: str) -> bool:
    """Whether a label says `text` and has room for it."""
    return any(
        text in label.text() and label.isVisible() and not label.visibleRegion().isEmpty()
        for label in within.findChildren(QLabel)
    )


def told(window: MainWindow, *messages: dict[str, object]) -> list[Message]:
    """Open a conversation that came from elsewhere."""
    conversation_id, now = new_id(), time.time()
    made: list[Message] = []
    for number, fields in enumerate(messages):
        parent = made[-1].id if made else None
        made.append(
            Message(
                conversation_id=conversation_id,
                parent_id=parent,
                created_at=now + number,
                **fields,  # type: ignore[arg-type]
            )
        )
    conversation = Conversation(
        id=conversation_id, leaf_id=made[-1].id, created_at=now, updated_at=now
    )
    program = program_of(window)
    program.store.add([Transcript(conversation=conversation, messages=tuple(made))])
    program.chat.open(conversation_id)
    return made


def said(content: str = "", role: Role = "assistant", **fields: object) -> dict[str, object]:
    return {"role": role, "content": content, **fields}


def menu_at(window: MainWindow, widget: QWidget) -> list[str]:
    """The menu that a right click in the middle of a widget opens."""
    texts: list[str] = []

    def read() -> None:
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        texts.extend(action.text() for action in menu.actions() if action.text())
        menu.close()

    QTimer.singleShot(0, read)
    place = widget.rect().center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, widget.mapToGlobal(place))
    QApplication.sendEvent(widget, event)
    return texts


def shown_buttons(card: QWidget) -> set[str]:
    return {one.accessibleName() for one in card.findChildren(QWidget) if one.isVisible()}


def selected(label: QLabel, qtbot: QtBot) -> str:
    """All of its text, as it would be copied."""
    label.setFocus()
    qtbot.keyClick(label, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    return label.selectedText().replace("\u2029", "\n").replace("\u2028", "\n").rstrip(" ")
