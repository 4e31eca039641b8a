"""A message: its text, thinking, tool calls and actions."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QEvent, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QEnterEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from ..domain import Message, MessageRow
from ..services.plain import one_line
from .answer_state import AnswerState
from .column import Anchor
from .edit_field import EditField, Edits
from .marking import Marks
from .message_footer import Footer, Intents
from .message_text import MessageText
from .plain import Menu, NameLabel
from .rich_text import RichLabel
from .tab_order import TabPlace, follow, put_after
from .text_scale import grown
from .theme import GAP, GAP_L, GAP_S, Theme
from .thinking import Thinking
from .tool_calls import CallCard, ShownCall
from .widgets import error_label, hint_label

# The most tool calls shown of an answer.
MAX_CALLS = 100
# Pixels above and below the text of a question's bubble.
INSIDE = 8
# The least width of a question beside its buttons, in pixels at the default text size.
LEAST = 230


class MessageCard(QWidget):
    """Shows one row; `show_row` updates it.

    Emits `fold_toggled(part, is_open)` for its thinking and each of its tool calls, and
    `menu_wanted(menu)` before its menu is shown, so that others add to it.
    """

    fold_toggled = Signal(str, bool)
    menu_wanted = Signal(object)

    def __init__(
        self,
        row: MessageRow,
        theme: Theme,
        intents: Intents,
        edits: Edits,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._theme = theme
        self._intents = intents
        self._edits = edits
        self._edit: EditField | None = None
        self._message = row.message
        self._thinking: Thinking | None = None
        self._calls: list[CallCard] = []
        self._is_question = row.message.role == "user"
        layout = self._layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP, GAP_S, GAP, GAP_S)
        layout.setSpacing(2 if row.message.role != "user" else GAP_S)
        self._text = MessageText(theme, self, written=row.message.role != "assistant")
        self._text_end = TabPlace(self)
        self._calls_end: QWidget = self._text_end
        self._footer = Footer(row.message, intents, self)
        self._state = AnswerState(self)
        self._error = error_label("", self)
        if self._is_question:
            self._build_question()
        else:
            self._build_answer()
        self.tab_end: QWidget = self  # its last stop
        self.show_row(row)
        self.show_edit()

    def show_row(self, row: MessageRow) -> None:
        """Where what has the focus goes, the focus stays on the message."""
        focused = self.window().focusWidget() if self.has_focus else None
        self._show_row(row)
        if focused is not None and self.window().focusWidget() is not focused:
            self.take_focus()

    def _show_row(self, row: MessageRow) -> None:
        message = self._message = row.message
        is_running = message.status == "streaming"
        if self._is_question:
            self._files.setText("   ".join(f"▤ {one.name}" for one in message.attachments))
        else:
            self._head.setText(self._title(message))
            self._show_thinking(message)
            self._show_calls(row)
        self._text.show_text(message.content, growing=is_running)
        self._error.setText(message.error or "")
        self._error.setVisible(bool(message.error))
        self._footer.show_row(row)
        self._state.show_row(row)
        self._show_text_or_edit()
        self.setAccessibleName(one_line(f"{self._title(message)}: {message.content[:200]}"))

    def show_edit(self) -> None:
        """Show the field of an edit as it is now, or the text where there is none."""
        draft = self._edits.of(self._message.id)
        if draft is not None:
            self._edit = self._edit or self._edit_field()
            self._edit.show_draft(draft)
        elif self._edit is not None:
            self._edit.hide()
            self._edit.deleteLater()
            self._edit = None
        self._show_text_or_edit()

    def follow(self, before: QWidget) -> None:
        """Let Tab go to it after a widget, and through its parts as they are seen."""
        follow(before, self)
        before = self
        if self._thinking is not None:
            before = put_after(before, self._thinking)
        before = put_after(before, self._text)
        follow(before, self._text_end)
        before = self._calls_end = self._text_end
        if self._edit is not None:
            before = put_after(before, self._edit)
        for card in self._calls:
            before = self._calls_end = put_after(before, card)
        self.tab_end = put_after(before, self._footer)

    @property
    def edit_field(self) -> EditField | None:
        """The field of its edit, if it is being edited."""
        return self._edit

    @property
    def has_focus(self) -> bool:
        """Whether the focus is on it or in it."""
        focused = self.window().focusWidget()
        return focused is not None and (focused is self or self.isAncestorOf(focused))

    @property
    def focused_button(self) -> int:
        """The number of the button in its footer that has the focus, or -1."""
        return self._footer.focused()

    def take_focus(self, button: int = -1) -> None:
        """Take the focus, or give it to a button in the footer that can be pressed."""
        self.setFocus(Qt.FocusReason.TabFocusReason)  # which shows the footer
        self._footer.take_focus(button)

    @property
    def is_written_in(self) -> bool:
        """Whether the field of its edit has the focus."""
        return self._edit is not None and self._edit.text.hasFocus()

    def labels(self) -> list[RichLabel]:
        """The labels with text that can be selected, in the order in which it is read."""
        thinking = self._thinking.labels() if self._thinking is not None else []
        return [*thinking, *(self._text.labels() if self._edit is None else [])]

    def height_at(self, width: int) -> int:
        """The height it takes at a width."""
        if self._is_question:
            self._turn_row(width)
        if self._layout.hasHeightForWidth():
            return self._layout.totalHeightForWidth(width)
        return self._layout.totalSizeHint().height()

    def _turn_row(self, width: int) -> None:
        """Put the buttons below the question where they leave it too little room beside them."""
        has_room = width - self._footer.sizeHint().width() >= grown(LEAST)
        direction = QBoxLayout.Direction
        self._row.setDirection(direction.LeftToRight if has_room else direction.BottomToTop)

    def mark(self, marks: Marks | None, current: int) -> RichLabel | None:
        """Mark matches; returns the label with the match number `current`."""
        return self._text.mark(marks, current)[1]

    def texts(self) -> list[MessageText]:
        """Its texts that are visible."""
        thinking = self._thinking.texts() if self._thinking is not None else []
        return [*thinking, self._text] if self._body.isVisibleTo(self) else thinking

    def fill(self, top: int, bottom: int) -> bool:
        """Lay out its texts between two positions; True if any part was not laid out."""
        is_changed = False
        for text in self.texts():
            y = text.mapTo(self, QPoint(0, 0)).y()
            if text.fill(top - y, bottom - y):
                self._measure_again(text)
                is_changed = True
        return is_changed

    def step(self, end: float) -> bool:
        """Lay out more of its texts until `end`; False if nothing was left."""
        for text in self.texts():
            if text.step(end):
                self._measure_again(text)
                return True
        return False

    def anchor(self, y: int) -> tuple[MessageText, Anchor] | None:
        """What of its texts is at a position."""
        for text in self.texts():
            top = text.mapTo(self, QPoint(0, 0)).y()
            if top <= y < top + text.height():
                return text, text.anchor(y - top)
        return None

    def y_of(self, place: tuple[MessageText, Anchor]) -> int:
        text, anchor = place
        return text.mapTo(self, QPoint(0, 0)).y() + text.y_of(anchor)

    def arrange(self, geometry: QRect) -> None:
        """Take a place, and give its parts theirs at once."""
        self.setGeometry(geometry)
        self.show()
        self._layout.activate()

    def _measure_again(self, text: QWidget) -> None:
        """Let the layouts around a text ask for its height again."""
        widget: QWidget | None = text
        while widget is not None and widget is not self:
            widget.updateGeometry()
            widget = widget.parentWidget()
        self._layout.activate()  # it reaches the layouts within layouts

    def set_last(self, is_last: bool) -> None:
        """Show the buttons of the last message always, of others under pointer or focus."""
        self._footer.set_shown("last", is_last)

    def set_focused(self, is_focused: bool) -> None:
        """Whether the focus is on it or in it."""
        self._footer.set_shown("focus", is_focused)

    def open_part(self, part: str) -> None:
        """Unfold its thinking or a tool call."""
        if part == "thinking" and self._thinking is not None:
            self._thinking.open()
        for number, card in enumerate(self._calls):
            if part == f"call {number}":
                card.open()

    def enterEvent(self, event: QEnterEvent) -> None:
        self._footer.set_shown("pointer", True)
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._footer.set_shown("pointer", False)
        super().leaveEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.hasFocus():
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(self._theme.colours.accent), 1))
            painter.drawRoundedRect(self.rect().adjusted(1, 1, -2, -2), GAP, GAP)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = Menu(self)
        self.menu_wanted.emit(menu)
        self._footer.fill(menu)
        menu.exec(event.globalPos())

    def _build_question(self) -> None:
        self._files = hint_label("", self)
        self._files.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._body: QWidget = QFrame(self)
        self._body.setObjectName("bubble")
        inner = QVBoxLayout(self._body)
        inner.setContentsMargins(GAP_L, INSIDE, GAP_L, INSIDE)
        inner.addWidget(self._text)
        side = Qt.AlignmentFlag
        row = self._row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addStretch(1)
        row.addWidget(self._footer, 0, side.AlignRight | side.AlignBottom)
        row.addWidget(self._body, 0, side.AlignRight)
        self._layout.addWidget(self._files)
        self._layout.addLayout(row)
        self._layout.addWidget(self._error)
        self._state.hide()

    def _build_answer(self) -> None:
        self._body = self._text
        self._head = NameLabel("", self)
        self._head.setObjectName("muted")
        self._head.setMinimumWidth(1)
        self._state.setFixedHeight(self._footer.sizeHint().height())
        for widget in (self._head, self._text, self._error, self._state, self._footer):
            self._layout.addWidget(widget)

    def _edit_field(self) -> EditField:
        field = EditField(self._edits.send_with, self, is_question=self._is_question)
        intents, message_id = self._intents, self._message.id
        field.text_changed.connect(partial(intents.edit_changed.emit, message_id))
        field.entered.connect(partial(intents.edit_entered.emit, message_id))
        field.sent.connect(partial(intents.edit_sent.emit, message_id))
        field.cancelled.connect(partial(intents.edit_cancelled.emit, message_id))
        field.files_given.connect(partial(intents.files_given.emit, message_id))
        field.file_removed.connect(intents.file_removed)
        put_after(self._text_end, field)
        place = self._text if not self._is_question else self._error
        self._layout.insertWidget(self._layout.indexOf(place), field)
        return field

    def _show_text_or_edit(self) -> None:
        message, is_edited = self._message, self._edit is not None
        if self._is_question:
            self._files.setVisible(bool(message.attachments) and not is_edited)
        self._body.setVisible(bool(message.content) and not is_edited)
        is_running = message.status == "streaming"
        self._footer.setVisible(not is_running and not is_edited)
        said = message.content or message.tool_calls or message.error
        is_silent = not (self._is_question or said or is_edited)
        self._state.setVisible(is_running or is_silent)

    def _title(self, message: Message) -> str:
        if message.role == "user":
            return self.tr("You")
        if message.role == "tool":
            return self.tr("Tool result")
        return message.model or self.tr("Assistant")

    def _show_thinking(self, message: Message) -> None:
        if not message.reasoning:
            return
        if self._thinking is None:
            self._thinking = Thinking(self._theme, self)
            self._thinking.toggled.connect(
                lambda is_open: self.fold_toggled.emit("thinking", is_open)
            )
            put_after(self, self._thinking)
            self._layout.insertWidget(1, self._thinking)
        self._thinking.show_message(message)

    def _show_calls(self, row: MessageRow) -> None:
        calls = row.message.tool_calls[:MAX_CALLS]
        while len(self._calls) < len(calls):
            self._add_call(len(self._calls))
        results = {result.tool_call_id: result for result in row.results}
        running = row.progress.calls if row.progress is not None else {}
        since = row.message.created_at
        for card, call in zip(self._calls, calls, strict=False):
            result = results.get(call.id)
            seconds, progress = _seconds(since, result), running.get(call.id)
            card.show_call(ShownCall(call, result, seconds, progress))
            since = result.created_at if result is not None else since

    def _add_call(self, number: int) -> None:
        card = CallCard(self._theme, self)
        card.toggled.connect(lambda is_open: self.fold_toggled.emit(f"call {number}", is_open))
        card.replied.connect(self._intents.call_replied)
        self._calls_end = put_after(self._calls_end, card)
        self._calls.append(card)
        self._layout.insertWidget(self._layout.indexOf(self._error), card)


def _seconds(since: float, result: Message | None) -> float | None:
    """How long a result took; None if it is unknown, or was not told and cannot be seen."""
    if result is not None and (result.stats is not None or result.status != "done"):
        return result.stats.tool_s if result.stats is not None else None
    seconds = result.created_at - since if result is not None else 0.0
    return seconds if seconds > 0 else None
