"""Fuzzy matching of titles. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")

# The score of a letter, and the bonus after its predecessor, at a word's start, at the title's.
HIT, NEXT, WORD, FIRST = 1, 8, 6, 3


def score(query: str, title: str) -> int | None:
    """How well the letters of `query` match in their order; None if one is missing.

    Case and spaces in the query are ignored. The best match of the letters counts.
    """
    text = title.casefold()
    # Positions of the last letter, from left to right, with the best score that ends there.
    ends: dict[int, int] | None = None
    for letter in query.casefold():
        if letter.strip():
            ends = _next_ends(text, letter, ends)
            if not ends:
                return None
    return max(ends.values()) if ends else 0


def _next_ends(text: str, letter: str, ends: dict[int, int] | None) -> dict[int, int]:
    """The `ends` after one more letter; None for the first."""
    found: dict[int, int] = {}
    earlier = iter((ends or {}).items())
    upcoming = next(earlier, None)
    reached = 0 if ends is None else None  # the best score that ended before
    place = text.find(letter)
    while place >= 0:
        while upcoming is not None and upcoming[0] < place:
            reached = upcoming[1] if reached is None else max(reached, upcoming[1])
            upcoming = next(earlier, None)
        if reached is not None:
            worth = reached + HIT + _place_worth(text, place)
            if ends and place - 1 in ends:
                worth = max(worth, ends[place - 1] + HIT + NEXT)
            found[place] = worth
        place = text.find(letter, place + 1)
    return found


def ranked(query: str, values: Sequence[T], title: Callable[[T], str], limit: int) -> list[T]:
    """The best matches first, shorter titles first among equals. Without a query, all."""
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
