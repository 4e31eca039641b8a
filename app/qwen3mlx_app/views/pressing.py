"""Enter presses the button that has the focus. Qt has this in dialogs alone."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class EnterPresses:
    """For a class of buttons, before that of Qt: Enter is what the space bar is, on release.

    So a key that is held down for long goes to nothing that takes the focus then.
    """

    def keyPressEvent(self, event: QKeyEvent) -> None:
        super().keyPressEvent(_as_space(event))  # type: ignore[misc]

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        super().keyReleaseEvent(_as_space(event))  # type: ignore[misc]


def _as_space(event: QKeyEvent) -> QKeyEvent:
    others = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    if event.key() not in _ENTER or others != Qt.KeyboardModifier.NoModifier:
        return event
    return QKeyEvent(
        event.type(), Qt.Key.Key_Space, event.modifiers(), " ", autorep=event.isAutoRepeat()
    )
