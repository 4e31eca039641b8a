"""Find words in text, as the full-text index does: without regard to case and accents. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from functools import cache

# Ideographs, kana, hangul: written without spaces, or searched by parts.
CJK = (
    "\u2e80-\u2fdf\u3040-\u30ff\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
# Latin letters with accents.
_ACCENTED = (*range(0xC0, 0x250), *range(0x1E00, 0x1F00))
_COMBINING = "[\u0300-\u036f]*"
_TOKEN = re.compile(f"[{CJK}]|[^\\W_{CJK}]+")
# Not within a word of letters that have spaces around them.
_BEGINS, _ENDS = f"(?<![^\\W_{CJK}])", f"(?![^\\W_{CJK}])"
# The target of a Markdown link is not on the screen.
_TARGET = re.compile(r"(?<=\])\([^()\s]*\)")
# The most characters of a question that are looked for.
_LONGEST = 500


def phrase_pattern(question: str) -> re.Pattern[str] | None:
    """Match the whole question, its spaces being any; None if it is empty."""
    pattern = _phrase(question)
    return _compiled(pattern) if pattern else None


def word_pattern(question: str) -> re.Pattern[str] | None:
    """Match the question, else each of its words, where words begin; the last as a beginning."""
    words = [_word(part) for part in _parts(question)]
    if not any(words):
        return phrase_pattern(question)
    if not question[-1:].isspace():
        words[-1] = words[-1].removesuffix(_ENDS)
    known = sorted(filter(None, set(words)), key=len, reverse=True)
    return _compiled("|".join([_BEGINS + _phrase(question), *known]))


def on_screen(source: str) -> str:
    """The Markdown without what is not shown of it: the targets of links."""
    return _TARGET.sub("", source)


def _parts(question: str) -> list[str]:
    return unicodedata.normalize("NFC", question[:_LONGEST]).split()


def _phrase(question: str) -> str:
    return r"\s+".join("".join(map(_letter, part)) for part in _parts(question))


def _word(part: str) -> str:
    """A pattern for the tokens of a word in a row, whatever marks are between them."""
    pattern = ""
    for token in _TOKEN.findall(part):
        between = "" if not pattern else r"[\W_]*"
        pattern += between + "".join(map(_letter, token))
    if not pattern:
        return ""
    return _BEGINS + pattern + _ENDS


@cache
def _accents() -> dict[str, str]:
    """Letter -> the letters that are it with accents."""
    found: defaultdict[str, str] = defaultdict(str)
    for code in _ACCENTED:
        letter = unicodedata.normalize("NFD", chr(code))[0]
        if letter != chr(code):
            found[letter.lower()] += chr(code)
    return dict(found)


@cache
def _letter(letter: str) -> str:
    plain = unicodedata.normalize("NFD", letter)[0].lower()
    if (accented := _accents().get(plain)) is not None:
        return f"[{plain}{accented}]{_COMBINING}"
    return re.escape(letter)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)
