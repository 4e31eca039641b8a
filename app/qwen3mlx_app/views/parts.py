"""Blocks of Markdown -> parts that are laid out below each other."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from .markdown import Block, only_ours, shown
from .markdown_rules import parser
from .pieces import pieces
from .tex import displayed

if TYPE_CHECKING:
    from markdown_it.token import Token

Kind = Literal["text", "table", "code", "lines", "plain", "rule"]
# Pixels above a part: of a block, of a heading, within a block, and of an item of a tight list.
BLOCK, HEADING, INSIDE, TIGHT = 10, 18, 6, 3
_BULLETS = "•◦▪"
_TASK = re.compile(r"\[([ xX])\] ")
_DEFINED = re.compile(r" {0,3}\[[^\]\n]{1,200}\]:[ \t]*\S+[^\n]*")
_HEAD = re.compile(r"<thead>.*?</thead>\s*", re.DOTALL)
_FOOTNOTE = re.compile(r" {0,3}\[\^([^\]\s]{1,50})\]:[ \t]*")


@dataclass(frozen=True, slots=True)
class Part:
    """Rich text, a table, the head of code, some of its lines, some plain text, or a rule.

    `marker` is a list item's. `depth` counts the lists and quotes it is in, `bars` are the levels
    of the quotes; `room` counts the digits that numbers of those lists have beside the first. `gap`
    is the space above it in pixels. The whole of `code` is known to its head and to its lines;
    these begin at line number `first`. What `goes_on` belongs to the part above.
    """

    kind: Kind
    html: str = ""
    source: str = ""
    code: Block | None = field(default=None, compare=False)
    first: int = 0
    goes_on: bool = False
    marker: str = ""
    depth: int = 0
    room: int = 0
    bars: tuple[int, ...] = ()
    gap: int = BLOCK


def parts(block: Block) -> list[Part]:
    """The parts of a block; none if it only defines links."""
    if block.is_plain:
        return list(_in_pieces("plain", block, BLOCK))
    if block.language is not None:
        return list(_Walk({}, block).code(block))
    source, env = shown(block.source), _environment(block)
    if all(map(_DEFINED.fullmatch, source.split("\n"))):
        return [] if not env["footnotes"] else _footnotes(source, env)
    return list(_Walk(env, block).parts(parser().parse(source, env)))


def to_html(block: Block) -> str:
    """A block as rich text, without the widgets that show it on screen."""
    if block.language is not None or block.is_plain:
        return f"<pre>{html.escape(shown(block.source))}</pre>"
    made = str(parser().render(shown(block.source), _environment(block)))
    return only_ours(_table(made))


def _environment(block: Block) -> dict[str, object]:
    links = {label: url for label, url in block.links if not label.startswith("^")}
    return {
        "references": {label: {"href": url, "title": ""} for label, url in links.items()},
        "footnotes": {label for label, _ in block.links if label.startswith("^")},
    }


def _footnotes(source: str, env: dict[str, object]) -> list[Part]:
    """Footnotes where they are written; definitions of links are not shown."""
    found: list[Part] = []
    for line in source.split("\n"):
        if (mark := _FOOTNOTE.match(line)) is not None:
            text = parser().renderInline(line[mark.end() :], env)
            made = only_ours(f"<p><sup>{mark[1]}</sup> {text}</p>")
            found.append(Part("text", made, gap=TIGHT if found else BLOCK))
    return found


def _in_pieces(
    kind: Kind,
    block: Block,
    gap: int,
    depth: int = 0,
    room: int = 0,
    bars: tuple[int, ...] = (),
) -> Iterator[Part]:
    """Plain text, or the lines of code, in parts of which only the last grows."""
    is_first = True
    for first, text in pieces(block.source):
        goes_on = not is_first
        yield Part(
            kind, "", text, block, first, goes_on, depth=depth, room=room, bars=bars,
            gap=0 if goes_on else gap,
        )  # fmt: skip
        is_first = False


@dataclass(slots=True)
class _Level:
    """A quote, or a list with the marker of its item until the item's first part has it."""

    kind: str
    number: int = 0
    last: int = 0
    marker: str = ""

    @property
    def is_numbered(self) -> bool:
        return self.kind == "ordered_list_open"


class _Walk:
    """Goes through the tokens of one block."""

    def __init__(self, env: dict[str, object], block: Block) -> None:
        self._env = env
        self._goes_on = block.goes_on
        self._number = block.number
        self._levels: list[_Level] = []
        self._is_first = True

    def parts(self, tokens: list[Token]) -> Iterator[Part]:
        place = 0
        while place < len(tokens):
            token = tokens[place]
            if token.type == "table_open":
                end = place + 1
                while tokens[end].type != "table_close":
                    end += 1
                yield self._table(_table(self._rendered(tokens[place : end + 1])))
                place = end
            elif token.nesting > 0:
                self._open(token, _num_items(tokens, place))
            elif token.nesting < 0:
                yield from self._close(token)
            elif token.type in ("fence", "code_block"):
                language = (token.info.split() or [""])[0]
                yield from self.code(Block(token.content.rstrip("\n"), language))
            else:
                yield self._leaf(token, tokens[place - 1])
            place += 1

    def code(self, block: Block) -> Iterator[Part]:
        """The head of code, and its lines."""
        head = self._part("code", source=block.language or "", code=block)
        yield head
        yield from _in_pieces("lines", block, 0, head.depth, head.room, head.bars)

    def _open(self, token: Token, num_items: int) -> None:
        if token.type in ("bullet_list_open", "ordered_list_open", "blockquote_open"):
            number = token.attrGet("start")
            number = 1 if number is None else int(number)
            if not self._levels and self._number is not None:
                number = self._number
            self._levels.append(_Level(token.type, number, number + num_items - 1))
        elif token.type == "list_item_open":
            level = self._levels[-1]
            depth = sum(one.kind == "bullet_list_open" for one in self._levels)
            is_bullet = level.kind == "bullet_list_open"
            level.marker = _BULLETS[(depth - 1) % 3] if is_bullet else f"{level.number}."
            level.number += 1

    def _close(self, token: Token) -> Iterator[Part]:
        if token.type == "list_item_close" and self._levels[-1].marker:
            yield self._part("text", "<p></p>")
        elif token.type in ("bullet_list_close", "ordered_list_close", "blockquote_close"):
            self._levels.pop()

    def _leaf(self, token: Token, before: Token) -> Part:
        if token.type == "hr":
            return self._part("rule", gap=HEADING)
        if token.type == "formula":
            made = displayed(token.content)
            return self._part("table" if made.startswith("<table") else "text", made)
        if before.type == "heading_open":
            made = f"<{before.tag}>{self._rendered([token])}</{before.tag}>"
            return self._part("text", made, gap=HEADING)
        self._mark_task(token)
        gap = TIGHT if before.hidden else INSIDE
        return self._part("text", f"<p>{self._rendered([token])}</p>", gap=gap)

    def _table(self, made: str) -> Part:
        """A table, or more rows of the one above."""
        if not (self._goes_on and self._is_first):
            return self._part("table", made)
        self._is_first = False
        return Part("table", only_ours(_HEAD.sub("", made)), goes_on=True, gap=0)

    def _mark_task(self, token: Token) -> None:
        """Make `[x] done` a task with a box for its marker."""
        level = self._levels[-1] if self._levels else None
        found = _TASK.match(token.content)
        first = token.children[0] if token.children else None
        if (
            level is None
            or found is None
            or first is None
            or not first.content.startswith(found[0])
        ):
            return
        if level.marker and level.marker in _BULLETS:
            first.content = first.content[len(found[0]) :]
            level.marker = "☐" if found[1] == " " else "☑"

    def _part(
        self,
        kind: Kind,
        made: str = "",
        *,
        source: str = "",
        code: Block | None = None,
        gap: int = INSIDE,
    ) -> Part:
        marker = ""
        for level in self._levels:  # of lists in lists, the innermost has the first text
            marker, level.marker = level.marker or marker, ""
        if self._is_first and not self._goes_on:
            gap = max(gap, BLOCK)
        self._is_first = False
        return Part(
            kind,
            only_ours(made),
            source,
            code,
            marker=marker,
            depth=len(self._levels),
            room=sum(len(str(one.last)) - 1 for one in self._levels if one.is_numbered),
            bars=tuple(n for n, one in enumerate(self._levels) if one.kind == "blockquote_open"),
            gap=gap,
        )

    def _rendered(self, tokens: list[Token]) -> str:
        made = parser()
        return str(made.renderer.render(tokens, made.options, self._env))


def _num_items(tokens: list[Token], place: int) -> int:
    """Count the items of the list that begins there."""
    if tokens[place].type != "ordered_list_open":
        return 0
    level, count = tokens[place].level, 0
    for token in tokens[place + 1 :]:
        if token.level == level:
            break
        count += token.type == "list_item_open" and token.level == level + 1
    return count


def _table(made: str) -> str:
    # The style would override the style sheet.
    made = re.sub(r'style="text-align:(\w+)"', r'align="\1"', made)
    return made.replace("<table>", '<table cellspacing="0">')
