"""Where the window was on the screen, and how wide its sidebar."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QSplitter, QWidget

from ..domain import AppSettings


def place_of(window: QWidget, splitter: QSplitter) -> dict[str, Any]:
    """What `restore_place` takes of AppSettings, but the width of a sidebar that is hidden."""
    place, sidebar_width = window.normalGeometry(), splitter.sizes()[0]
    return {
        "place": (place.x(), place.y(), place.width(), place.height()),
        "is_maximized": window.isMaximized(),
        **({"sidebar_width": sidebar_width} if sidebar_width else {}),
    }


def restore_place(window: QWidget, splitter: QSplitter, saved: AppSettings) -> None:
    if saved.place is not None:
        _put(window, QRect(*saved.place))
    if saved.is_maximized:
        window.setWindowState(window.windowState() | Qt.WindowState.WindowMaximized)
    if saved.sidebar_width is not None:
        width = min(saved.sidebar_width, window.width() // 2)
        splitter.setSizes([width, window.width() - width])


def _put(window: QWidget, place: QRect) -> None:
    """Move the window to its former place, if there is a screen there."""
    screen = QGuiApplication.screenAt(place.center())
    if screen is None:
        return
    room = screen.availableGeometry()
    place.setSize(place.size().expandedTo(window.minimumSizeHint()).boundedTo(room.size()))
    place.moveLeft(max(room.left(), min(place.left(), room.right() + 1 - place.width())))
    place.moveTop(max(room.top(), min(place.top(), room.bottom() + 1 - place.height())))
    window.setGeometry(place)
