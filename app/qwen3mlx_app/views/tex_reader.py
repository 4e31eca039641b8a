"""Read the source of a formula into pieces."""

from __future__ import annotations

import html
import re

from . import tex_symbols as known
from .tex_pieces import (
    BRACKETS,
    EM,
    Grid,
    Piece,
    Rows,
    accented,
    flat,
    is_simple,
    lowered,
    raised,
    subscript,
)

# Groups in groups; deeper ones stay source.
MAX_DEPTH = 40
_TOKEN = re.compile(r"\\(?:[A-Za-z]+\*?|.)|\s+|[0-9.]+|.", re.DOTALL)
# The numbers of atoms.
_DIGITS = re.compile(r"(?<=[A-Za-z)\]])[0-9]+")
_RELATIONS = {"=": "=", "<": "&lt;", ">": "&gt;", ":": ":"}
_BINARY = {"+": "+", "-": "−", "*": "∗"}
_LINES = re.compile(
    r"(?:equation|align|aligned|gather|gathered|split|multline|eqnarray|alignat)\*?"
)


class UnknownError(Exception):
    """It is not a formula that can be set."""


class Reader:
    def __init__(self, source: str) -> None:
        self._tokens: list[str] = _TOKEN.findall(source)
        self._place = 0
        self._depth = 0

    def rows(self) -> Rows:
        """The formula's lines, in cells that are aligned."""
        rows = self._grid(None)
        if self._place < len(self._tokens):
            raise UnknownError
        only = rows[0][0] if len(rows) == len(rows[0]) == 1 else []
        if len(only) == 1 and only[0].grid is not None and only[0].grid.kind == "lines":
            return only[0].grid.rows
        return rows

    def _grid(self, stop: str | None) -> Rows:
        """Rows of cells up to `stop`, which is read, too."""
        rows: Rows = [[[]]]
        while (token := self._next()) is not None and token != stop:
            if token == "\\\\":
                self._skip_option()
                rows.append([[]])
            elif token == "&":
                rows[-1].append([])
            elif token == "}" or token == "\\end":
                raise UnknownError
            else:
                self._read(token, rows[-1][-1])
        if token is None and stop is not None:
            raise UnknownError
        if stop == "\\end":
            self._name()
        return [row for row in rows if any(row)] or [[[]]]

    def _read(self, token: str, row: list[Piece]) -> None:
        """Read what begins with `token` to the end of `row`."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise UnknownError
        if token in "^_":
            self._script(token, row)
        elif token == "'":
            row.append(Piece("′", "script"))
        else:
            row += self._atom(token)
        self._depth -= 1

    def _atom(self, token: str) -> list[Piece]:
        if token.isspace():
            return []
        if token == "{":
            return [piece for row in self._grid("}") for cell in row for piece in cell]
        if token[0] == "\\" and len(token) > 1:
            return self._command(token[1:])
        if token in _RELATIONS:
            return [Piece(_RELATIONS[token], "rel")]
        if token in _BINARY:
            return [Piece(_BINARY[token], "bin")]
        if token in ",;":
            return [Piece(token, "punct")]
        if token in "([":
            return [Piece(token, "open")]
        if token.isalpha() and token.isascii():
            return [Piece(f"<em>{token}</em>")]
        return [Piece("\u00a0" if token == "~" else html.escape(token))]

    def _command(self, name: str) -> list[Piece]:
        if name in known.UNSEEN:
            return self._delimiter() if name in ("left", "right", "middle") else []
        for kind, table in known.TABLES.items():
            if name in table:
                return [Piece(html.escape(table[name]), kind)]
        if name in known.SPACES:
            return [Piece(known.SPACES[name], "space")]
        if name in known.FUNCTIONS:
            return [Piece(name, "function")]
        if name in known.ACCENTS:
            return [Piece(accented(self._flat_argument(), known.ACCENTS[name]))]
        if name in known.STYLES:
            text = EM.sub("", self._flat_argument())
            is_bold = name in ("boldsymbol", "bm", "mathbf", "textbf", "pmb")
            kind = "function" if name.startswith("operatorname") else "ord"
            return [Piece(f"<strong>{text}</strong>" if is_bold else text, kind)]
        if name in known.TEXTS:
            return [Piece(html.escape(self._raw_argument()))]
        return self._construction(name)

    def _construction(self, name: str) -> list[Piece]:
        if name == "begin":
            return [self._environment(self._name())]
        if name in ("frac", "dfrac", "tfrac", "cfrac"):
            return [Piece("", grid=Grid([[self._argument()], [self._argument()]], "frac"))]
        if name in ("binom", "dbinom", "tbinom"):
            above, below = self._argument(), self._argument()
            return [Piece("", grid=Grid([[above], [below]], "pmatrix"))]
        if name == "sqrt":
            degree = self._option()
            text, simple = self._flat_and_simple()
            return [Piece(f"{raised(degree)}√{text if simple else f'({text})'}")]
        if name in ("mathbb", "mathcal", "mathscr"):
            change = known.double if name == "mathbb" else known.script
            return [Piece("".join(map(change, EM.sub("", self._flat_argument()))))]
        if name in ("overset", "stackrel", "underset"):
            mark, base = self._flat_argument(), self._flat_argument()
            return [Piece(base + (lowered if name == "underset" else raised)(mark), "rel")]
        if name in ("underbrace", "overbrace", "boxed", "mathstrut", "vphantom", "phantom"):
            inner = self._argument()
            if name == "boxed":
                return [Piece("[", "open"), *inner, Piece("]")]
            return [] if name.endswith("phantom") else inner
        if name in ("tag", "tag*"):
            return [Piece(f"\u2003({html.escape(self._raw_argument())})", "space")]
        if name in ("label", "color", "hspace", "vspace", "hspace*"):
            self._raw_argument()
            return []
        if name in ("textcolor", "colorbox"):
            self._raw_argument()
            return self._argument()
        if name == "ce":  # chemistry: H2O
            return [Piece(_DIGITS.sub(subscript, html.escape(self._raw_argument())))]
        if name == "pmod":
            return [Piece(f"(mod {self._flat_argument()})")]
        if name in ("xrightarrow", "xleftarrow"):
            arrow = "→" if name == "xrightarrow" else "←"
            return [Piece(arrow + raised(self._flat_argument()), "rel")]
        return [Piece(html.escape(f"\\{name}"))]

    def _environment(self, name: str) -> Piece:
        if name in BRACKETS:
            if name == "array":
                self._raw_argument()
            return Piece("", grid=Grid(self._grid("\\end"), name))
        if _LINES.fullmatch(name):
            if name.startswith("alignat"):
                self._raw_argument()
            return Piece("", "lines", Grid(self._grid("\\end"), "lines"))
        raise UnknownError

    def _script(self, mark: str, row: list[Piece]) -> None:
        text = self._flat_argument()
        row.append(Piece((raised if mark == "^" else lowered)(text), "script"))

    def _argument(self) -> list[Piece]:
        """A group, a command with its arguments, or a character."""
        token = self._next()
        while token is not None and token.isspace():
            token = self._next()
        if token is None or token in ("}", "&", "\\\\", "^", "_"):
            raise UnknownError
        if len(token) > 1 and token[0].isdigit():  # of 12, only the 1
            self._tokens[self._place - 1 : self._place] = [token[0], token[1:]]
            token = token[0]
        row: list[Piece] = []
        self._read(token, row)
        return row

    def _flat_argument(self) -> str:
        return flat(self._argument(), tight=True)

    def _flat_and_simple(self) -> tuple[str, bool]:
        text = flat(self._argument())
        return text, is_simple(text)

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
        raise UnknownError

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

    def _delimiter(self) -> list[Piece]:
        """What follows `\\left`; a dot is none."""
        token = self._next()
        while token is not None and token.isspace():
            token = self._next()
        if token is None:
            raise UnknownError
        if token[0] == "." and len(token) > 1:
            self._tokens[self._place - 1 : self._place] = [".", token[1:]]
        if token[0] == ".":
            return []
        return [
            Piece(piece.text, "open" if piece.text in "([{⟨|" else "ord")
            for piece in self._atom(token)
        ]

    def _next(self) -> str | None:
        if self._place >= len(self._tokens):
            return None
        self._place += 1
        return self._tokens[self._place - 1]
