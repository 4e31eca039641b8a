r"""TeX formulas -> rich text: `$\frac{1}{2}\pi r^2$` is 1/2 πr², with fractions that stand up where
there is room for them.

Linear in the source. What is not known stays as it was written.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from . import tex_symbols as known

# The longest formula that is set.
MAX_FORMULA = 4000
# Groups in groups; deeper ones stay source.
MAX_DEPTH = 40
# Marks that open or close a formula or code.
_MARK = re.compile(r"\\\\(?=[([])|\$\$?|\\[()\[\]]|`+")
_CLOSES = {"\\[": "\\]", "\\(": "\\)"}
_IN_LINE = re.compile(r"(?<![\\\w$])\$(?!\s)([^$\n]+)(?<!\s)\$(?![\w$])", re.ASCII)
_TOKEN = re.compile(r"\\(?:[A-Za-z]+\*?|.)|\s+|[0-9.]+|.", re.DOTALL)
_EM, _PAIRS = re.compile("</?em>"), re.compile("</em><em>")
_WIDE = re.compile("\u2003+")
# The numbers of atoms.
_DIGITS = re.compile(r"(?<=[A-Za-z)\]])[0-9]+")
# A numerator or denominator without brackets.
_SIMPLE = re.compile(r"[∂∇√]?[^\W_]*[⁰-₟]*[′!]?|[0-9.]+[^\W_]?")
_RELATIONS = {"=": "=", "<": "&lt;", ">": "&gt;", ":": ":"}
_BINARY = {"+": "+", "-": "−", "*": "∗"}
_LINES = re.compile(
    r"(?:equation|align|aligned|gather|gathered|split|multline|eqnarray|alignat)\*?"
)
_BRACKETS = {
    "pmatrix": ("(", ")"), "bmatrix": ("[", "]"), "Bmatrix": ("{", "}"), "vmatrix": ("|", "|"),
    "Vmatrix": ("‖", "‖"), "cases": ("{", ""), "dcases": ("{", ""), "matrix": ("", ""),
    "smallmatrix": ("", ""), "array": ("", ""),
}  # fmt: skip
# Pixels of a bracket for each row beside it.
BRACKET = 17
_SPACING = ' cellspacing="0"'
_STYLE = "border-bottom:0px;vertical-align:middle"
_LEFT = f'<td align="left" style="padding:0px 3px;{_STYLE}">{{}}</td>'
_RIGHT = f'<td align="right" style="padding:0px 3px;{_STYLE}">{{}}</td>'
_CENTRED = f'<td align="center" style="padding:0px 3px;{_STYLE}">{{}}</td>'
_NARROW = f'<td style="padding:0px;{_STYLE}">{{}}</td>'
_LINE = '<td align="center" style="padding:0px 3px;border-bottom:1px solid #888888">{}</td>'


class _UnknownError(Exception):
    """It is not a formula that can be set."""


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
    return _set(source, lambda rows: _grid_flat(_Grid(rows, "lines")))


def displayed(source: str) -> str:
    """A formula in lines of its own."""
    return _set(source, _table)


def _set(source: str, lay_out: Callable[[_Rows], str]) -> str:
    try:
        if len(source) > MAX_FORMULA:
            raise _UnknownError
        return _PAIRS.sub("", lay_out(_Reader(source).rows()))
    except _UnknownError:
        return f"<code>{html.escape(source)}</code>"


@dataclass(slots=True)
class _Piece:
    """Rich text of a `kind`, which decides about the space around it; or a grid."""

    text: str
    kind: str = "ord"
    grid: _Grid | None = None


_Rows = list[list[list[_Piece]]]


@dataclass(slots=True)
class _Grid:
    """A matrix with its brackets, a fraction, or lines: rows of cells."""

    rows: _Rows
    kind: str


class _Reader:
    def __init__(self, source: str) -> None:
        self._tokens: list[str] = _TOKEN.findall(source)
        self._place = 0
        self._depth = 0

    def rows(self) -> _Rows:
        """The formula's lines, in cells that are aligned."""
        rows = self._grid(None)
        if self._place < len(self._tokens):
            raise _UnknownError
        only = rows[0][0] if len(rows) == len(rows[0]) == 1 else []
        if len(only) == 1 and only[0].grid is not None and only[0].grid.kind == "lines":
            return only[0].grid.rows
        return rows

    def _grid(self, stop: str | None) -> _Rows:
        """Rows of cells up to `stop`, which is read, too."""
        rows: _Rows = [[[]]]
        while (token := self._next()) is not None and token != stop:
            if token == "\\\\":
                self._skip_option()
                rows.append([[]])
            elif token == "&":
                rows[-1].append([])
            elif token == "}" or token == "\\end":
                raise _UnknownError
            else:
                self._read(token, rows[-1][-1])
        if token is None and stop is not None:
            raise _UnknownError
        if stop == "\\end":
            self._name()
        return [row for row in rows if any(row)] or [[[]]]

    def _read(self, token: str, row: list[_Piece]) -> None:
        """Read what begins with `token` to the end of `row`."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _UnknownError
        if token in "^_":
            self._script(token, row)
        elif token == "'":
            row.append(_Piece("′", "script"))
        else:
            row += self._atom(token)
        self._depth -= 1

    def _atom(self, token: str) -> list[_Piece]:
        if token.isspace():
            return []
        if token == "{":
            return [piece for row in self._grid("}") for cell in row for piece in cell]
        if token[0] == "\\" and len(token) > 1:
            return self._command(token[1:])
        if token in _RELATIONS:
            return [_Piece(_RELATIONS[token], "rel")]
        if token in _BINARY:
            return [_Piece(_BINARY[token], "bin")]
        if token in ",;":
            return [_Piece(token, "punct")]
        if token in "([":
            return [_Piece(token, "open")]
        if token.isalpha() and token.isascii():
            return [_Piece(f"<em>{token}</em>")]
        return [_Piece("\u00a0" if token == "~" else html.escape(token))]

    def _command(self, name: str) -> list[_Piece]:
        if name in known.UNSEEN:
            return self._delimiter() if name in ("left", "right", "middle") else []
        for kind, table in known.TABLES.items():
            if name in table:
                return [_Piece(html.escape(table[name]), kind)]
        if name in known.SPACES:
            return [_Piece(known.SPACES[name], "space")]
        if name in known.FUNCTIONS:
            return [_Piece(name, "function")]
        if name in known.ACCENTS:
            return [_Piece(_accented(self._flat_argument(), known.ACCENTS[name]))]
        if name in known.STYLES:
            text = _EM.sub("", self._flat_argument())
            is_bold = name in ("boldsymbol", "bm", "mathbf", "textbf", "pmb")
            kind = "function" if name.startswith("operatorname") else "ord"
            return [_Piece(f"<strong>{text}</strong>" if is_bold else text, kind)]
        if name in known.TEXTS:
            return [_Piece(html.escape(self._raw_argument()))]
        return self._construction(name)

    def _construction(self, name: str) -> list[_Piece]:
        if name == "begin":
            return [self._environment(self._name())]
        if name in ("frac", "dfrac", "tfrac", "cfrac"):
            return [_Piece("", grid=_Grid([[self._argument()], [self._argument()]], "frac"))]
        if name in ("binom", "dbinom", "tbinom"):
            above, below = self._argument(), self._argument()
            return [_Piece("", grid=_Grid([[above], [below]], "pmatrix"))]
        if name == "sqrt":
            degree = self._option()
            text, simple = self._flat_and_simple()
            return [_Piece(f"{_raised(degree)}√{text if simple else f'({text})'}")]
        if name in ("mathbb", "mathcal", "mathscr"):
            change = known.double if name == "mathbb" else known.script
            return [_Piece("".join(map(change, _EM.sub("", self._flat_argument()))))]
        if name in ("overset", "stackrel", "underset"):
            mark, base = self._flat_argument(), self._flat_argument()
            return [_Piece(base + (_lowered if name == "underset" else _raised)(mark), "rel")]
        if name in ("underbrace", "overbrace", "boxed", "mathstrut", "vphantom", "phantom"):
            inner = self._argument()
            if name == "boxed":
                return [_Piece("[", "open"), *inner, _Piece("]")]
            return [] if name.endswith("phantom") else inner
        if name in ("tag", "tag*"):
            return [_Piece(f"\u2003({html.escape(self._raw_argument())})", "space")]
        if name in ("label", "color", "hspace", "vspace", "hspace*"):
            self._raw_argument()
            return []
        if name in ("textcolor", "colorbox"):
            self._raw_argument()
            return self._argument()
        if name == "ce":  # chemistry: H2O
            return [_Piece(_DIGITS.sub(_subscript, html.escape(self._raw_argument())))]
        if name == "pmod":
            return [_Piece(f"(mod {self._flat_argument()})")]
        if name in ("xrightarrow", "xleftarrow"):
            arrow = "→" if name == "xrightarrow" else "←"
            return [_Piece(arrow + _raised(self._flat_argument()), "rel")]
        return [_Piece(html.escape(f"\\{name}"))]

    def _environment(self, name: str) -> _Piece:
        if name in _BRACKETS:
            if name == "array":
                self._raw_argument()
            return _Piece("", grid=_Grid(self._grid("\\end"), name))
        if _LINES.fullmatch(name):
            if name.startswith("alignat"):
                self._raw_argument()
            return _Piece("", "lines", _Grid(self._grid("\\end"), "lines"))
        raise _UnknownError

    def _script(self, mark: str, row: list[_Piece]) -> None:
        text = self._flat_argument()
        row.append(_Piece((_raised if mark == "^" else _lowered)(text), "script"))

    def _argument(self) -> list[_Piece]:
        """A group, a command with its arguments, or a character."""
        token = self._next()
        while token is not None and token.isspace():
            token = self._next()
        if token is None or token in ("}", "&", "\\\\", "^", "_"):
            raise _UnknownError
        if len(token) > 1 and token[0].isdigit():  # of 12, only the 1
            self._tokens[self._place - 1 : self._place] = [token[0], token[1:]]
            token = token[0]
        row: list[_Piece] = []
        self._read(token, row)
        return row

    def _flat_argument(self) -> str:
        return _flat(self._argument(), tight=True)

    def _flat_and_simple(self) -> tuple[str, bool]:
        text = _flat(self._argument())
        return text, _is_simple(text)

    def _raw_argument(self) -> str:
        """The source of a group without its braces."""
        while (token := self._next()) is not None and token.isspace():
            pass
        if token != "{":
            return token or ""
        depth, parts = 1, list[str]()
        while (token := self._next()) is not None:
            depth += (token == "{") - (token == "}")
            if depth == 0:
                return "".join(parts).replace("\\", "").replace("$", "")
            parts.append(token)
        raise _UnknownError

    def _name(self) -> str:
        return self._raw_argument().strip()

    def _option(self) -> str:
        """The source between square brackets, if there are any."""
        if self._place >= len(self._tokens) or self._tokens[self._place] != "[":
            return ""
        end = self._place
        while end < len(self._tokens) and self._tokens[end] != "]":
            end += 1
        source = "".join(self._tokens[self._place + 1 : end])
        self._place = end + 1
        return html.escape(source)

    def _skip_option(self) -> None:
        """After a line's end: `\\\\[2pt]`."""
        rest = "".join(self._tokens[self._place : self._place + 4])
        if re.match(r"\[-?[0-9.]+(?:pt|em|ex|mm|cm)", rest):
            self._option()

    def _delimiter(self) -> list[_Piece]:
        """What follows `\\left`; a dot is none."""
        token = self._next()
        while token is not None and token.isspace():
            token = self._next()
        if token is None:
            raise _UnknownError
        if token[0] == "." and len(token) > 1:
            self._tokens[self._place - 1 : self._place] = [".", token[1:]]
        if token[0] == ".":
            return []
        return [
            _Piece(piece.text, "open" if piece.text in "([{⟨|" else "ord")
            for piece in self._atom(token)
        ]

    def _next(self) -> str | None:
        if self._place >= len(self._tokens):
            return None
        self._place += 1
        return self._tokens[self._place - 1]


def _flat(pieces: Iterable[_Piece], *, tight: bool = False, before: str = "open") -> str:
    """Pieces on one line, after a piece of the kind `before`."""
    made = ""
    for piece in pieces:
        text, kind = (_grid_flat(piece.grid), "ord") if piece.grid else (piece.text, piece.kind)
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


def _grid_flat(grid: _Grid) -> str:
    rows = [[_flat(cell) for cell in row] for row in grid.rows]
    if grid.kind == "frac":
        above, below = rows[0][0], rows[1][0]
        above, below = (one if _is_simple(one) else f"({one})" for one in (above, below))
        return f"{above}/{below}"
    left, right = _BRACKETS.get(grid.kind, ("", ""))
    return left + "; ".join(" ".join(row) for row in rows) + right


def _is_simple(text: str) -> bool:
    return bool(_SIMPLE.fullmatch(_EM.sub("", text)))


def _table(rows: _Rows) -> str:
    """Lines below each other, each with its grids, and aligned where the source says so."""
    if len(rows) == len(rows[0]) == 1 and not any(piece.grid for piece in rows[0][0]):
        return f"<p>\u2003{_flat(rows[0][0])}</p>"
    made = ""
    for row in rows:
        cells = [
            (_LEFT if place % 2 or len(row) == 1 else _RIGHT).format(_aligned(cell))
            for place, cell in enumerate(row)
        ]
        made += f"<tr>{_LEFT.format('')}{''.join(cells)}</tr>"
    return f"<table{_SPACING}>{made}</table>"


def _aligned(cell: list[_Piece]) -> str:
    if not any(piece.grid for piece in cell):
        return _unbroken(cell)
    return f"<table{_SPACING}><tr>{_cells(cell)}</tr></table>"


def _unbroken(cell: list[_Piece], before: str = "open") -> str:
    text = _flat(cell, before=before).strip()
    return _WIDE.sub("\u00a0\u00a0\u00a0", text).replace(" ", "\u00a0")


def _cells(row: list[_Piece]) -> str:
    """A cell for each grid, and for what is between them."""
    cells: list[str] = []
    run: list[_Piece] = []
    before = "open"
    for piece in row:
        if piece.grid is None:
            run.append(piece)
            continue
        cells += [_LEFT.format(_unbroken(run, before)), _LEFT.format(_grid_table(piece.grid))]
        run, before = [], "ord"
    return "".join([*cells, _LEFT.format(_unbroken(run, before))])


def _grid_table(grid: _Grid) -> str:
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
    left, right = (_tall(one, len(grid.rows)) for one in _BRACKETS.get(grid.kind, ("", "")))
    return f"<table{_SPACING}><tr>{left}{_LEFT.format(inside)}{right}</tr></table>"


def _tall(bracket: str, num_rows: int) -> str:
    """A bracket beside rows."""
    if not bracket:
        return ""
    text = f'<span style="font-size:{min(num_rows, 8) * BRACKET}px">{bracket}</span>'
    return _NARROW.format(text)


def _accented(text: str, mark: str) -> str:
    plain = html.unescape(_EM.sub("", text))
    if mark in "\u0305\u0332\u0338":
        return html.escape("".join(character + mark for character in plain))
    return html.escape(plain[:1] + mark + plain[1:])


def _subscript(digits: re.Match[str]) -> str:
    return _lowered(digits[0])


def _raised(text: str) -> str:
    return _moved(text, known.UPPER, "sup")


def _lowered(text: str) -> str:
    return _moved(text, known.LOWER, "sub")


def _moved(text: str, table: dict[str, str], tag: str) -> str:
    """As characters where they exist: those are copied as what they are."""
    plain = _EM.sub("", text)
    if plain in ("∘", "′"):
        return "°" if plain == "∘" else plain
    if all(character in table for character in plain):
        return "".join(table[character] for character in plain)
    return f"<{tag}>{text}</{tag}>"
