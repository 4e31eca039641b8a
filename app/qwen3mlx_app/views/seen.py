"""What of a conversation is at the top of the window."""

from __future__ import annotations

from typing import NamedTuple

from .column import Anchor
from .message_card import MessageCard
from .message_text import MessageText


class RowAnchor(NamedTuple):
    """A row, the pixels of it above the top, and what of its card is there."""

    row: int
    offset: int
    card: MessageCard | None = None
    place: tuple[MessageText, Anchor] | None = None

    def y(self) -> int:
        """The pixels of the row above the top now."""
        if self.card is None or self.place is None:
            return self.offset
        return self.card.y_of(self.place)
