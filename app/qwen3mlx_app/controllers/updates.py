"""Tells of a newer release, if the person wants to know; nothing is installed."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QObject, QTimer, Signal

from ..domain import AppSettings, Notice
from ..services.updates import Updates
from .settings import SettingsController

translate = QCoreApplication.translate

# Milliseconds between two checks.
DAY = 24 * 60 * 60 * 1000


class UpdatesController(QObject):
    """Asks at the start, once a day, and when the setting is turned on: then any result is told."""

    notice = Signal(object)

    def __init__(
        self, settings: SettingsController, updates: Updates, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._settings = settings
        self._updates = updates
        self._was_on = settings.settings.check_updates
        self._tells_all = False
        self._told = ""
        self._daily = QTimer(self)
        self._daily.setInterval(DAY)
        self._daily.timeout.connect(updates.ask)
        updates.told.connect(self._tell)
        settings.changed.connect(self._follow)

    def start(self) -> None:
        if self._settings.settings.check_updates:
            self._daily.start()
            self._updates.ask()

    def _follow(self, settings: AppSettings) -> None:
        was_on, self._was_on = self._was_on, settings.check_updates
        if settings.check_updates and not was_on:
            self._tells_all = True
            self.start()
        elif not settings.check_updates:
            self._daily.stop()

    def _tell(self, latest: str | None) -> None:
        tells_all, self._tells_all = self._tells_all, False
        if latest and latest != self._told and self._was_on:
            self._told = latest
            text = translate("updates", "qwen3mlx {version} was released.").format(version=latest)
            self.notice.emit(
                Notice(text=text, kind="warning", action="show_release", topic="updates")
            )
        elif tells_all and latest == "":
            text = translate("updates", "This is the newest release.")
            self.notice.emit(Notice(text=text, topic="updates"))
        elif tells_all and latest is None:
            text = translate(
                "updates", "The newest release could not be found out. It is tried again tomorrow."
            )
            self.notice.emit(Notice(text=text, kind="warning", topic="updates"))
