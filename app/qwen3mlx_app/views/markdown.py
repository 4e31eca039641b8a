"""Convert Markdown to blocks of rich text. HTML is text, images are links, links are checked.

Everything takes time linear in the text. The content of a block is bounded; a block with
more is shown as it is.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import accumulate, count, repeat
from typing import TYPE_CHECKING, NamedTuple

from ..services.links import is_safe
from ..services.plain import visible
from .formulas import with_formulas
from .markdown_rules import parser

if TYPE_CHECKING:
    from markdown_it import MarkdownIt


# A zero-width space.
BREAK = "\u200b"
# The most blocks of a text; the rest is shown as plain text.
MAX_BLOCKS = 300
# The most table cells of a text, since tables are the slowest to lay out; an item of a list counts
# as several.
MAX_CELLS, ITEM = 3000, 6
# The most links and footnotes defined in a text.
MAX_DEFINED = 300
# The limits of a rich text block. Marks are characters with a meaning in Markdown.
MAX_CHARACTERS, MAX_LINES, MAX_MARKS = 20_000, 1000, 3000
# The most items, or rows, of a block; longer lists and tables are in several.
ITEMS, ROWS = 16, 8
# A longer block is parsed again only after it has grown by a sixteenth.
SMALL, PARTS = 2000, 16

_TAG_PARTS = re.compile(r"<(/?)(\w+)([^<>]*)>")
_ATTRIBUTE = re.compile(r'\s(?:(?:href|start|align|cellspacing)="[^"<>]*"|style="[-\w#:;., %]*")')
_TAGS = {"a", "blockquote", "br", "code", "em", "hr", "li", "ol", "p", "pre", "s", "span", "ul"}
_TAGS |= {"strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr"}
_TAGS |= {f"h{level}" for level in range(1, 7)}
# Definitions of links and footnotes, and what may refer to one.
_DEFINITION = re.compile(r"^ {0,3}\[([^\[\]\n]{1,200})\]:[ \t]*(\S+)", re.MULTILINE)
_REFERENCE = re.compile(r"\[([^\[\]\n]{1,200})\]")
_MARKS = re.compile(r"[][()<>*_~`&\\$\"'!]")
# An item of a list, or an empty line in a quote: each makes a part of its own.
_ITEM = re.compile(r"^[ >]*(?:(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)|>[ ]*$)", re.MULTILINE)
_FENCE = re.compile(r"(`{3,}|~{3,})[^\n]*\n")
# What ends a line for splitlines must also end one for the parser.
_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, list, table or the like; or code, if `language` is not None.

    `is_plain`: it is too large for rich text, and is shown as plain text. `links` are the links and
    footnotes that it may refer to, which any block defines: labels, and addresses or nothing.
    A long list or table is several blocks: those after the first go on with it. They have the
    table's head, or the `number` that the list has come to.
    """

    source: str
    language: str | None = None
    is_plain: bool = False
    links: tuple[tuple[str, str], ...] = ()
    goes_on: bool = False
    number: int | None = None


class BlockReader:
    """Splits growing text into blocks; earlier blocks never change again.

    `num_read` counts parsed characters, each as often as it was parsed. Lists and tables are in
    `portions` unless whole ones are wanted.
    """

    def __init__(self, *, portions: bool = True) -> None:
        self._portions = portions
        self.blocks: list[Block] = []
        self.num_read = 0
        self._text = ""
        self._done = 0
        self._num_done = 0
        self._outlined_done = 0
        self._cells_done = 0
        self._patience = 0
        self._rest: int | None = None
        self._code: _OpenCode | None = None
        self._defined_done: dict[str, str] = {}

    def read(self, text: str, *, growing: bool = False) -> int:
        """Read the whole text so far; returns how many blocks are unchanged.

        While it is `growing`, a last block that is long may lag behind.
        """
        if not text.startswith(self._text):
            self._forget(text)
        elif self._rest is not None:
            self._text = text
            self.blocks[-1] = Block(text[self._rest :].rstrip("\n"), is_plain=True)
            return len(self.blocks) - 1
        elif self._code is not None and (block := self._code.grown(text[len(self._text) :])):
            self._text = text
            self.blocks[-1] = block
            return len(self.blocks) - 1
        elif growing and self._code is None and len(text) - len(self._text) < self._patience:
            return len(self.blocks)
        self._text = text
        return self._read_tail()

    def _forget(self, text: str) -> None:
        if not text.startswith(self._text[: self._done]):
            self._done = self._num_done = self._outlined_done = self._cells_done = 0
            self._defined_done = {}

    def _read_tail(self) -> int:
        start, first = self._done, self._num_done
        tail = self._text[start:]
        self.num_read += len(tail)
        places = list(_places(tail, MAX_BLOCKS - self._outlined_done))
        starts = [start + place.start for place in places]
        cells = list(
            accumulate((_num_cells(one.block) for one in places), initial=self._cells_done)
        )
        found: list[list[Block]] = []
        for place, before, after in zip(places, cells, cells[1:], strict=False):
            if before < after and after > MAX_CELLS:
                found.append([replace(place.block, is_plain=True)])
            else:
                found.append(list(_portions(place)) if self._portions else [place.block])
        is_cut = len(places) > MAX_BLOCKS - self._outlined_done
        unchanged = self._replace(first, [block for some in found for block in some])
        self._code = _OpenCode.at(self._text[starts[-1] :]) if places else None
        defined = dict(self._defined_done)
        for place in places:
            _define(place.block, defined)
        if len(places) > 1:
            # What follows may extend a list or table, so the last two blocks are parsed again.
            again = 1 if places[-2].block.language is not None else 2
            for place in places[:-again]:
                _define(place.block, self._defined_done)
            self._num_done += sum(map(len, found[:-again]))
            self._outlined_done += len(places) - again
            self._cells_done = cells[-again - 1]
            self._done = starts[-again]
        # The starts of the last two blocks, and the end of the text.
        before, last, end = [*[start, start, *starts][-2:], len(self._text)]
        self._patience = max(0, end - last + (last - before) // PARTS - SMALL) // PARTS
        self._rest = last if is_cut else None
        return self._refer(defined, unchanged)

    def _replace(self, first: int, found: list[Block]) -> int:
        """Replace the blocks from number `first` on; returns how many are unchanged."""
        unchanged = first
        for before, block in zip(self.blocks[first:], found, strict=False):
            if replace(before, links=()) != block:
                break
            found[unchanged - first] = before
            unchanged += 1
        self.blocks[first:] = found
        return unchanged

    def _refer(self, defined: dict[str, str], unchanged: int) -> int:
        """Tell each block what it refers to; returns how many blocks are unchanged."""
        for place, block in enumerate(self.blocks):
            links = _links(block, defined)
            if links != block.links:
                self.blocks[place] = replace(block, links=links)
                unchanged = min(unchanged, place)
        return unchanged


class _OpenCode:
    """A fence that is still open: what follows is code until it is closed."""

    def __init__(self, block: str, fence: re.Match[str]) -> None:
        mark = fence[1]
        self._closing = re.compile(rf"^ {{0,3}}{mark[0]}{{{len(mark)},}}[ \t]*$", re.MULTILINE)
        self._language = _language(fence[0][len(mark) :])
        self._content = block[fence.end() :]
        self.is_open = not (_LINE_ENDS.search(block) or self._closing.search(self._content))

    @classmethod
    def at(cls, block: str) -> _OpenCode | None:
        """The open fence of a text's last block, or None."""
        fence = _FENCE.match(block)
        code = cls(block, fence) if fence is not None else None
        return code if code is not None and code.is_open else None

    def grown(self, more: str) -> Block | None:
        """The grown block, or None if the fence may be closed now."""
        line = self._content[self._content.rfind("\n") + 1 :]
        if _LINE_ENDS.search(more) or self._closing.search(line + more):
            return None
        self._content += more
        return Block(self._content.rstrip("\n"), self._language)


def shown(source: str) -> str:
    """The text without characters that steer how others are shown."""
    return visible(source, len(source))


def only_ours(rendered: str) -> str:
    """Keep the tags and attributes that load nothing; turn any other tag into text."""
    return _TAG_PARTS.sub(_own_tag, rendered)


def _own_tag(found: re.Match[str]) -> str:
    closing, name, attributes = found.groups()
    if name not in _TAGS:
        return html.escape(found[0], quote=False)
    return f"<{closing}{name}{''.join(_ATTRIBUTE.findall(attributes))}>"


class _Place(NamedTuple):
    """A block, where it starts, and a list's first number and the lines where its items begin."""

    block: Block
    start: int
    number: int = 1
    items: Sequence[int] = ()


def _places(text: str, most: int) -> Iterator[_Place]:
    """The blocks of a text; the text after `most` blocks is one plain block."""
    lines = text.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    for token in _outline(_LINE_ENDS.sub("\n", text)):
        first, end = token.first, min(token.end, len(lines))
        start = starts[first]
        if most == 0:
            yield _Place(Block(text[start:].rstrip("\n"), is_plain=True), start)
            return
        most -= 1
        if token.language is not None:
            yield _Place(Block(token.content.rstrip("\n"), token.language), start)
        else:
            source = "".join(lines[first:end]).rstrip("\n")
            block = Block(source, is_plain=_is_costly(source))
            yield _Place(block, start, token.number, [item - first for item in token.items])


class _Outlined(NamedTuple):
    """The first and last line of a block, the language and content of code, a list's items."""

    first: int
    end: int
    language: str | None
    content: str
    number: int
    items: list[int]


def _outline(text: str) -> list[_Outlined]:
    from markdown_it.token import Token

    outliner, tokens = _outliner(), list[Token]()
    outliner.block.parse(text, outliner, {}, tokens)
    found: list[_Outlined] = []
    for token in tokens:
        if token.type == "list_item_open" and token.level == 1 and token.map is not None:
            found[-1].items.append(token.map[0])
        if token.level == 0 and token.map is not None and token.nesting >= 0:
            is_code = token.type in ("fence", "code_block")
            language = _language(token.info) if is_code else None
            number = token.attrGet("start") if token.type == "ordered_list_open" else None
            number = 1 if number is None else int(number)
            first, end = token.map
            found.append(_Outlined(first, end, language, token.content, number, []))
    return found


def _portions(place: _Place) -> Iterator[Block]:
    """A long list or table in blocks that stay as they are while it grows."""
    block, items = place.block, place.items
    lines = block.source.splitlines(keepends=True)
    head, starts = "", [0]
    numbers: Iterator[int | None] = repeat(None)
    if block.is_plain or block.language is not None:
        pass
    elif len(items) > ITEMS:
        starts = list(items[::ITEMS])
        numbers = count(place.number, ITEMS)
    elif len(lines) > ROWS + 2 and not items and _is_head(lines[:2]):
        head, starts = "".join(lines[:2]), list(range(2, len(lines), ROWS))
    if len(starts) == 1:
        yield block
        return
    for start, end, number in zip(starts, [*starts[1:], len(lines)], numbers, strict=False):
        source = head + "".join(lines[start:end]).rstrip("\n")
        goes_on = start > starts[0]
        yield replace(block, source=source, goes_on=goes_on, number=number if goes_on else None)


def _is_head(lines: list[str]) -> bool:
    """Whether a table begins with these two lines."""
    if _num_columns(lines[1].rstrip("\n")) < 2:
        return False
    tokens = parser().parse("".join(lines))
    return bool(tokens) and tokens[0].type == "table_open"


def _language(info: str) -> str:
    return (info.split() or [""])[0]


def _is_costly(source: str) -> bool:
    """Whether laying it out would take too long."""
    num_lines = source.count("\n") + 1
    if len(source) > MAX_CHARACTERS or num_lines > MAX_LINES:
        return True
    return len(_MARKS.findall(source)) > MAX_MARKS


def _define(block: Block, defined: dict[str, str]) -> None:
    """Add the links and footnotes that a block defines; the first definition counts."""
    if block.language is None and not block.is_plain and block.source.lstrip().startswith("["):
        for found in _DEFINITION.finditer(block.source):
            label = found[1]
            url = "" if label.startswith("^") else found[2].strip("<>")
            if len(defined) < MAX_DEFINED and (label.startswith("^") or is_safe(url)):
                defined.setdefault(_label(label), url)


def _links(block: Block, defined: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """What is defined of what a block refers to."""
    if not defined or block.language is not None or block.is_plain or "[" not in block.source:
        return ()
    labels = {_label(found[1]) for found in _REFERENCE.finditer(block.source)}
    return tuple((label, url) for label, url in defined.items() if label in labels)


def _label(written: str) -> str:
    from markdown_it.common.utils import normalizeReference

    return str(normalizeReference(written))


def _num_cells(block: Block) -> int:
    """The number of table cells: each row has as many as the head. Other parts count, too."""
    if block.language is not None or block.is_plain:
        return 0
    num_items = ITEM * len(_ITEM.findall(block.source))
    if "|" not in block.source:
        return num_items
    lines = block.source.split("\n")
    widest = max(map(_num_columns, lines))
    return num_items + (widest * len(lines) if widest > 1 else 0)


def _num_columns(line: str) -> int:
    """The number of columns if the line is a table's delimiter row, also in quotes or lists."""
    is_rule = "|" in line and not line.strip("|:- \t>*+0123456789.)")
    return line.count("|") + 1 if is_rule else 1


@cache
def _outliner() -> MarkdownIt:
    """A parser that finds blocks. It sees tables as paragraphs: they may have many rows."""
    from markdown_it import MarkdownIt

    made = MarkdownIt("commonmark", {"html": False}).disable(["reference"])
    return with_formulas(made)
