"""Two answers to one question, side by side; where there is no room, one under each tab."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from ..controllers.comparison import Comparison
from ..domain import MessageRow
from ..models import ListModel
from ..services.plain import one_line
from .edit_field import NO_EDITS
from .marking import Marks
from .message_footer import Intents
from .message_list import MessageList
from .plain import Button, TabBar
from .theme import GAP, GAP_L, Theme

# The narrowest column in pixels.
LEAST = 270


class CompareView(QWidget):
    """Emits `picked(message id)` for the answer to go on with."""

    picked = Signal(str)

    def __init__(
        self, comparison: Comparison, theme: Theme, intents: Intents, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._comparison = comparison
        self._current: str | None = None  # the message with the match that is looked at
        self._tabs = TabBar(self)
        self._tabs.currentChanged.connect(self._arrange)
        self._columns = [_Column(one, theme, intents, self) for one in comparison.columns]
        self._rule = QFrame(self)
        self._rule.setObjectName("rule")
        self._rule.setFixedWidth(1)
        row = QHBoxLayout()
        row.setSpacing(0)
        for place, column in enumerate(self._columns):
            self._tabs.add()
            column.picked.connect(partial(self._pick, place))
            row.addWidget(column, 1)
        row.insertWidget(1, self._rule)
        above = QHBoxLayout()
        above.setContentsMargins(GAP_L, 0, GAP_L, 0)
        above.addWidget(self._tabs, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addLayout(above)
        layout.addLayout(row, 1)
        comparison.changed.connect(self._show)
        self._show()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """What scrolls, scrolls both columns."""
        for column in self._columns:
            column.messages.keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def scroll_to_end(self) -> None:
        for column in self._columns:
            column.messages.scroll_to_end()

    def mark(self, marks: Marks | None, current: tuple[str, int] | None) -> None:
        """Mark matches in both columns; `current` is a message's id and a match's number in it."""
        self._current = current[0] if current is not None else None
        for column in self._columns:
            column.messages.mark(marks, current)

    def show_current(self) -> None:
        """Scroll to the current match, in the column that has it."""
        for place, answer in enumerate(self._comparison.answers):
            if answer.id == self._current:
                self._tabs.setCurrentIndex(place)
        for column in self._columns:
            column.messages.show_current()

    def _show(self) -> None:
        for place, answer in enumerate(self._comparison.answers):
            name = one_line((answer.model or "").rpartition("/")[2])
            self._tabs.name_tab(place, name)
            self._columns[place].show_name(name)

    def _arrange(self, *_: object) -> None:
        has_room = self.width() >= 2 * LEAST
        self._tabs.setVisible(not has_room)
        self._rule.setVisible(has_room)
        for place, column in enumerate(self._columns):
            column.setVisible(has_room or place == self._tabs.currentIndex())

    def _pick(self, place: int) -> None:
        answers = self._comparison.answers
        if answers:
            self.picked.emit(answers[place].id)


class _Column(QWidget):
    """The question, an answer, and the button that goes on with it."""

    picked = Signal()

    def __init__(
        self, rows: ListModel[MessageRow], theme: Theme, intents: Intents, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.messages = MessageList(rows, theme, intents, NO_EDITS, self)
        self._pick = Button("", self)
        self._pick.clicked.connect(self.picked)
        below = QHBoxLayout()
        below.setContentsMargins(GAP_L, GAP, GAP_L, 0)
        below.addStretch(1)
        below.addWidget(self._pick, 100)
        below.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.messages, 1)
        layout.addLayout(below)

    def show_name(self, name: str) -> None:
        text = self.tr("Continue With {name}").format(name=name)
        self._pick.setText(text)
        self._pick.setAccessibleName(one_line(text))
