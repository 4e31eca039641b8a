"""What is selected of a table: a label tells its first position, and the text of the cells."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from PySide6.QtGui import QTextTable, QTextTableCell

from .rich_text import OwnDocument

# Qt's signs for where a table and its cells begin and end.
FRAME = re.compile("[\ufdd0\ufdd1]")
_SPACES = re.compile(r"\s+")


class Cells(NamedTuple):
    """Cells from position `start` to `end`. `text` is as spreadsheets take it."""

    text: str
    start: int
    end: int


def selected_cells(document: OwnDocument, start: int, selected: str) -> Cells | None:
    """The cells that are selected; None where there is no table, or a part of a cell."""
    for table in document.rootFrame().childFrames():
        if isinstance(table, QTextTable):
            grid = [
                [table.cellAt(row, column) for column in range(table.columns())]
                for row in range(table.rows())
            ]
            if FRAME.search(selected):  # what begins outside of a table has all of it
                return _cells(grid)
            first = table.cellAt(start)
            for block in _blocks(grid, first.row(), first.column()) if first.isValid() else ():
                if "".join(_text(cell) for row in block for cell in row) == selected:
                    return _cells(block)
    return None


def _blocks(
    grid: Sequence[Sequence[QTextTableCell]], top: int, column: int
) -> Iterator[list[Sequence[QTextTableCell]]]:
    """The rectangles that begin in a row, and have a column."""
    for bottom in range(top, len(grid)):
        for left in range(column, -1, -1):
            for right in range(column, len(grid[0])):
                yield [row[left : right + 1] for row in grid[top : bottom + 1]]


def _cells(block: Sequence[Sequence[QTextTableCell]]) -> Cells:
    lines = ["\t".join(_SPACES.sub(" ", _text(cell)) for cell in row) for row in block]
    return Cells("\n".join(lines), block[0][0].firstPosition(), block[-1][-1].lastPosition())


def _text(cell: QTextTableCell) -> str:
    cursor = cell.firstCursorPosition()
    cursor.setPosition(cell.lastPosition(), cursor.MoveMode.KeepAnchor)
    return cursor.selectedText()
