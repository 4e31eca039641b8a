"""Keeps the focus among the messages, where the one that has it goes."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from ..domain import MessageRow
from ..models import ListModel
from .message_card import MessageCard
from .message_cards import MessageCards


class KeptFocus(QObject):
    """Of a view of messages, which takes the focus of a card that goes.

    `emptied`: the last message went, and it had the focus.
    """

    emptied = Signal()

    def __init__(self, model: ListModel[MessageRow], cards: MessageCards, view: QWidget) -> None:
        super().__init__(view)
        self._model = model
        self._cards = cards
        self._view = view
        self._lost: tuple[int, int] | None = None  # the row and the button that had it
        model.rowsAboutToBeRemoved.connect(self._remember)

    def keep_all(self) -> None:
        """All cards are about to go, and to be made anew."""
        self._remember(None, 0, self._model.rowCount() - 1)

    def give_back(self, reach: Callable[[str], MessageCard | None]) -> None:
        """Give it to what took the place of the message that had it, else to the last message.

        `reach(message id)` shows a message and returns its card.
        """
        lost, self._lost = self._lost, None
        if lost is None or self._view.window().focusWidget() is not self._view:
            return
        row, num_rows = lost[0], self._model.rowCount()
        if num_rows == 0:
            self.emptied.emit()
            return
        card = reach(self._model.value(min(row, num_rows - 1)).message.id)
        if card is not None:
            card.take_focus(lost[1] if row < num_rows else -1)

    def _remember(self, parent: object, first: int, last: int) -> None:
        for row in range(first, last + 1):
            card = self._cards.find(self._model.value(row).message.id)
            if card is not None and card.has_focus:
                self._lost = row, card.focused_button
