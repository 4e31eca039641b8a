"""Words that are longer than a line."""

from __future__ import annotations

import re
from functools import cache

from .markdown import BREAK

# The characters of a word between two places where it may be broken, at a size of text in pixels;
# in larger text there are fewer, as the window may be as narrow.
_MOST, _SIZE = 24, 14
# The characters of a path between two such places.
_PATH = 10
_TAG = re.compile(r"(<[^>]*>)")
# Tags within a word.
_INLINE = re.compile(r"</?(?:a|b|code|em|i|s|span|strong|sub|sup|u)\b")
# A character of a word, an entity counting as one.
_UNIT = re.compile(r"&#?\w{1,8};|[^\s&<>\u200b]")
_WORD = re.compile(rf"(?:{_UNIT.pattern})+")
_SPACE = re.compile(rf"[\s{BREAK}]")


def breakable(rendered: str, size: int = _SIZE) -> str:
    """Make long words breakable, also where tags part them: Qt would cut them off at the edge.

    They get BREAKs, which must not get into copied text. `size`: of the text, in pixels.
    """
    most = min(_MOST, _MOST * _SIZE // size)
    long = _long(most)
    parts = _TAG.split(rendered)
    length = 0  # of the word so far
    for number, part in enumerate(parts):
        if number % 2:
            length = length if _INLINE.match(part) else 0
        elif part:
            begun = _WORD.match(part) if length else None
            end = begun.end() if begun is not None else 0
            parts[number] = _broken(part[:end], length, most) + long.sub(
                rf"\g<0>{BREAK}", part[end:]
            )
            length = _last(part) + (length if end == len(part) else 0)
    return "".join(parts)


@cache
def _long(most: int) -> re.Pattern[str]:
    """So many characters of a word that goes on."""
    return re.compile(rf"(?:{_UNIT.pattern}){{{most}}}(?=[^\s<>])")


def breakable_path(path: object) -> str:
    """The path of a file on a label, breakable at any size of text; it is not for copying."""
    text = str(path)
    return BREAK.join(text[at : at + _PATH] for at in range(0, len(text), _PATH))


def _broken(word: str, length: int, most: int) -> str:
    """A word, or its rest after `length` characters, with its BREAKs."""
    units = _UNIT.findall(word)
    return "".join(
        unit if (length + place) % most else BREAK + unit for place, unit in enumerate(units)
    )


def _last(part: str) -> int:
    """The length of the word with which a text ends."""
    return len(_UNIT.findall(_SPACE.split(part)[-1]))
