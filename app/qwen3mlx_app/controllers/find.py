"""Find in the conversation on screen: all matches, and the one that is looked at."""

from __future__ import annotations

import re
from collections.abc import Iterator

from PySide6.QtCore import QObject, Signal

from ..domain import Message, MessageRow
from ..models import ListModel
from ..services.finding import on_screen, phrase_pattern, word_pattern
from ..services.sliced_work import SlicedWork
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
        self._known: dict[str, tuple[str, int]] = {}
        self._wanted: str | None = None
        self._moves = False
        self._work = SlicedWork(SLICE, self)
        self._again = single_shot(self, PAUSE, self._start)
        for signal in (messages.rowsInserted, messages.rowsRemoved, messages.dataChanged):
            signal.connect(self._look_again)
        messages.modelReset.connect(self.stop)

    def look_for(self, question: str, *, words: bool = False, message_id: str = "") -> None:
        """Look for the question as it is, or for its `words`, and show a match.

        That of `message_id`, else the one looked at so far, else the last.
        """
        self.pattern = word_pattern(question) if words else phrase_pattern(question)
        self._known.clear()
        self._wanted = message_id or (self.current[0] if self.current else None)
        self.current = None
        self._moves = True
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

    def _look_again(self) -> None:
        if self.pattern is not None and not self._again.isActive():
            self._again.start()

    def _start(self) -> None:
        self._work.start(self._search())

    def _search(self) -> Iterator[None]:
        for row in self._messages.values():
            self._count(row.message)
            yield
        counts = self._counts()
        self.count = sum(count for _, count in counts)
        self._show(self._place(counts))
        moves, self._moves = self._moves, False
        self.changed.emit()
        if moves and self.current is not None:
            self.moved.emit()

    def _count(self, message: Message) -> None:
        known = self._known.get(message.id)
        if known is not None and known[0] is message.content:
            return
        is_written = message.role == "user"
        text = message.content if is_written else on_screen(message.content)
        count = sum(1 for _ in self.pattern.finditer(text)) if self.pattern else 0
        self._known[message.id] = (message.content, count)

    def _counts(self) -> list[tuple[str, int]]:
        ids = [row.message.id for row in self._messages.values()]
        return [(message_id, self._known.get(message_id, ("", 0))[1]) for message_id in ids]

    def _place(self, counts: list[tuple[str, int]]) -> int:
        """The number, from 0, of the match to look at."""
        wanted, within = self.current or (self._wanted, 0)
        before = 0
        for message_id, count in counts:
            if message_id == wanted and count:
                return before + min(within, count - 1)
            before += count
        return self.count - 1

    def _show(self, place: int) -> None:
        """Look at the match with this number, from 0."""
        self.number, self.current = 0, None
        for message_id, count in self._counts():
            if 0 <= place < count:
                self.current = (message_id, place)
                self.number = 1 + place + self._before(message_id)
                return
            place -= count

    def _before(self, message_id: str) -> int:
        before = 0
        for known, count in self._counts():
            if known == message_id:
                break
            before += count
        return before
