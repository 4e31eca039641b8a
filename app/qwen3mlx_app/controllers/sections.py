"""The rows of the sidebar: conversations under their headings, kept up to date."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from PySide6.QtCore import QModelIndex, QObject, QTimer, Signal

from ..domain import Conversation, Folder
from ..models import ListModel
from ..models.sections import Line, SidebarModel, sidebar_rows
from ..services.timers import single_shot

# Milliseconds between updates, since days end while the window is open.
LOOK_AGAIN = 5 * 60 * 1000


class Sections(QObject):
    """`rows` follows the conversations and folders.

    `folded_changed(keys)`: one was folded or unfolded. `refreshed`: `rows` are up to date.
    """

    folded_changed = Signal(object)
    refreshed = Signal()

    def __init__(
        self,
        conversations: ListModel[Conversation],
        folders: ListModel[Folder],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.rows = SidebarModel(self)
        self._conversations = conversations
        self._folders = folders
        self._folded: frozenset[str] = frozenset()
        self._busy: frozenset[str] = frozenset()
        for model in (conversations, folders):
            for signal in (model.rowsInserted, model.rowsRemoved, model.rowsMoved):
                signal.connect(self._refresh_soon)
            model.modelReset.connect(self._refresh_soon)
        conversations.dataChanged.connect(self._on_changed)
        folders.dataChanged.connect(self._refresh_soon)
        # Shows several changes at once.
        self._timer = single_shot(self, 0, self.refresh)
        days = QTimer(self)
        days.timeout.connect(self.refresh)
        days.start(LOOK_AGAIN)
        self.refresh()

    def set_folded(self, keys: Iterable[str]) -> None:
        self._folded = frozenset(keys)
        self.refresh()

    def toggle(self, key: str) -> None:
        """Collapse or expand a heading."""
        self._folded ^= {key}
        self.refresh()
        self.folded_changed.emit(sorted(self._folded))

    def set_busy(self, conversation_ids: Iterable[str]) -> None:
        """Mark the conversations that have a running answer."""
        before, self._busy = self._busy, frozenset(conversation_ids)
        if self._timer.isActive():
            self.refresh()
            return
        for conversation_id in before ^ self._busy:
            line = self.rows.find(conversation_id)
            if isinstance(line, Line):
                self.rows.put(replace(line, is_busy=conversation_id in self._busy))
        self.refreshed.emit()

    def refresh(self) -> None:
        self._timer.stop()
        rows = sidebar_rows(
            self._conversations.values(),
            self._folders.values(),
            folded=self._folded,
            busy=self._busy,
            today=date.today(),
        )
        self.rows.set_values(rows)
        self.refreshed.emit()

    def _on_changed(self, first: QModelIndex, last: QModelIndex) -> None:
        """Change the lines of conversations that stay where they are, without a look at others."""
        for row in range(first.row(), last.row() + 1):
            conversation = self._conversations.value(row)
            line = self.rows.find(conversation.id)
            if isinstance(line, Line) and _place(line.conversation) == _place(conversation):
                self.rows.put(replace(line, conversation=conversation))
            else:
                self._refresh_soon()
                return
        self.refreshed.emit()

    def _refresh_soon(self) -> None:
        self._timer.start()


def _place(conversation: Conversation) -> tuple[bool, str | None, float]:
    """What its heading depends on."""
    return conversation.pinned, conversation.folder_id, conversation.updated_at
