"""Markdown -> blocks of rich text. HTML in it is text, pictures are links, links are checked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from ..services.links import is_safe
from .tex import plain_tex

if TYPE_CHECKING:
    from markdown_it import MarkdownIt


# A space of no width.
BREAK = "\u200b"
_TAG = re.compile(r"(<[^>]*>)")
# So many characters, an entity being one, that more follow without a space.
_LONG_WORD = re.compile(r"(?:&#?\w{1,8};|[^\s&<>\u200b]){24}(?=[^\s<>])")


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, list, table ...; or code, whose `language` is not None then."""

    source: str
    language: str | None = None


class BlockReader:
    """Text that grows -> blocks; those before the last never change again."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self._done = 0
        self._num_done = 0
        self._text = ""

    def read(self, text: str) -> int:
        """All of the text so far; the number of blocks that are as they were."""
        if not text.startswith(self._text[: self._done]):
            self._done = self._num_done = 0
        self._text = text
        places = _places(text[self._done :])
        unchanged = self._num_done
        self.blocks[unchanged:] = [block for _, block in places]
        if len(places) > 1:
            # A list or table may still grow by what follows it: the last two are read again.
            self._num_done += len(places) - 2 if len(places) > 2 else 0
            self._done += places[-2][0] if len(places) > 2 else 0
        return unchanged


def to_html(block: Block) -> str:
    """Rich text of a block that is no code."""
    shown = str(_parser().render(plain_tex(block.source)))
    shown = re.sub(r'style="text-align:(\w+)"', r'align="\1"', shown)  # it would hide the sheet's
    return shown.replace("<table>", '<table cellspacing="0">')


def breakable(shown: str) -> str:
    """Rich text whose long words may be broken: Qt would cut them off at the edge.

    They have a BREAK where they may, which is not to get into what is copied.
    """
    parts = _TAG.split(shown)
    parts[::2] = [_LONG_WORD.sub(rf"\g<0>{BREAK}", part) for part in parts[::2]]
    return "".join(parts)


def _places(text: str) -> list[tuple[int, Block]]:
    """Each block with where it begins."""
    lines = text.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    found: list[tuple[int, Block]] = []
    for token in _parser().parse(_newlines(text)):
        if token.level == 0 and token.map is not None and token.nesting >= 0:
            first, end = token.map[0], min(token.map[1], len(lines))
            if token.type in ("fence", "code_block"):
                language = token.info.strip().split(" ")[0] if token.info.strip() else ""
                block = Block(token.content.rstrip("\n"), language)
            else:
                block = Block("".join(lines[first:end]).rstrip("\n"))
            found.append((starts[first], block))
    return found


def _newlines(text: str) -> str:
    """Only these end a line for the parser; what splitlines knows besides must be none."""
    return re.sub("[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", "\n", text)


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False, "breaks": False})
    parser.enable(["table", "strikethrough"]).disable("image")
    parser.validateLink = is_safe  # type: ignore[method-assign]
    return parser
