"""Cut code and plain text into pieces that are laid out separately."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence

from .markdown import shown

# The most lines and characters of a piece. Growing text changes only its last piece.
LINES, CHARACTERS = 50, 6000
# The elements of plain text: code, and what a person has written.
PRE, WRITTEN = "<pre>{}</pre>", '<p style="white-space: pre-wrap">{}</p>'


def pieces(source: str) -> Iterator[tuple[int, str]]:
    """Each piece, without the end of its last line, and the number of its first line."""
    start = line = 0
    while True:
        end = _end(source, start)
        if end >= len(source):
            yield line, source[start:]
            return
        yield line, source[start:end].removesuffix("\n")
        line += source.count("\n", start, end)
        start = end


def plain(piece: str, element: str = PRE) -> str:
    """A piece as rich text."""
    return element.format(html.escape(shown(piece)))


def coloured(lines: Sequence[str], first: int, piece: str) -> str:
    """A piece that begins at a line, from the highlighted `lines` of all code."""
    return PRE.format("\n".join(lines[first : first + piece.count("\n") + 1]))


def _end(source: str, start: int) -> int:
    """The end of a piece, after a line if one is short enough."""
    limit = start + CHARACTERS
    end = start
    for _ in range(LINES):
        newline = source.find("\n", end, limit)
        if newline < 0:
            break
        end = newline + 1
    else:
        return end
    if limit >= len(source):
        return len(source)
    return end if end > start else limit
