"""Find in the messages on screen: all matches, and the one that is looked at."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from PySide6.QtCore import QModelIndex, QObject, Signal, SignalInstance

from ..domain import Message, MessageRow
from ..models import ListModel
from ..services.finding import on_screen, phrase_pattern, word_pattern
from ..services.sliced_work import SlicedWork
from ..services.sums import Sums
from ..services.timers import single_shot

# Milliseconds after a change of the conversation until it is searched again.
PAUSE = 200
# Seconds of searching between other events.
SLICE = 0.008


class Find(QObject):
    """`count` matches of `pattern`; `number`, from 1, is looked at: 0 if there is none.

    `current` is its message's id and its place among the matches of that message. `changed` tells
    of all of them, `moved` when another match is to be shown.
    """

    changed = Signal()
    moved = Signal()

    def __init__(self, messages: ListModel[MessageRow], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.pattern: re.Pattern[str] | None = None
        self.current: tuple[str, int] | None = None
        self.count = self.number = 0
        self._messages = messages
        self._counts = Sums()  # of each message
        self._changed: set[str] = set()  # the messages to be searched
        self._wanted: str | None = None
        self._moves = False
        self._work = SlicedWork(SLICE, self)
        self._again = single_shot(self, PAUSE, self._start)
        self._follow()

    def look_in(self, messages: ListModel[MessageRow]) -> None:
        """From now on, look in these messages."""
        for signal, slot in self._signals():
            signal.disconnect(slot)
        self._messages = messages
        self._follow()
        self._start_over()

    def look_for(self, question: str, *, words: bool = False, message_id: str = "") -> None:
        """Look for the question as it is, or for its `words`, and show a match.

        That of `message_id`, else the one looked at so far, else the last.
        """
        self.pattern = word_pattern(question) if words else phrase_pattern(question)
        self._wanted = message_id or (self.current[0] if self.current else None)
        self.current = None
        self._moves = True
        self._forget()
        self._start()

    def step(self, by: int) -> None:
        """Go `by` matches on, around the end."""
        if self.count:
            self._show((self.number - 1 + by) % self.count)
            self.changed.emit()
            self.moved.emit()

    def stop(self) -> None:
        self._again.stop()
        self._work.stop()
        self.pattern = self.current = None
        self.count = self.number = 0
        self.changed.emit()

    def _signals(self) -> list[tuple[SignalInstance, Callable[..., None]]]:
        messages = self._messages
        return [
            (messages.rowsInserted, self._on_inserted),
            (messages.rowsRemoved, self._on_removed),
            (messages.rowsMoved, self._start_over),
            (messages.modelReset, self._start_over),
            (messages.dataChanged, self._on_changed),
        ]

    def _follow(self) -> None:
        for signal, slot in self._signals():
            signal.connect(slot)

    def _start_over(self) -> None:
        """All messages may be others, or in other places."""
        if self.pattern is not None:
            self.count = self.number = 0
            self._forget()
            self._look_at(())

    def _forget(self) -> None:
        self._changed = {row.message.id for row in self._messages.values()}
        self._counts.replace(0, [0] * len(self._changed))

    def _on_inserted(self, _: QModelIndex, first: int, last: int) -> None:
        if self.pattern is not None:
            self._counts.insert(first, [0] * (last - first + 1))
            self._look_at(self._ids(first, last))

    def _on_removed(self, _: QModelIndex, first: int, last: int) -> None:
        if self.pattern is not None:
            self._counts.take(first, last - first + 1)
            self._look_at(())

    def _on_changed(self, first: QModelIndex, last: QModelIndex) -> None:
        if self.pattern is not None:
            self._look_at(self._ids(first.row(), last.row()))

    def _ids(self, first: int, last: int) -> list[str]:
        return [self._messages.value(row).message.id for row in range(first, last + 1)]

    def _look_at(self, message_ids: Iterable[str]) -> None:
        """Search these messages after a pause."""
        self._changed.update(message_ids)
        if not self._again.isActive():
            self._again.start()

    def _start(self) -> None:
        self._again.stop()
        self._work.start(self._search())

    def _search(self) -> Iterator[None]:
        while self._changed:
            row = self._messages.row_of(self._changed.pop())
            if row >= 0:
                self._counts[row] = self._count(self._messages.value(row).message)
            yield
        self.count = self._counts.total
        self._show(self._place())
        moves, self._moves = self._moves, False
        self.changed.emit()
        if moves and self.current is not None:
            self.moved.emit()

    def _count(self, message: Message) -> int:
        text = message.content if message.role == "user" else on_screen(message.content)
        return sum(1 for _ in self.pattern.finditer(text)) if self.pattern else 0

    def _place(self) -> int:
        """The number, from 0, of the match to look at."""
        wanted, within = self.current or (self._wanted, 0)
        row = self._messages.row_of(wanted)
        if row >= 0 and self._counts[row]:
            return self._counts.before(row) + min(within, self._counts[row] - 1)
        return self.count - 1

    def _show(self, place: int) -> None:
        """Look at the match with this number, from 0."""
        self.number, self.current = 0, None
        if 0 <= place < self._counts.total:
            row = self._counts.find(place)
            message = self._messages.value(row).message
            self.number = place + 1
            self.current = (message.id, place - self._counts.before(row))
