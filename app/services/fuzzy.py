"""Which of many titles a few letters mean. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")

# What a letter is worth: at all, after its predecessor, at the start of a word, of the title.
HIT, NEXT, WORD, FIRST = 1, 8, 6, 3


def score(query: str, title: str) -> int | None:
    """How well the letters of `query` fit, in their order; None where they are not all there.

    Case and spaces in the query do not matter. The best way to find the letters counts.
    """
    text = title.casefold()
    # For each place in the title: the best score of the letters so far, the last one found there.
    ends: list[int | None] | None = None
    for letter in query.casefold():
        if letter.strip():
            ends = _next_ends(text, letter, ends)
    if ends is None:
        return 0
    return max((end for end in ends if end is not None), default=None)


def _next_ends(text: str, letter: str, ends: list[int | None] | None) -> list[int | None]:
    """`ends` of one letter more; None: it is the first."""
    found: list[int | None] = []
    reached = 0 if ends is None else None  # the best that ended anywhere before
    for place, character in enumerate(text):
        before = ends[place - 1] if ends and place else None
        if before is not None and (reached is None or before > reached):
            reached = before
        if character != letter or reached is None:
            found.append(None)
            continue
        anywhere = reached + HIT + _place_worth(text, place)
        found.append(anywhere if before is None else max(anywhere, before + HIT + NEXT))
    return found


def ranked(query: str, values: Sequence[T], title: Callable[[T], str], limit: int) -> list[T]:
    """The best of them, best first; shorter titles first among equals. All for no query."""
    if not query.strip():
        return list(values[:limit])
    scored = [(score(query, title(value)), place) for place, value in enumerate(values)]
    found = [(worth, place) for worth, place in scored if worth is not None]
    found.sort(key=lambda one: (-one[0], len(title(values[one[1]])), one[1]))
    return [values[place] for _, place in found[:limit]]


def _place_worth(text: str, place: int) -> int:
    if place == 0:
        return WORD + FIRST
    return 0 if text[place - 1].isalnum() else WORD
