"""Widgets below each other, one for each key; the focus stays among them when one goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from PySide6.QtWidgets import QVBoxLayout, QWidget

from .tab_order import as_seen

W = TypeVar("W", bound=QWidget)


class KeptRows(Generic[W]):
    """The rows of a layout `within` a widget; `by_key` has them in their order."""

    def __init__(self, layout: QVBoxLayout, within: QWidget) -> None:
        self.by_key: dict[str, W] = {}
        self._layout = layout
        self._within = within

    def keep(self, keys: Sequence[str], make: Callable[[str], W]) -> None:
        """Have a row for each key, in this order; `make(key)` makes those that are missing."""
        going = [key for key in self.by_key if key not in keys]
        for key in going:
            self._pass_focus(key, keys)
        for key in going:
            row = self.by_key.pop(key)
            self._layout.removeWidget(row)
            row.hide()  # Tab would stop there until it is deleted
            row.deleteLater()
        self.by_key = {key: self.by_key.get(key) or make(key) for key in keys}
        for place, row in enumerate(self.by_key.values()):
            if self._layout.indexOf(row) != place:
                self._layout.insertWidget(place, row)

    def _pass_focus(self, going: str, staying: Sequence[str]) -> None:
        """Give it to the same place of the next row, else of one before, else to what follows."""
        row = self.by_key[going]
        focused = row.window().focusWidget()
        if focused is None or not row.isAncestorOf(focused):
            return
        mine, order = as_seen(row), list(self.by_key)
        place = mine.index(focused) if focused in mine else 0
        at = order.index(going)
        for key in (*order[at + 1 :], *reversed(order[:at])):
            stops = as_seen(self.by_key[key])
            if key in staying and stops and self.by_key[key].isVisible():
                stops[min(place, len(stops) - 1)].setFocus()
                return
        gone = [one for key in order if key not in staying for one in as_seen(self.by_key[key])]
        stops = as_seen(self._within)
        at = stops.index(focused) if focused in stops else 0
        others = [one for one in (*stops[at:], *reversed(stops[:at])) if one not in gone]
        if others:
            others[0].setFocus()
