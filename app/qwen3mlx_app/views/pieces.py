"""Cut code and plain text into pieces that are laid out separately."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence

from .markdown import shown

# The most lines and characters of a piece. Growing text changes only its last piece.
LINES, CHARACTERS = 100, 6000
# The elements of plain text: code, and what a person has written.
PRE, WRITTEN = "<pre>{}</pre>", '<p style="white-space: pre-wrap">{}</p>'


def cut(source: str, start: int = 0) -> list[int]:
    """The ends of pieces, from the one that begins at `start`."""
    ends = []
    while True:
        start = _end(source, start)
        ends.append(start)
        if start >= len(source):
            return ends


def plain_pieces(source: str, start: int, ends: Sequence[int], element: str = PRE) -> Iterator[str]:
    """Rich text for each piece."""
    for end in ends:
        text = source[start:end].removesuffix("\n") if end < len(source) else source[start:]
        yield element.format(html.escape(shown(text)))
        start = end


def coloured_pieces(lines: Sequence[str], source: str, ends: Sequence[int]) -> Iterator[str]:
    """Rich text for each piece, from the highlighted `lines` of `source`."""
    first = start = 0
    for end in ends:
        last = first + source.count("\n", start, end) if end < len(source) else len(lines)
        yield PRE.format("\n".join(lines[first:last]))
        first, start = last, end


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
