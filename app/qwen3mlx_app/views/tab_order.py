"""The order of the Tab key where widgets are made in another order than they are seen.

Nothing here asks Qt for a neighbour in that order: PySide takes what such a call returns for a part
of the widget that was asked, and forgets it together with that.
"""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, Qt
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


def as_seen(within: QWidget) -> list[QWidget]:
    """What Tab can go to now, from top to bottom, and from left to right in each row."""
    stops = [one for one in within.findChildren(QWidget) if _is_stop(one, within)]
    places = {one: QRect(one.mapTo(within, QPoint()), one.size()) for one in stops}
    stops.sort(key=lambda one: places[one].top())
    rows: list[list[QWidget]] = []
    for one in stops:
        if rows and places[one].center().y() <= places[rows[-1][0]].bottom():
            rows[-1].append(one)
        else:
            rows.append([one])
    return [one for row in rows for one in sorted(row, key=lambda one: places[one].left())]


def _is_stop(widget: QWidget, within: QWidget) -> bool:
    takes_focus = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
    can_be_seen = widget.isVisibleTo(within) and widget.isEnabled()
    return takes_focus and can_be_seen and widget.focusProxy() is None
