"""Find in the conversation: a field, the number of matches, next and previous."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from ..controllers.find import Find
from ..domain import MessageRow
from ..models import ListModel
from .marking import Marks
from .search_field import SearchField
from .text_scale import grown
from .theme import GAP, GAP_S, Theme
from .widgets import muted, tool_button

# The most pixels it takes, and those of the button at its right, at the default text size.
WIDTH, BUTTON = 380, 48


class Searched(Protocol):
    """What shows the messages that are looked in."""

    def mark(self, marks: Marks | None, current: tuple[str, int] | None) -> None:
        """Mark all matches; `current` is a message's id and a match's number in it."""

    def show_current(self) -> None:
        """Scroll to the current match."""


class FindBar(QFrame):
    """Lies over the page's head, above `below`. Emits `left` when the person is done with it."""

    left = Signal()

    def __init__(
        self, finder: Find, messages: Searched, theme: Theme, below: QWidget, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.finder = finder
        self._messages = messages
        self._below = below
        self._over = parent
        self._theme = theme
        self.setObjectName("sheet")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(GAP, GAP_S, GAP_S, GAP_S)
        layout.setSpacing(2)
        text = self.tr("Find in conversation")
        self.field = SearchField(text, text, self)
        self.field.textEdited.connect(finder.look_for)
        self.field.installEventFilter(self)
        self._count = muted("", self)
        layout.addWidget(self.field, 1)
        layout.addSpacing(GAP_S)
        layout.addWidget(self._count)
        self._steps = [
            tool_button(self, "up", self.tr("Previous match"), self.previous, kind="action"),
            tool_button(self, "down", self.tr("Next match"), self.next, kind="action"),
        ]
        for button in (
            *self._steps,
            tool_button(self, "close", self.tr("Close"), self.close_bar, kind="action"),
        ):
            layout.addWidget(button)
        finder.changed.connect(self._show)
        finder.moved.connect(self._show_current)
        theme.changed.connect(self._show)
        below.installEventFilter(self)
        self.hide()

    def look_in(self, rows: ListModel[MessageRow], messages: Searched) -> None:
        """From now on, look in these rows, which `messages` shows."""
        if messages is not self._messages:
            self._messages.mark(None, None)
            self._messages = messages
            self.finder.look_in(rows)

    def open(self, question: str | None = None, *, message_id: str = "") -> None:
        """Let the person type, or look for the words of a `question`, first in a message."""
        if question is not None:
            with QSignalBlocker(self.field):
                self.field.setText(question)
            self.finder.look_for(question, words=True, message_id=message_id)
        elif not self.isVisible():
            self.finder.look_for(self.field.text())
        self.show()
        self._place()
        self.raise_()
        self.field.setFocus()
        self.field.selectAll()

    def next(self) -> None:
        self._step(1)

    def previous(self) -> None:
        self._step(-1)

    def close_bar(self) -> None:
        self.dismiss()
        self.left.emit()

    def dismiss(self) -> None:
        """Go away, since another conversation is opened."""
        self.hide()
        self.finder.stop()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._below:
            if event.type() in (QEvent.Type.Resize, QEvent.Type.Show):
                self._place()
        elif event.type() == QEvent.Type.KeyPress:
            assert isinstance(event, QKeyEvent)
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                back = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
                self._step(-1 if back else 1)
                return True
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_bar()
        else:
            super().keyPressEvent(event)

    def _step(self, by: int) -> None:
        if not self.isVisible():
            self.open()
        self.finder.step(by)

    def _show(self) -> None:
        find, colours = self.finder, self._theme.colours
        marks = Marks(find.pattern, colours.mark, colours.found) if find.pattern else None
        self._messages.mark(marks, find.current)
        if find.pattern is None:
            text = ""
        elif find.count:
            text = self.tr("{number} of {count}").format(
                number=f"{find.number:,}", count=f"{find.count:,}"
            )
        else:
            text = self.tr("No matches")
        self._count.setText(text)
        for button in self._steps:
            button.setEnabled(find.count > 0)

    def _show_current(self) -> None:
        self._messages.show_current()

    def _place(self) -> None:
        corner = self._below.mapTo(self._over, self._below.rect().topRight())
        right = corner.x() - grown(BUTTON)
        width, height = min(grown(WIDTH), right - GAP_S), self.sizeHint().height()
        self.setGeometry(right - width, max(0, corner.y() - height), width, height)
