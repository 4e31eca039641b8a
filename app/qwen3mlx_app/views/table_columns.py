"""The columns of a long table, whose rows are laid out in several documents."""

from __future__ import annotations

import re
from itertools import chain, repeat

from PySide6.QtCore import QObject, Signal

_CELL = re.compile(r"<t[dh]\b")


class TableColumns(QObject):
    """Of each column the `widths` in pixels that all its text fits into. They only grow.

    `are_shared`: the table is in several documents. `scrolled(pixels)` tells all of them where one
    was scrolled to.
    """

    scrolled = Signal(int)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.widths: list[int] = []
        self.are_shared = False

    def widen(self, widths: list[int]) -> None:
        more = len(widths) - len(self.widths)
        known = [*self.widths, *[0] * more]
        self.widths = list(map(max, known, chain(widths, repeat(0))))[: len(known)]


def fitted(widths: list[int], width: int) -> list[int]:
    """Widths that add up to no more than `width`: the widest columns give way."""
    made, left = list(widths), width
    order = sorted(range(len(widths)), key=widths.__getitem__)
    for place, column in enumerate(order):
        made[column] = min(widths[column], left // (len(widths) - place))
        left -= made[column]
    return made


def with_widths(html: str, widths: list[int]) -> str:
    """A table whose columns have these widths."""
    first, end, rest = html.partition("</tr>")
    cells = iter(widths)
    return _CELL.sub(lambda found: f'{found[0]} width="{next(cells, 0)}"', first) + end + rest
