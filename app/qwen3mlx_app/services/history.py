"""Places that were visited, to go back and forward through them. Pure."""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")

# How many places are kept.
LONGEST = 100


class History(Generic[T]):
    """Like a browser's: a visit after going back forgets what was ahead."""

    def __init__(self) -> None:
        self._places: list[T] = []
        self._at = -1

    def visit(self, place: T) -> None:
        if self._places and self._places[self._at] == place:
            return
        self._places = [*self._places[: self._at + 1], place][-LONGEST:]
        self._at = len(self._places) - 1

    def step(self, by: int) -> T | None:
        """Go back (-1) or forward (1); None, and nothing changes, at the end."""
        if not 0 <= self._at + by < len(self._places):
            return None
        self._at += by
        return self._places[self._at]
