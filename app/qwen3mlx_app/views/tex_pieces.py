"""The pieces that a formula is read into, and how they stand on one line."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass

from . import tex_symbols as known

EM = re.compile("</?em>")
# A numerator or denominator without brackets.
_SIMPLE = re.compile(r"[∂∇√]?[^\W_]*[⁰-₟]*[′!]?|[0-9.]+[^\W_]?")
BRACKETS = {
    "pmatrix": ("(", ")"), "bmatrix": ("[", "]"), "Bmatrix": ("{", "}"), "vmatrix": ("|", "|"),
    "Vmatrix": ("‖", "‖"), "cases": ("{", ""), "dcases": ("{", ""), "matrix": ("", ""),
    "smallmatrix": ("", ""), "array": ("", ""),
}  # fmt: skip


@dataclass(slots=True)
class Piece:
    """Rich text of a `kind`, which decides about the space around it; or a grid."""

    text: str
    kind: str = "ord"
    grid: Grid | None = None


Rows = list[list[list[Piece]]]


@dataclass(slots=True)
class Grid:
    """A matrix with its brackets, a fraction, or lines: rows of cells."""

    rows: Rows
    kind: str


def flat(pieces: Iterable[Piece], *, tight: bool = False, before: str = "open") -> str:
    """Pieces on one line, after a piece of the kind `before`."""
    made = ""
    for piece in pieces:
        text, kind = (grid_flat(piece.grid), "ord") if piece.grid else (piece.text, piece.kind)
        if kind == "bin" and before in ("open", "bin", "rel", "punct", "function"):
            kind = "sign"
        if not tight and _needs_space(before, kind) and not made.endswith(" "):
            made += " "
        made += text
        if kind == "script" and before in ("function", "op"):
            continue  # what follows is still their argument
        before = "open" if kind == "sign" else kind
    return made


def _needs_space(before: str, kind: str) -> bool:
    if kind in ("rel", "bin"):
        return before != "open"
    if before in ("rel", "bin", "punct"):
        return kind != "script"
    if before == "function":
        return kind in ("ord", "function", "op")
    return (kind in ("function", "op") and before not in ("open", "sign", "space")) or (
        before == "op" and kind == "ord"
    )


def grid_flat(grid: Grid) -> str:
    rows = [[flat(cell) for cell in row] for row in grid.rows]
    if grid.kind == "frac":
        above, below = rows[0][0], rows[1][0]
        above, below = (one if is_simple(one) else f"({one})" for one in (above, below))
        return f"{above}/{below}"
    left, right = BRACKETS.get(grid.kind, ("", ""))
    return left + "; ".join(" ".join(row) for row in rows) + right


def is_simple(text: str) -> bool:
    return bool(_SIMPLE.fullmatch(EM.sub("", text)))


def accented(text: str, mark: str) -> str:
    plain = html.unescape(EM.sub("", text))
    if mark in "\u0305\u0332\u0338":
        return html.escape("".join(character + mark for character in plain))
    return html.escape(plain[:1] + mark + plain[1:])


def subscript(digits: re.Match[str]) -> str:
    return lowered(digits[0])


def raised(text: str) -> str:
    return _moved(text, known.UPPER, "sup")


def lowered(text: str) -> str:
    return _moved(text, known.LOWER, "sub")


def _moved(text: str, table: dict[str, str], tag: str) -> str:
    """As characters where they exist: those are copied as what they are."""
    plain = EM.sub("", text)
    if plain in ("∘", "′"):
        return "°" if plain == "∘" else plain
    if all(character in table for character in plain):
        return "".join(table[character] for character in plain)
    return f"<{tag}>{text}</{tag}>"
