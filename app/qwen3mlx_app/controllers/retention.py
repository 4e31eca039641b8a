"""Deletes conversations that have not been used for as long as the settings say."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QObject, QTimer, Signal

from ..domain import AppSettings, Notice
from .conversations import ConversationsController
from .settings import SettingsController

translate = QCoreApplication.translate

DAY = 24 * 3600.0
# Milliseconds between looks.
LOOK_AGAIN = 3_600_000


class Retention(QObject):
    """Never does so unless a person chose it. Pinned conversations stay, and those in use.

    Undoing a deletion turns it off, since the next look would delete the same ones again.
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
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_AGAIN)
        self._timer.timeout.connect(self.apply)

    def start(self) -> None:
        self.apply()
        self._timer.start()

    def due(self, delete_after: str) -> list[str]:
        """The ids of those that this value of the setting would delete now."""
        if delete_after == "never":
            return []
        last = self._clock() - int(delete_after) * DAY
        return [
            one.id
            for one in self._conversations.conversations.values()
            if one.updated_at < last and not one.pinned and not self._is_in_use(one.id)
        ]

    def apply(self) -> None:
        """Delete those that are due, and tell of it."""
        delete_after = self._settings.settings.delete_after
        due = self.due(delete_after)
        if not due:
            return
        if len(due) == 1:
            text = translate("retention", "1 conversation not used for {days} days was deleted.")
        else:
            text = translate(
                "retention", "{count} conversations not used for {days} days were deleted."
            )
        told = text.format(count=len(due), days=delete_after)
        self._conversations.delete(due, told=told, on_restored=self._turn_off)

    def _turn_off(self) -> None:
        self._settings.update(delete_after=AppSettings().delete_after)
        text = translate(
            "retention",
            "Conversations are no longer deleted automatically. You can change that in Settings.",
        )
        self.notice.emit(Notice(text=text))
