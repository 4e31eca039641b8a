"""The columns of a long table, whose rows are laid out in several documents."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import zip_longest

from PySide6.QtCore import QObject, Signal

_CELL = re.compile(r"<t[dh]\b")


class TableColumns(QObject):
    """Of each column the `widths` that all its text fits into unwrapped, and the `narrowest` that
    its longest words allow, in pixels. They only grow.

    `are_shared`: the table is in several documents. `scrolled(pixels)` tells all of them where one
    was scrolled to.
    """

    scrolled = Signal(int)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.widths: list[int] = []
        self.narrowest: list[int] = []
        self.are_shared = False

    def widen(self, widths: Sequence[int], narrowest: Sequence[int]) -> None:
        self.widths = _larger(self.widths, widths)
        self.narrowest = _larger(self.narrowest, narrowest)


def fitted(widths: Sequence[int], narrowest: Sequence[int], width: int) -> list[int]:
    """Widths that add up to no more than `width`, if words allow: the widest columns give way."""
    made, left = list(narrowest), width - sum(narrowest)
    wanted = [most - least for most, least in zip(widths, narrowest, strict=True)]
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    for place, column in enumerate(order):
        more = max(0, min(wanted[column], left // (len(order) - place)))
        made[column] += more
        left -= more
    return made


def _larger(known: Sequence[int], new: Sequence[int]) -> list[int]:
    return [max(pair) for pair in zip_longest(known, new, fillvalue=0)]


def with_widths(html: str, widths: list[int]) -> str:
    """A table whose columns have these widths."""
    first, end, rest = html.partition("</tr>")
    cells = iter(widths)
    return _CELL.sub(lambda found: f'{found[0]} width="{next(cells, 0)}"', first) + end + rest
