"""Where the window was on the screen, and how wide its sidebar."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from ..domain import AppSettings
from .window_body import WindowBody


def place_of(window: QWidget, body: WindowBody) -> dict[str, Any]:
    """What `restore_place` takes of AppSettings."""
    place = window.normalGeometry()
    return {
        "place": (place.x(), place.y(), place.width(), place.height()),
        "is_maximized": window.isMaximized(),
        "sidebar_width": body.sidebar_width,
    }


def restore_place(window: QWidget, body: WindowBody, saved: AppSettings) -> None:
    if saved.place is not None:
        _put(window, QRect(*saved.place))
    if saved.is_maximized:
        window.setWindowState(window.windowState() | Qt.WindowState.WindowMaximized)
    if saved.sidebar_width is not None:
        body.set_sidebar_width(min(saved.sidebar_width, window.width() // 2))


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
