"""What the menus and the palette do with the open conversation and the window."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication

from ..domain import Conversation
from ..models.sections import Line
from ..services.files import write_file
from ..services.history import History
from .file_dialogs import ask_files
from .help_sheets import AboutSheet, ReportSheet
from .help_window import HelpWindow
from .restore_sheet import RestoreSheet

if TYPE_CHECKING:
    from .main_window import MainWindow


class Commands(QObject):
    """A place in the history is a page, and on the chat page the conversation."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window.menus)
        self._window = window
        self._chat = window.session.chat
        self._history: History[tuple[str, str | None]] = History()
        self._is_going = False
        self._chat.opened.connect(self._visit)
        window.pages.shown.connect(self._visit)
        self._visit()

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

    def continue_answer(self) -> None:
        """Go on with the last answer, which ended too early."""
        answer = self._chat.last_answer
        if answer is not None:
            self._window.show_page("chat")
            self._chat.continue_answer(answer.id)

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

    def write(self) -> None:
        """Put the focus into the message field."""
        self._window.show_page("chat")
        self._window.chat.composer.text.setFocus()

    def attach(self) -> None:
        self.write()
        self._window.chat.composer.choose_files()

    def pick_model(self) -> None:
        self._window.show_page("chat")
        self._window.chat.picker.open()

    def compare(self) -> None:
        self.write()
        self._window.chat.compare_with()

    def toggle_thinking(self) -> None:
        if self._chat.conversation is None:
            self._chat.new()
        mode, shown = self._chat.thinking_mode(""), self._chat.conversation
        if mode.can_change and shown is not None:
            self._chat.settings.set(replace(shown.settings, thinking=not mode.is_on))

    def toggle_panel(self) -> None:
        """Show or hide the conversation's settings."""
        if self._window.page is self._window.chat:
            self._window.chat.toggle_panel()
        else:
            self._window.show_page("chat")
            self._window.chat.show_panel(True)

    def toggle_pin(self) -> None:
        shown = self.conversation
        if shown is not None:
            self._window.program.conversations.set_pinned([shown.id], not shown.pinned)

    def delete(self) -> None:
        shown = self.conversation
        if shown is not None:
            self._window.program.conversations.delete([shown.id])

    def find_here(self) -> None:
        """Find in the conversation on screen."""
        self._window.show_page("chat")
        self._window.chat.find_bar.open()

    # All conversations

    def search(self) -> None:
        self._window.body.show_sidebar()
        self._window.sidebar.search.setFocus()
        self._window.sidebar.search.selectAll()

    def add_folder(self) -> None:
        self._window.body.show_sidebar()
        self._window.sidebar.list.add_folder()

    def rename(self) -> None:
        """Rename the conversation or folder that is selected in the sidebar."""
        self._window.body.show_sidebar()
        self._window.sidebar.show_list()
        self._window.sidebar.list.rename_current()

    def import_files(self) -> None:
        title = self.tr("Import Conversations")
        kinds = self.tr("Exported Conversations (*.json *.zip)")
        if paths := ask_files(self._window, title, kinds):
            self._window.program.conversations.import_files(paths)

    def export_shown(self) -> None:
        shown = self._chat.conversation
        if shown is not None:
            self._window.export([shown.id])

    def export_all(self) -> None:
        known = self._window.program.conversations.conversations.values()
        self._window.export([one.id for one in known])

    def restore_backup(self) -> None:
        RestoreSheet(self._window.program.backups, self._window).open()

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

    def show_help(self) -> None:
        """Show the pages that ship with the app; the window with them opens once."""
        shown = self._window.findChild(HelpWindow) or HelpWindow(self._window.theme, self._window)
        shown.show()
        shown.raise_()
        shown.activateWindow()

    def show_about(self) -> None:
        AboutSheet(self._window).open()

    def report_problem(self) -> None:
        """Save a report, and show it."""
        program = self._window.program
        report = program.report()
        path = program.profile / "problem-report.txt"
        try:
            write_file(path, report.encode())
        except OSError:  # it is shown anyhow
            ReportSheet(report, None, self._window).open()
        else:
            ReportSheet(report, path, self._window).open()

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
        page, shown = self._window.pages.name, self._chat.conversation
        self._history.visit((page, shown.id if shown and page == "chat" else None))
