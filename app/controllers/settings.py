"""The window's own settings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, Signal

from ..domain import AppSettings, Notice
from ..services.settings import SettingsFile

translate = QCoreApplication.translate


class SettingsController(QObject):
    """`changed(settings)` whenever one was."""

    changed = Signal(object)
    notice = Signal(object)

    def __init__(self, file: SettingsFile, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._file = file
        self.settings: AppSettings = file.read()

    def update(self, **fields: Any) -> None:
        """Counts at once, and at the next start."""
        settings = replace(self.settings, **fields)
        if settings == self.settings:
            return
        self.settings = settings
        self.changed.emit(settings)
        try:
            self._file.write(settings)
        except OSError as error:
            text = translate("settings", "The settings cannot be saved: {reason}.").format(
                reason=error.strerror
            )
            self.notice.emit(Notice(text=text, kind="error"))
