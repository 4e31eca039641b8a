"""Full-text search: tokenization, queries and snippets.

FTS5 takes a run of Chinese characters for one word. So each of them is made a word of its own, in
the index and in the question, where neighbours must be neighbours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# Ideographs, kana, hangul: written without spaces, or searched by parts.
_CJK = (
    "\u2e80-\u2fdf\u3040-\u30ff\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
_CHARACTER = re.compile(f"([{_CJK}])")
_BEFORE, _AFTER = 40, 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A conversation that matches; without a message, its title does.

    `snippet` is the text around it. `updated_at`: when the conversation was last used, in seconds
    since the epoch.
    """

    conversation_id: str
    updated_at: float
    question: str
    message_id: str | None = None
    snippet: str = ""

    def marks(self, text: str) -> list[tuple[int, int]]:
        """The start and length of matches in `text`: of the whole question, else of each word."""
        for wanted in ([self.question.strip()], self.question.split()):
            pattern = "|".join(re.escape(part) for part in sorted(wanted, key=len, reverse=True))
            found = [match.span() for match in re.finditer(pattern, text, re.IGNORECASE)]
            if found and pattern:
                return [(start, end - start) for start, end in found]
        return []


def indexed(text: str) -> str:
    """The text as it is put into the index."""
    return _CHARACTER.sub(r" \1 ", text.replace("\0", " "))


def match_expression(question: str) -> str | None:
    """An FTS5 expression: all words, the last as a prefix; None if there is no word."""
    phrases = []
    for part in question.split():
        if any(character.isalnum() for character in part):
            quoted = indexed(part).replace('"', " ")
            phrases.append(f'"{quoted}"')
    if not phrases:
        return None
    return " ".join(phrases) + ("*" if not question[-1:].isspace() else "")


def snippet(text: str, question: str) -> str:
    """The part of `text` around the match, on one line."""
    start, end = _place(text, question)
    begin = max(0, start - _BEFORE)
    around = text[begin : end + _AFTER]
    return ("…" if begin else "") + re.sub(r"\s", " ", around)


def _place(text: str, question: str) -> tuple[int, int]:
    """Where the question, else its first word, is in the text; (0, 0) if an accent differs."""
    for wanted in (question.strip(), *question.split()):
        found = re.search(re.escape(wanted), text, re.IGNORECASE)
        if found and wanted:
            return found.span()
    return 0, 0
