r"""TeX formulas -> rich text: `$\frac{1}{2}\pi r^2$` is 1/2 πr², with fractions that stand up where
there is room for them.

Linear in the source. What is not known stays as it was written.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable

from .tex_pieces import BRACKETS, Grid, Piece, Rows, flat, grid_flat
from .tex_reader import Reader, UnknownError

# The longest formula that is set.
MAX_FORMULA = 4000
# Marks that open or close a formula or code.
_MARK = re.compile(r"\\\\(?=[([])|\$\$?|\\[()\[\]]|`+")
_CLOSES = {"\\[": "\\]", "\\(": "\\)"}
_IN_LINE = re.compile(r"(?<![\\\w$])\$(?!\s)([^$\n]+)(?<!\s)\$(?![\w$])", re.ASCII)
_PAIRS = re.compile("</em><em>")
_WIDE = re.compile("\u2003+")
# Pixels of a bracket for each row beside it.
BRACKET = 17
_SPACING = ' cellspacing="0"'
_STYLE = "border-bottom:0px;vertical-align:middle"
_LEFT = f'<td align="left" style="padding:0px 3px;{_STYLE}">{{}}</td>'
_RIGHT = f'<td align="right" style="padding:0px 3px;{_STYLE}">{{}}</td>'
_CENTRED = f'<td align="center" style="padding:0px 3px;{_STYLE}">{{}}</td>'
_NARROW = f'<td style="padding:0px;{_STYLE}">{{}}</td>'
_LINE = '<td align="center" style="padding:0px 3px;border-bottom:1px solid #888888">{}</td>'


def spans(text: str) -> list[tuple[int, str, int]]:
    """The start, opening mark and position of the closing mark of each possible formula.

    Linear: scanning from the end, the next closing mark of each kind is known.
    """
    following: dict[str, int] = {}
    found: list[tuple[int, str, int]] = []
    for mark in reversed(list(_MARK.finditer(text))):
        opened, start = mark[0], mark.start()
        closing = _CLOSES.get(opened, opened)
        closed = following.get(closing)
        following[opened] = start
        if closing != opened:  # of several that open, the last one is meant
            following.pop(closing, None)
        if opened == "$":
            one = _IN_LINE.match(text, start)
            closed = one.end() - 1 if one else None
        if opened[0] == "`" or closed is None or closed <= start + len(opened):
            continue
        found.append((start, opened, closed))
    return found[::-1]


def is_formula(source: str) -> bool:
    return bool(source.strip()) and len(source) <= MAX_FORMULA


def formula(source: str) -> str:
    """A formula within a line."""
    return _set(source, lambda rows: grid_flat(Grid(rows, "lines")))


def displayed(source: str) -> str:
    """A formula in lines of its own."""
    return _set(source, _table)


def _set(source: str, lay_out: Callable[[Rows], str]) -> str:
    try:
        if len(source) > MAX_FORMULA:
            raise UnknownError
        return _PAIRS.sub("", lay_out(Reader(source).rows()))
    except UnknownError:
        return f"<code>{html.escape(source)}</code>"


def _table(rows: Rows) -> str:
    """Lines below each other, each with its grids, and aligned where the source says so."""
    if len(rows) == len(rows[0]) == 1 and not any(piece.grid for piece in rows[0][0]):
        return f"<p>\u2003{flat(rows[0][0])}</p>"
    made = ""
    for row in rows:
        cells = [
            (_LEFT if place % 2 or len(row) == 1 else _RIGHT).format(_aligned(cell))
            for place, cell in enumerate(row)
        ]
        made += f"<tr>{_LEFT.format('')}{''.join(cells)}</tr>"
    return f"<table{_SPACING}>{made}</table>"


def _aligned(cell: list[Piece]) -> str:
    if not any(piece.grid for piece in cell):
        return _unbroken(cell)
    return f"<table{_SPACING}><tr>{_cells(cell)}</tr></table>"


def _unbroken(cell: list[Piece], before: str = "open") -> str:
    text = flat(cell, before=before).strip()
    return _WIDE.sub("\u00a0\u00a0\u00a0", text).replace(" ", "\u00a0")


def _cells(row: list[Piece]) -> str:
    """A cell for each grid, and for what is between them."""
    cells: list[str] = []
    run: list[Piece] = []
    before = "open"
    for piece in row:
        if piece.grid is None:
            run.append(piece)
            continue
        cells += [_LEFT.format(_unbroken(run, before)), _LEFT.format(_grid_table(piece.grid))]
        run, before = [], "ord"
    return "".join([*cells, _LEFT.format(_unbroken(run, before))])


def _grid_table(grid: Grid) -> str:
    if grid.kind == "frac":
        above, below = (_unbroken(row[0]) for row in grid.rows)
        rows = [_LINE.format(above), _CENTRED.format(below)]
        return f"<table{_SPACING}><tr>{rows[0]}</tr><tr>{rows[1]}</tr></table>"
    is_centred = grid.kind not in ("cases", "dcases", "lines")
    cell = _CENTRED if is_centred else _LEFT
    inside = "".join(
        "<tr>{}</tr>".format("".join(cell.format(_unbroken(one)) for one in row))
        for row in grid.rows
    )
    inside = f"<table{_SPACING}>{inside}</table>"
    left, right = (_tall(one, len(grid.rows)) for one in BRACKETS.get(grid.kind, ("", "")))
    return f"<table{_SPACING}><tr>{left}{_LEFT.format(inside)}{right}</tr></table>"


def _tall(bracket: str, num_rows: int) -> str:
    """A bracket beside rows."""
    if not bracket:
        return ""
    text = f'<span style="font-size:{min(num_rows, 8) * BRACKET}px">{bracket}</span>'
    return _NARROW.format(text)
