"""Mark matches in rich text."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from .markdown import BREAK

_TAG = re.compile(r"(<[^>]*>)")
_UNIT = re.compile(f"&#?\\w{{1,8}};|[^{BREAK}]", re.DOTALL)
_LINE = re.compile(r"<br|<p|<li|<h\d|<td|<th|<tr|<pre")


@dataclass(frozen=True, slots=True)
class Marks:
    """What is marked, in `colour`; the match that is looked at, in `found`."""

    pattern: re.Pattern[str]
    colour: str
    found: str


def count_marks(rich: str, marks: Marks) -> int:
    return sum(1 for _ in marks.pattern.finditer(_Text(rich).plain))


def marked(rich: str, marks: Marks, current: int = -1) -> tuple[str, str]:
    """The rich text with marks, and the part of it before the match number `current`."""
    text = _Text(rich)
    edits: list[tuple[int, int, str]] = []
    before = ""
    for number, match in enumerate(marks.pattern.finditer(text.plain)):
        pieces = text.pieces(*match.span())
        if number == current and pieces:
            before = rich[: pieces[0][0]]
        colour = marks.found if number == current else marks.colour
        edits += [(start, end, colour) for start, end in pieces]
    parts, done = [], 0
    for start, end, colour in edits:
        style = f'<span style="background-color: {colour}">'
        parts += [rich[done:start], style, rich[start:end], "</span>"]
        done = end
    return "".join([*parts, rich[done:]]), before


class _Text:
    """The `plain` characters of rich text, and where each of them is in it."""

    def __init__(self, rich: str) -> None:
        letters: list[str] = []
        self._places: list[tuple[int, int, int]] = []  # start, end, the number of its part
        start = 0
        for number, part in enumerate(_TAG.split(rich)):
            if number % 2:
                if _LINE.match(part):
                    letters.append("\n")
                    self._places.append((start, start, number))
            else:
                for unit in _UNIT.finditer(part):
                    letters.append(html.unescape(unit[0])[:1])
                    self._places.append((start + unit.start(), start + unit.end(), number))
            start += len(part)
        self.plain = "".join(letters)

    def pieces(self, first: int, end: int) -> list[tuple[int, int]]:
        """Where the characters from `first` to `end` are, without the tags between them."""
        found: list[tuple[int, int]] = []
        last = -1
        for start, stop, number in self._places[first:end]:
            if number == last and found:
                found[-1] = (found[-1][0], stop)
            elif start < stop:
                found.append((start, stop))
            last = number
        return found
