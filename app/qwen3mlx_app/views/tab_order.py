"""The order of the Tab key where widgets are made in another order than they are seen.

Nothing here asks Qt for a neighbour in that order: PySide takes what such a call returns for a part
of the widget that was asked, and forgets it together with that.
"""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget


class TabPlace(QWidget):
    """A place in the order: others are put after it, and it takes no focus itself."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.hide()


def put_after(before: QWidget, part: QWidget) -> QWidget:
    """Let Tab go right after a widget to a part, and to what is in it; returns the last of it."""
    for widget in (part, *part.findChildren(QWidget)):
        if widget.focusPolicy() != Qt.FocusPolicy.NoFocus or isinstance(widget, TabPlace):
            follow(before, widget)
            before = widget
    return before


def follow(before: QWidget, widget: QWidget) -> None:
    """Let Tab go from one widget right to another. Qt does so only if both take the focus."""
    places = [one for one in (before, widget) if one.focusPolicy() == Qt.FocusPolicy.NoFocus]
    for one in places:
        one.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    QWidget.setTabOrder(before, widget)
    for one in places:
        one.setFocusPolicy(Qt.FocusPolicy.NoFocus)
