"""Full-text search: tokenization, queries and snippets.

FTS5 takes a run of Chinese characters for one word. So each of them is made a word of its own, in
the index and in the question, where neighbours must be neighbours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..finding import CJK, phrase_pattern, word_pattern

_CHARACTER = re.compile(f"([{CJK}])")
_BEFORE, _AFTER = 40, 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A conversation that matches, with the message that does; without one, its title does.

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
        for pattern in (phrase_pattern(self.question), word_pattern(self.question)):
            found = [match.span() for match in pattern.finditer(text)] if pattern else []
            if found:
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
    """Where the words of the question, else its beginning, are in the text; (0, 0) if nowhere."""
    for pattern in (word_pattern(question), phrase_pattern(question)):
        found = pattern.search(text) if pattern else None
        if found:
            return found.span()
    return 0, 0
