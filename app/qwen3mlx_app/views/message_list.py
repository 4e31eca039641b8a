"""The conversation as a list with widgets only for visible messages."""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent, QModelIndex, QPoint, QRect, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QWidget

from ..domain import MessageRow
from ..models import ListModel
from ..services.timers import single_shot
from .edit_field import Edits
from .icons import icon
from .kept_focus import KeptFocus
from .marking import Marks
from .message_card import MessageCard
from .message_cards import MessageCards
from .message_footer import Intents
from .plain import Menu
from .rich_text import RichLabel
from .row_heights import RowHeights
from .scrolling import reserve_bar, reveal
from .seen import RowAnchor
from .selecting import Selection
from .theme import COLUMN, GAP, GAP_L, Theme
from .widgets import tool_button

# Pixels above and below the visible part that have widgets, too.
MARGIN = 400
# Milliseconds between layouts while an answer grows.
FRAME = 16
# Seconds of laying out what is not seen, between other events; attempts until what is seen fits.
SLICE, ROUNDS = 0.006, 8
# Heights of messages that were not seen are estimates; each step to one knows more of them.
STEPS_TO_REACH = 6
_Keys = QKeySequence.StandardKey
_STEPS = {Qt.Key.Key_Up.value: -1, Qt.Key.Key_Down.value: 1}
_VERSIONS = {Qt.Key.Key_Left.value: -1, Qt.Key.Key_Right.value: 1}


class MessageList(QAbstractScrollArea):
    """Keeps showing the end while it is visible, else keeps its position.

    `emptied`: the last message went, and it had the focus.
    """

    emptied = Signal()

    def __init__(
        self,
        model: ListModel[MessageRow],
        theme: Theme,
        intents: Intents,
        edits: Edits,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # Tab goes to the messages
        self.viewport().setObjectName("messages")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        reserve_bar(self)
        self.setAccessibleName(self.tr("Conversation"))
        self._model = model
        self._intents = intents
        intents.edit_changed.connect(self.show_edit)
        self._cards = MessageCards(model, theme, intents, edits, self.viewport())
        self._cards.fold_toggled.connect(self.lay_out)
        self._cards.menu_wanted.connect(self._fill_menu)
        self._focus = KeptFocus(model, self._cards, self)
        self._focus.emptied.connect(self.emptied)
        self._shown: dict[str, MessageCard] = {}  # of the cards, those that are seen
        self._heights = RowHeights(model, theme, self)
        self._heights.changed.connect(self.lay_out)
        self._at_end = True
        self._current: str | None = None  # the message with the match that is looked at
        self._first = ("", 0)  # the message at the top, and where it began
        self._laying_out = False
        self._timer = single_shot(self, FRAME, self.lay_out)
        self._next = single_shot(self, 0, self._step_on)
        self._selection = Selection(self._cards.labels, self)
        self._to_end = tool_button(
            self, "down", self.tr("Scroll to End"), self.scroll_to_end, kind="float"
        )
        self._to_end.hide()
        self.verticalScrollBar().setSingleStep(40)
        model.modelReset.connect(self._reset)
        model.dataChanged.connect(self._changed)
        for signal in (model.rowsInserted, model.rowsRemoved, model.rowsMoved):
            signal.connect(self._rows_changed)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._on_focus_changed)
        theme.changed.connect(self._restyle)
        self._reset()

    def num_widgets(self) -> int:
        """The number of messages that have widgets."""
        return len(self._cards)

    def scroll_to_end(self) -> None:
        self._at_end = True
        self.lay_out()

    def mark(self, marks: Marks | None, current: tuple[str, int] | None) -> None:
        """Mark matches in all messages; `current` is a message's id and a match's number in it."""
        self._cards.mark(marks, current)
        self._current = current[0] if current is not None else None

    def show_current(self) -> None:
        """Scroll to the current match, if it is in one of these messages."""
        current = self._current
        if current is None or self._model.row_of(current) < 0:
            return
        self.lay_out()
        for _ in range(3):  # the heights of messages far away are estimates
            self._scroll_to(current)
        bar = self.verticalScrollBar()
        self._at_end = bar.value() >= bar.maximum()
        self.lay_out()

    def edit_last_question(self) -> None:
        rows = reversed(self._model.values())
        question = next((row.message for row in rows if row.message.role == "user"), None)
        if question is not None:
            self._intents.edit.emit(question.id)

    @property
    def edited(self) -> str | None:
        """The message whose edit has the focus."""
        known = self._shown.items()
        return next((one for one, card in known if card.is_written_in), None)

    def show_edits(self) -> None:
        """Show which messages are being edited now."""
        for card in self._cards.values():
            card.show_edit()
        self.lay_out()

    def show_edit(self, message_id: str) -> None:
        """Show the whole field of a message's edit, and let the person write."""
        self.lay_out()
        card = self._reach(message_id)
        if card is not None and card.edit_field is not None:
            card.edit_field.text.setFocus()
            reveal(self, card.edit_field)

    def _reach(self, message_id: str) -> MessageCard | None:
        """Scroll to a message, if it is one of these and not seen."""
        row, page = self._model.row_of(message_id), self.viewport().height()
        for _ in range(STEPS_TO_REACH if row >= 0 else 0):
            if message_id in self._shown:
                break
            self._at_end = False
            self.verticalScrollBar().setValue(self._heights.top(row) - page // 3)
            self.lay_out()
        return self._shown.get(message_id)

    def lay_out(self) -> None:
        """Make and place the widgets of visible messages, and delete the others.

        Of long messages, what is seen is laid out at once, the rest in steps between other events.
        """
        if self.isVisible() and not self._laying_out:
            self._timer.stop()
            self._lay_out()
            self._focus.give_back(self._reach)

    def _lay_out(self, *, steps: bool = False) -> None:
        self._laying_out = True
        try:
            self._place(steps=steps)
        finally:
            self._laying_out = False
        texts = (text for card in self._cards.values() for text in card.texts())
        if not all(text.is_whole() for text in texts):
            self._next.start()

    def _step_on(self) -> None:
        """Lay out some of what is not seen yet; what is seen stays where it is."""
        self._lay_out(steps=True)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.lay_out()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.lay_out()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        bar = self.verticalScrollBar()
        if not self._laying_out:
            self._at_end = bar.value() >= bar.maximum()  # a pixel up is enough to leave it
            self.lay_out()

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._timer.start()
        return super().viewportEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            label = self.viewport().childAt(event.position().toPoint())
            self._selection.begin(label if isinstance(label, RichLabel) else None)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._selection.drag(event.globalPosition().toPoint())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._selection.end_drag()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(_Keys.Copy):
            self._selection.copy()
        elif event.matches(_Keys.SelectAll):
            self._select_message()
        elif event.key() == Qt.Key.Key_Home or event.matches(_Keys.MoveToStartOfDocument):
            self.verticalScrollBar().setValue(0)
        elif event.key() == Qt.Key.Key_End or event.matches(_Keys.MoveToEndOfDocument):
            self.scroll_to_end()
        elif event.key() in _STEPS:
            self._step(_STEPS[event.key()])
        elif event.key() in _VERSIONS:
            for message_id, card in self._shown.items():
                if card.hasFocus():
                    self._intents.step_version.emit(message_id, _VERSIONS[event.key()])
                    break
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Beside a message, its menu."""
        for card in self._shown.values():
            if card.y() <= event.pos().y() < card.y() + card.height():
                card.contextMenuEvent(event)
                return

    def _fill_menu(self, menu: Menu) -> None:
        if self._selection.selected():
            menu.add(self.tr("Copy"), self._selection.copy, icon("copy"))
            menu.addSeparator()

    def _place(self, *, steps: bool = False) -> None:
        width = min(COLUMN, self.viewport().width() - 2 * GAP_L)
        if width <= 0:
            return
        self._heights.fit(width)
        bar, page = self.verticalScrollBar(), self.viewport().height()
        anchor = self._anchor(bar.value() + self._shift())
        if steps:
            self._step_cards()
        for _ in range(ROUNDS):  # what is laid out may bring more into view
            top = self._top(anchor, page)
            seen = self._heights.between(top - MARGIN, top + page + MARGIN)
            is_changed = self._measure(seen, width)
            top = self._top(anchor, page)
            shown = self._arrange(seen, width, top)
            if not (self._fill(shown, page) or is_changed):
                break
        bar.setPageStep(page)
        bar.setRange(0, max(0, self._heights.total - page))
        bar.setValue(top)
        if (row := self._heights.at(top)) >= 0:
            self._first = (self._model.value(row).message.id, self._heights.top(row))
        self._shown = shown
        self._cards.keep(shown)
        self._show_button()

    def _shift(self) -> int:
        """How far what was at the top was moved by rows above it that came, went or changed."""
        message_id, before = self._first
        row = self._model.row_of(message_id)
        return self._heights.top(row) - before if row >= 0 else 0

    def _anchor(self, top: int) -> RowAnchor:
        """What is at the top."""
        row = self._heights.at(top)
        if row < 0:
            return RowAnchor(0, 0)
        offset = top - self._heights.top(row)
        card = self._cards.find(self._model.value(row).message.id)
        return RowAnchor(row, offset, card, card.anchor(offset) if card else None)

    def _top(self, anchor: RowAnchor, page: int) -> int:
        end = max(0, self._heights.total - page)
        return end if self._at_end else min(end, self._heights.top(anchor.row) + anchor.y())

    def _step_cards(self) -> None:
        end = time.perf_counter() + SLICE
        for card in self._cards.values():
            if card.step(end):
                return

    def _fill(self, cards: dict[str, MessageCard], page: int) -> bool:
        """Lay out what is seen of cards; True if any of it was not laid out."""
        is_changed = False
        for card in cards.values():
            if card.fill(-card.y() - MARGIN, page + MARGIN - card.y()):
                is_changed = True
        return is_changed

    def _measure(self, seen: range, width: int) -> bool:
        """Measure rows; True if a height differs from the estimate."""
        is_changed = False
        for row in seen:
            height = self._cards.of(self._model.value(row)).height_at(width + 2 * GAP)
            is_changed = self._heights.measure(row, height) or is_changed
        return is_changed

    def _arrange(self, seen: range, width: int, top: int) -> dict[str, MessageCard]:
        """Put cards where they belong."""
        left = (self.viewport().width() - width) // 2
        y = self._heights.top(seen.start) - top
        shown = {}
        for row in seen:
            message_row = self._model.value(row)
            card = shown[message_row.message.id] = self._cards.of(message_row)
            card.set_last(row == len(self._heights) - 1)
            card.arrange(QRect(left - GAP, y, width + 2 * GAP, self._heights[row]))
            y += self._heights[row]
        return shown

    def _show_button(self) -> None:
        self._to_end.setVisible(not self._at_end)
        side = self._to_end.sizeHint().width()
        x, bottom = (self.viewport().width() - side) // 2, self.viewport().height() - GAP
        self._to_end.setGeometry(QRect(x, bottom - side, side, side))

    def _scroll_to(self, message_id: str) -> None:
        bar, y = self.verticalScrollBar(), self._heights.top(self._model.row_of(message_id))
        card, label = self._cards.find(message_id), self._cards.mark_one(message_id)
        if card is not None and label is not None:
            y += label.mapTo(card, QPoint(0, label.current_y())).y()
        self._at_end = False
        top = y - self.viewport().height() // 3
        if card is None or not 0 <= y - bar.value() < self.viewport().height():
            bar.setValue(top)
            self.lay_out()

    def _reset(self) -> None:
        self._at_end = True
        self._look_anew()

    def _restyle(self) -> None:
        self._focus.keep_all()
        self._look_anew()

    def _look_anew(self) -> None:
        """Rebuild all cards, for other messages or another theme."""
        edited = self.edited
        self._shown = {}
        self._cards.clear()
        self.lay_out()
        if edited is not None:
            self.show_edit(edited)

    def _rows_changed(self) -> None:
        known = self._shown.items()
        self._shown = {one: card for one, card in known if self._model.row_of(one) >= 0}
        self._cards.drop_gone()
        self._timer.start()

    def _changed(self, first: QModelIndex, last: QModelIndex) -> None:
        for place in range(first.row(), last.row() + 1):
            row = self._model.value(place)
            card = self._cards.find(row.message.id)
            if card is not None:
                card.show_row(row)
        if not self._timer.isActive():
            self._timer.start()

    def _on_focus_changed(self, before: QWidget | None, now: QWidget | None) -> None:
        for card in self._cards.values():
            card.set_focused(now is not None and (card is now or card.isAncestorOf(now)))
        if now is not None and self.viewport().isAncestorOf(now):
            reveal(self, now)
        elif now is not None and now is not self and now.window() is self.window():
            self._selection.begin(None)  # Qt takes it from the label that had the focus

    def _select_message(self) -> None:
        """Select the text of the message that has the focus."""
        for card in self._shown.values():
            if card.has_focus:
                self._selection.select_all(card.labels())

    def _step(self, step: int) -> None:
        """Move the focus from a message to the one before or after it."""
        cards = list(self._shown.values())
        focused = [number for number, card in enumerate(cards) if card.hasFocus()]
        if focused and 0 <= focused[0] + step < len(cards):
            cards[focused[0] + step].setFocus(Qt.FocusReason.TabFocusReason)
