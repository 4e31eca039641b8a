"""The rows of the sidebar: conversations under their headings, kept up to date."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from PySide6.QtCore import QObject, QTimer, Signal

from ..domain import Conversation, Folder
from ..models import ListModel
from ..models.sections import SidebarModel, sidebar_rows
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
            model.dataChanged.connect(self._refresh_soon)
            model.modelReset.connect(self._refresh_soon)
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
        self._busy = frozenset(conversation_ids)
        self.refresh()

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

    def _refresh_soon(self) -> None:
        self._timer.start()
