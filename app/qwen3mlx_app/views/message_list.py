"""The conversation as a list with widgets only for visible messages."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from ..domain import Message, MessageRow
from ..models import ListModel
from ..services.timers import single_shot
from .message_card import MessageCard
from .message_footer import Intents
from .theme import COLUMN, GAP_L, Theme

# Pixels above and below the visible part that have widgets, too.
MARGIN = 400
# Milliseconds between layouts while an answer grows.
FRAME = 16


class MessageList(QAbstractScrollArea):
    """Keeps showing the end while it is visible, else keeps its position."""

    def __init__(
        self,
        model: ListModel[MessageRow],
        theme: Theme,
        intents: Intents,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.viewport().setObjectName("messages")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(self.tr("Conversation"))
        self._model = model
        self._theme = theme
        self._intents = intents
        self._cards: dict[str, MessageCard] = {}
        self._heights: dict[str, int] = {}
        self._measured_width = 0
        self._at_end = True
        self._laying_out = False
        self._timer = single_shot(self, FRAME, self.lay_out)
        self.verticalScrollBar().setSingleStep(40)
        model.modelReset.connect(self._reset)
        model.dataChanged.connect(self._changed)
        for signal in (model.rowsInserted, model.rowsRemoved, model.rowsMoved):
            signal.connect(self._rows_changed)
        intents.thinking_toggled.connect(self._forget_height)
        theme.changed.connect(self._look_anew)
        self._reset()

    def num_widgets(self) -> int:
        """The number of messages that have widgets."""
        return len(self._cards)

    def scroll_to_end(self) -> None:
        self._at_end = True
        self.lay_out()

    def lay_out(self) -> None:
        """Make and place the widgets of visible messages, and delete the others."""
        if self._laying_out:
            return
        self._laying_out = True
        try:
            self._timer.stop()
            self._place()
        finally:
            self._laying_out = False

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.lay_out()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        bar = self.verticalScrollBar()
        if not self._laying_out:
            self._at_end = bar.value() >= bar.maximum() - 2
            self.lay_out()

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._timer.start()
        return super().viewportEvent(event)

    def _place(self) -> None:
        width = min(COLUMN, self.viewport().width() - 2 * GAP_L)
        if width <= 0:
            return
        if width != self._measured_width:
            self._measured_width = width
            self._heights.clear()
        rows = self._model.values()
        bar, page = self.verticalScrollBar(), self.viewport().height()
        heights = [self._height(row.message, width) for row in rows]
        anchor, offset = self._anchor(rows, heights, bar.value())
        for _ in range(3):  # measuring may bring more rows into view
            top = self._top(heights, anchor, offset, page)
            first, last = _seen(heights, top - MARGIN, top + page + MARGIN)
            if not self._measure(rows, heights, first, last, width):
                break
        top = self._top(heights, anchor, offset, page)
        bar.setPageStep(page)
        bar.setRange(0, max(0, sum(heights) - page))
        bar.setValue(top)
        self._show(rows, heights, first, last, width, top)

    def _anchor(self, rows: list[MessageRow], heights: list[int], top: int) -> tuple[int, int]:
        """The first visible row, and how much of it is above the top."""
        y = 0
        for place, height in enumerate(heights):
            if y + height > top:
                return place, top - y
            y += height
        return max(0, len(rows) - 1), 0

    def _top(self, heights: list[int], anchor: int, offset: int, page: int) -> int:
        end = max(0, sum(heights) - page)
        return end if self._at_end else min(end, sum(heights[:anchor]) + offset)

    def _measure(
        self, rows: list[MessageRow], heights: list[int], first: int, last: int, width: int
    ) -> bool:
        """Measure rows; True if a height differs from the estimate."""
        changed = False
        for place in range(first, last):
            card = self._card(rows[place])
            layout = card.layout()
            assert layout is not None
            height = max(layout.totalHeightForWidth(width), 20)
            if height != heights[place]:
                heights[place] = height
                changed = True
            self._heights[rows[place].message.id] = height
        return changed

    def _show(
        self,
        rows: list[MessageRow],
        heights: list[int],
        first: int,
        last: int,
        width: int,
        top: int,
    ) -> None:
        left = (self.viewport().width() - width) // 2
        y = sum(heights[:first]) - top
        seen = set()
        for place in range(first, last):
            card = self._card(rows[place])
            card.set_last(place == len(rows) - 1)
            card.setGeometry(left, y, width, heights[place])
            card.show()
            y += heights[place]
            seen.add(rows[place].message.id)
        for message_id in [known for known in self._cards if known not in seen]:
            card = self._cards.pop(message_id)
            card.hide()
            card.deleteLater()

    def _card(self, row: MessageRow) -> MessageCard:
        card = self._cards.get(row.message.id)
        if card is None:
            card = MessageCard(row, self._theme, self._intents, self.viewport())
            self._cards[row.message.id] = card
        return card

    def _height(self, message: Message, width: int) -> int:
        known = self._heights.get(message.id)
        if known is not None:
            return known
        size = self._theme.font_size
        lines = len(message.content) * size * 0.5 / width + message.content.count("\n") * 0.6
        return int(60 + lines * size * 1.5)

    def _reset(self) -> None:
        self._at_end = True
        self._look_anew()

    def _look_anew(self) -> None:
        """Rebuild all cards, for other messages or another theme."""
        for card in self._cards.values():
            card.hide()
            card.deleteLater()
        self._cards.clear()
        self._heights.clear()
        self.lay_out()

    def _rows_changed(self) -> None:
        known = {row.message.id for row in self._model.values()}
        for message_id in [mine for mine in self._cards if mine not in known]:
            card = self._cards.pop(message_id)
            card.hide()
            card.deleteLater()
        self._timer.start()

    def _changed(self, first: QModelIndex, last: QModelIndex) -> None:
        for place in range(first.row(), last.row() + 1):
            row = self._model.value(place)
            self._heights.pop(row.message.id, None)
            card = self._cards.get(row.message.id)
            if card is not None:
                card.show_row(row)
        if not self._timer.isActive():
            self._timer.start()

    def _forget_height(self, message_id: str) -> None:
        self._heights.pop(message_id, None)
        self._timer.start()


def _seen(heights: list[int], top: int, bottom: int) -> tuple[int, int]:
    """The range of rows between two positions."""
    first, last, y = len(heights), len(heights), 0
    for place, height in enumerate(heights):
        if y + height > top and first == len(heights):
            first = place
        if y >= bottom:
            last = place
            break
        y += height
    return first, last
