"""The widgets of the messages that are seen: made when they are, and deleted after."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from ..domain import MessageRow
from ..models import ListModel
from .edit_field import Edits
from .marking import Marks
from .message_card import MessageCard
from .message_footer import Intents
from .rich_text import RichLabel
from .tab_order import TabPlace
from .theme import Theme


class MessageCards(QObject):
    """By the message's id. Tab goes through them as they are read.

    `fold_toggled`: something was folded or unfolded. `menu_wanted(menu)`: a card's, to be filled.
    """

    fold_toggled = Signal()
    menu_wanted = Signal(object)

    def __init__(
        self,
        model: ListModel[MessageRow],
        theme: Theme,
        intents: Intents,
        edits: Edits,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._model = model
        self._view = parent
        self._first = TabPlace(parent)
        self._make: Callable[[MessageRow], MessageCard] = lambda row: MessageCard(
            row, theme, intents, edits, parent
        )
        self._cards: dict[str, MessageCard] = {}
        self._unfolded: set[tuple[str, str]] = set()
        self._marks: Marks | None = None
        self._current: tuple[str, int] | None = None

    def __len__(self) -> int:
        return len(self._cards)

    def values(self) -> list[MessageCard]:
        """From the first message to the last."""
        return [self._cards[one] for one in sorted(self._cards, key=self._model.row_of)]

    def find(self, message_id: str) -> MessageCard | None:
        return self._cards.get(message_id)

    def of(self, row: MessageRow) -> MessageCard:
        """The card of a row, which may be made now."""
        message_id = row.message.id
        card = self._cards.get(message_id)
        if card is None:
            card = self._make(row)
            card.follow(self._before(self._model.row_of(message_id)))
            for known, part in self._unfolded:
                if known == message_id:
                    card.open_part(part)
            card.menu_wanted.connect(self.menu_wanted)
            card.fold_toggled.connect(partial(self._on_fold_toggled, message_id))
            self._cards[message_id] = card
            self.mark_one(message_id)
        return card

    def labels(self) -> list[RichLabel]:
        """The labels of all cards, in the order in which they are read."""
        return [label for card in self.values() for label in card.labels()]

    def mark(self, marks: Marks | None, current: tuple[str, int] | None) -> None:
        """Mark matches in all messages; `current` is a message's id and a match's number in it."""
        self._marks, self._current = marks, current
        for message_id in self._cards:
            self.mark_one(message_id)

    def mark_one(self, message_id: str) -> RichLabel | None:
        """Mark matches in a message; returns the label with the current one."""
        card = self._cards.get(message_id)
        if card is None:
            return None
        in_message = self._current is not None and self._current[0] == message_id
        number = self._current[1] if self._current is not None and in_message else -1
        return card.mark(self._marks, number)

    def keep(self, shown: dict[str, MessageCard]) -> None:
        """Delete those that are not shown, but for those with selected text or an edit."""
        for message_id in self._cards.keys() - shown.keys():
            card = self._cards[message_id]
            if card.is_written_in:  # hidden, it would lose the focus
                card.move(card.x(), -card.height())
                continue
            self._hide(card)
            is_selected = any(label.hasSelectedText() for label in card.labels())
            if card.edit_field is None and not is_selected:
                self._delete(message_id)

    def drop_gone(self) -> None:
        """Delete those of messages that are gone."""
        for message_id in list(self._cards):
            if self._model.row_of(message_id) < 0:
                self._delete(message_id)

    def clear(self) -> None:
        for message_id in list(self._cards):
            self._delete(message_id)

    def _before(self, row: int) -> QWidget:
        """From what Tab goes to a row."""
        rows = ((self._model.row_of(one), card) for one, card in self._cards.items())
        above = [known for known in rows if known[0] < row]
        return max(above, key=lambda known: known[0])[1].tab_end if above else self._first

    def _delete(self, message_id: str) -> None:
        card = self._cards.pop(message_id)
        self._hide(card)
        card.deleteLater()

    def _hide(self, card: MessageCard) -> None:
        if card.has_focus:  # else it would go to a neighbor, which would be scrolled to
            self._view.setFocus()
        card.hide()

    def _on_fold_toggled(self, message_id: str, part: str, is_open: bool) -> None:
        """Remember what is unfolded, also of messages that have no widgets now."""
        change = self._unfolded.add if is_open else self._unfolded.discard
        change((message_id, part))
        self.fold_toggled.emit()
