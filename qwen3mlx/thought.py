"""The rule for where an answer's thought begins and ends, for token ids and for text alike."""

from __future__ import annotations

from typing import Generic, Literal, TypeVar

# Where an answer begins: free to open a thought ("auto"), inside one that the prompt opened, or
# after it ("off").
ReasoningStart = Literal["auto", "inside", "off"]

T = TypeVar("T")


class Thought(Generic[T]):
    """Follows one answer piece by piece: its token ids, or the markers in its text.

    `opening` opens a thought as the very first piece only, unless the prompt opened it already. The
    first `closing` after that ends it for good; without one, there is no thought to follow. `place`
    is where the next piece comes, in the terms of `ReasoningStart`.
    """

    __slots__ = ("closing", "opening", "place")

    def __init__(self, start: ReasoningStart, opening: T | None, closing: T | None) -> None:
        self.place: ReasoningStart = "off" if closing is None else start
        self.opening = opening
        self.closing = closing

    @property
    def is_inside(self) -> bool:
        return self.place == "inside"

    def observe(self, piece: T | None) -> bool:
        """Take the next piece; return whether it opened or ended the thought."""
        if self.place == "off":
            return False
        if self.place == "inside":
            if piece != self.closing:
                return False
            self.place = "off"
            return True
        is_opened = piece is not None and piece == self.opening
        self.place = "inside" if is_opened else "off"
        return is_opened
