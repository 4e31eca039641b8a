"""Full-text search: how words are parted, asked for, and shown.

FTS5 takes a run of Chinese characters for one word. So each of them is made a word of its own, in
the index and in the question, where neighbours must be neighbours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# Ideographs, kana, hangul: scripts that are written without spaces, or may be asked for by parts.
_CJK = (
    "\u2e80-\u2fdf\u3040-\u30ff\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
_CHARACTER = re.compile(f"([{_CJK}])")
_BEFORE, _AFTER = 40, 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A conversation that has what was asked for; without a message it is in the title.

    `snippet` is the text around it, and `start`, `length` where it is in there.
    """

    conversation_id: str
    message_id: str | None = None
    snippet: str = ""
    start: int = 0
    length: int = 0


def indexed(text: str) -> str:
    """`text` as the index takes it."""
    return _CHARACTER.sub(r" \1 ", text.replace("\0", " "))


def match_expression(question: str) -> str | None:
    """FTS5's MATCH: all words, the last as a beginning; None where there is no word to ask for."""
    phrases = []
    for part in question.split():
        if any(character.isalnum() for character in part):
            quoted = indexed(part).replace('"', " ")
            phrases.append(f'"{quoted}"')
    if not phrases:
        return None
    return " ".join(phrases) + ("*" if not question[-1:].isspace() else "")


def hit(conversation_id: str, message_id: str, text: str, question: str) -> Hit:
    start, length = _place(text, question)
    begin = max(0, start - _BEFORE)
    around = text[begin : start + length + _AFTER]
    shown = re.sub(r"\s", " ", around)
    return Hit(
        conversation_id=conversation_id,
        message_id=message_id,
        snippet=shown,
        start=start - begin,
        length=length,
    )


def _place(text: str, question: str) -> tuple[int, int]:
    """Where the question is in the text, or else its first word; (0, 0) where an accent differs."""
    for wanted in (question.strip(), *question.split()):
        found = re.search(re.escape(wanted), text, re.IGNORECASE)
        if found and wanted:
            return found.start(), found.end() - found.start()
    return 0, 0
