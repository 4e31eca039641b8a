"""Deletes conversations that have not been used for as long as the settings say."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import islice

from PySide6.QtCore import QCoreApplication, QObject, QTimer, Signal

from ..domain import AppSettings, Conversation, Notice
from ..services.sliced_work import SlicedWork
from .conversations import ConversationsController
from .settings import SettingsController

translate = QCoreApplication.translate

DAY = 24 * 3600.0
# Milliseconds between looks.
LOOK_AGAIN = 3_600_000
# Conversations that are deleted, and erased for good, at once.
DELETED, ERASED = 100, 10
# Seconds of such work between other events.
SLICE = 0.004


class Retention(QObject):
    """Never does so unless a person chose it. Pinned conversations stay, and those in use.

    Undoing a deletion turns it off, since the next look would delete the same ones again. What was
    deleted long ago, by hand or here, is erased for good.
    """

    notice = Signal(object)

    def __init__(
        self,
        conversations: ConversationsController,
        settings: SettingsController,
        *,
        is_in_use: Callable[[str], bool],
        clock: Callable[[], float] = time.time,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._conversations = conversations
        self._settings = settings
        self._is_in_use = is_in_use
        self._clock = clock
        self._deleted: list[Conversation] = []  # and not told yet
        self._after = ""  # how many days
        self._work = SlicedWork(SLICE, self)
        conversations.reloaded.connect(self._on_reloaded)
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_AGAIN)
        self._timer.timeout.connect(self.apply)

    def start(self) -> None:
        self.apply()
        self._timer.start()

    def due(self, delete_after: str) -> list[str]:
        """The ids of those that this value of the setting would delete now."""
        return list(self._due(delete_after))

    def apply(self) -> None:
        """Delete those that are due, some at a time, and tell of all."""
        if not self._work.is_running:
            self._work.start(self._all())

    def _all(self) -> Iterator[None]:
        while self._delete_some() or self._conversations.purge(ERASED):
            yield

    def _due(self, delete_after: str) -> Iterator[str]:
        if delete_after == "never":
            return
        last = self._clock() - int(delete_after) * DAY
        for one in self._conversations.conversations.values():
            if one.updated_at < last and not one.pinned and not self._is_in_use(one.id):
                yield one.id

    def _delete_some(self) -> bool:
        """Delete some, as the setting is now; False if none is left, which is told."""
        delete_after = self._settings.settings.delete_after
        due = list(islice(self._due(delete_after), DELETED))
        if deleted := self._conversations.remove(due):
            self._deleted += deleted
            self._after = delete_after
            return True
        if self._deleted:
            self._tell()
        return False

    def _tell(self) -> None:
        deleted, self._deleted = self._deleted, []
        if len(deleted) == 1:
            text = translate("retention", "1 conversation not used for {days} days was deleted.")
        else:
            text = translate(
                "retention", "{count} conversations not used for {days} days were deleted."
            )
        text = text.format(count=len(deleted), days=self._after)
        self._conversations.tell_deleted(deleted, text, self._turn_off)

    def _on_reloaded(self) -> None:
        """Other conversations are there: what was deleted of those before is no longer told."""
        self._work.stop()
        self._deleted = []

    def _turn_off(self) -> None:
        self._settings.update(delete_after=AppSettings().delete_after)
        text = translate(
            "retention",
            "Conversations are no longer deleted automatically. You can change that in Settings.",
        )
        self.notice.emit(Notice(text=text))
