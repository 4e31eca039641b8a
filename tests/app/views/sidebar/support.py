"""What a person does with the sidebar, and sees of it."""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent, QModelIndex, QPoint, Qt
from PySide6.QtGui import (
    QAction,
    QImage,
    QKeyEvent,
)
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QWidget
from pytestqt.qtbot import QtBot
from qwen3mlx_app.domain import Conversation, Message, Transcript
from qwen3mlx_app.models.sections import Heading
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.sidebar_list import SidebarList

Key, Modifier = Qt.Key, Qt.KeyboardModifier
DAY = 24 * 3600.0


def fill(window: MainWindow, *keys: str) -> None:
    """Each last used a moment before the one before it: all of them today, at midnight, too."""
    now = time.time()
    transcripts = []
    for number, key in enumerate(keys):
        at = now - number * 0.001
        said = Message(conversation_id=key, role="user", content=f"Hello from {key}", created_at=at)
        chat = Conversation(id=key, title=key, leaf_id=said.id, created_at=at, updated_at=at)
        transcripts.append(Transcript(conversation=chat, messages=(said,)))
    window.program.store.add(transcripts)
    for transcript in transcripts:
        window.program.conversations.upsert(transcript.conversation)
    window.program.sections.refresh()


def shown(window: MainWindow) -> list[str]:
    return [
        row.key if isinstance(row, Heading) else row.conversation.id
        for row in window.program.sections.rows.values()
    ]


def index(window: MainWindow, key: str) -> QModelIndex:
    rows = window.program.sections.rows
    assert rows.row_of(key) >= 0, key
    return rows.index(rows.row_of(key))


def place(window: MainWindow, key: str) -> QPoint:
    return window.sidebar.list.visualRect(index(window, key)).center()


def click(
    window: MainWindow,
    qtbot: QtBot,
    key: str,
    modifier: Qt.KeyboardModifier = Modifier.NoModifier,
) -> None:
    viewport = window.sidebar.list.viewport()
    qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, modifier, place(window, key))


def open_id(window: MainWindow) -> str | None:
    shown = window.program.chat.conversation
    return shown.id if shown else None


def saved(window: MainWindow, key: str) -> Conversation:
    found = window.program.store.conversation(key)
    assert found is not None
    return found


def folder_names(window: MainWindow) -> list[str]:
    return [folder.name for folder in window.program.store.folders()]


def editor(view: SidebarList) -> QLineEdit:
    [found] = [one for one in view.viewport().findChildren(QLineEdit) if one.isVisible()]
    return found


def menu_at(window: MainWindow, key: str | None) -> QMenu:
    view = window.sidebar.list
    view.open_menu(index(window, key) if key else QModelIndex(), QPoint(0, 0))
    menus = [one for one in view.findChildren(QMenu) if one.isVisible()]
    return menus[-1]


def action(menu: QMenu, *path: str) -> QAction:
    [found] = [one for one in menu.actions() if one.text() == path[0]]
    inner = found.menu()
    if len(path) > 1:
        assert isinstance(inner, QMenu)
        return action(inner, *path[1:])
    return found


def choose(window: MainWindow, key: str | None, *path: str) -> None:
    menu = menu_at(window, key)
    action(menu, *path).trigger()
    menu.close()


def add_folder(window: MainWindow, name: str, *keys: str) -> str:
    """Its key in the list."""
    window.program.conversations.add_folder(name, keys)
    window.program.sections.refresh()
    QApplication.processEvents()
    window.sidebar.list.setFocus()  # its name is not edited any more
    folder = window.program.conversations.folders.values()[-1]
    return f"folder {folder.id}"


def hold_enter(widget: QWidget, times: int, *, is_held: bool = False) -> None:
    for number in range(times):
        repeats = is_held or number > 0
        press = QKeyEvent(QEvent.Type.KeyPress, Key.Key_Return, Modifier.NoModifier, "\r", repeats)
        QApplication.sendEvent(widget, press)


def search(window: MainWindow, qtbot: QtBot, text: str) -> None:
    with qtbot.waitSignal(window.program.search.hits.modelReset):
        qtbot.keyClicks(window.sidebar.search, text)


def colours_of(image: QImage) -> set[str]:
    return {
        image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())
    }


def row_image(window: MainWindow, key: str) -> QImage:
    view = window.sidebar.list
    return view.viewport().grab(view.visualRect(index(window, key))).toImage()
