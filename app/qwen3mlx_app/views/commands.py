"""What the menus and the palette do with the open conversation and the window."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication

from ..domain import Conversation
from ..models.sections import Line
from ..services.history import History

if TYPE_CHECKING:
    from .main_window import MainWindow


class Commands(QObject):
    """A place in the history is a page, and on the chat page the conversation."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window.menus)
        self._window = window
        self._chat = window.program.chat
        self._history: History[tuple[str, str | None]] = History()
        self._is_going = False
        self._chat.opened.connect(self._visit)
        window.page_shown.connect(self._visit)

    @property
    def conversation(self) -> Conversation | None:
        """The open conversation, if it is in the list."""
        shown = self._chat.conversation
        if shown is None:
            return None
        return self._window.program.conversations.conversations.find(shown.id)

    # The open conversation

    def regenerate(self) -> None:
        """Answer the last question again."""
        answer = self._chat.last_answer
        if answer is not None:
            self._window.show_page("chat")
            self._chat.regenerate(answer.id)

    def regenerate_with(self) -> None:
        """Answer the last question again, with another model."""
        answer = self._chat.last_answer
        if answer is not None:
            self._window.show_page("chat")
            self._window.chat.regenerate_with(answer.id)

    def copy_last(self) -> None:
        answer = self._chat.last_answer
        if answer is not None:
            QGuiApplication.clipboard().setText(answer.content)

    def attach(self) -> None:
        self._window.write()
        self._window.chat.composer.choose_files()

    def toggle_thinking(self) -> None:
        if self._chat.conversation is None:
            self._chat.new()
        mode, shown = self._chat.thinking_mode(""), self._chat.conversation
        if mode.can_change and shown is not None:
            self._chat.set_settings(replace(shown.settings, thinking=not mode.is_on))

    def toggle_pin(self) -> None:
        shown = self.conversation
        if shown is not None:
            self._window.program.conversations.set_pinned([shown.id], not shown.pinned)

    def delete(self) -> None:
        shown = self.conversation
        if shown is not None:
            self._window.program.conversations.delete([shown.id])

    def export_all(self) -> None:
        known = self._window.program.conversations.conversations.values()
        self._window.export([one.id for one in known])

    # Going about

    def next_conversation(self, step: int) -> None:
        """Open the next (1) or previous (-1) conversation of the sidebar, around its ends."""
        rows = self._window.program.sections.rows.values()
        known = [row.conversation.id for row in rows if isinstance(row, Line)]
        if not known:
            return
        shown = self._chat.conversation
        at = known.index(shown.id) if shown is not None and shown.id in known else None
        if at is None:
            at = -1 if step > 0 else 0
        self._window.open(known[(at + step) % len(known)])

    def go(self, step: int) -> None:
        """Go back (-1) or forward (1), past conversations that were deleted."""
        self._is_going = True
        try:
            while (place := self._history.step(step)) is not None and not self._show(*place):
                pass
        finally:
            self._is_going = False

    # The window

    def toggle_full_screen(self) -> None:
        self._window.setWindowState(self._window.windowState() ^ Qt.WindowState.WindowFullScreen)

    def toggle_zoom(self) -> None:
        self._window.setWindowState(self._window.windowState() ^ Qt.WindowState.WindowMaximized)

    def _show(self, page: str, conversation_id: str | None) -> bool:
        """Show a place; False if its conversation is gone."""
        if page != "chat":
            self._window.show_page(page)
        elif self._window.program.conversations.conversations.find(conversation_id):
            self._window.open(str(conversation_id))
        else:
            return False
        return True

    def _visit(self, *_: object) -> None:
        if self._is_going:
            return
        page, shown = self._window.page_name, self._chat.conversation
        self._history.visit((page, shown.id if shown and page == "chat" else None))
