"""The window's own settings."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, Signal

from ..domain import AppSettings, Notice, Undo
from ..services.links import is_web_address
from ..services.server_errors import system_reason
from ..services.settings import SettingsFile
from .changes import change_notice

translate = QCoreApplication.translate


# The least and largest size of text, in pixels.
TEXT_SIZES = (10, 24)
# What `reset` keeps: where one is in the window.
_WHERE_ONE_IS = (
    "first_run_done",
    "last_model",
    "last_conversation_id",
    "last_folder",
    "place",
    "is_maximized",
    "sidebar_shown",
    "sidebar_width",
    "panel_shown",
    "folded",
)


class SettingsController(QObject):
    """Emits `changed(settings)` when a setting changes, `settled("settings")` when it is saved."""

    changed = Signal(object)
    settled = Signal(str)
    notice = Signal(object)

    def __init__(self, file: SettingsFile, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._file = file
        self.settings: AppSettings = file.read()

    def reset(self) -> None:
        """Restore the defaults, except for the window's own state; that can be undone."""
        before = self.settings
        self._take(AppSettings())
        if self.settings != before:
            text = translate("settings", "The settings were reset.")
            self.notice.emit(
                Notice(text=text, action=Undo("reset_settings", partial(self._take, before)))
            )

    def zoom(self, by: int | None) -> None:
        """Make text larger or smaller by so many pixels; None restores its size."""
        size = AppSettings().font_size if by is None else self.settings.font_size + by
        self.update(font_size=max(TEXT_SIZES[0], min(TEXT_SIZES[1], size)))

    def set_mirror(self, title: str, url: str) -> None:
        """Set the mirror, empty for Hugging Face itself, unless it is not a web address."""
        url = url.strip().rstrip("/")
        if url and not is_web_address(url):
            text = translate(
                "settings", "{url} is not a valid web address. Use one like https://hf-mirror.com."
            ).format(url=url)
            self.notice.emit(Notice(text=text, kind="warning"))
        else:
            self.change(title, hub_mirror=url)

    def change(self, title: str, **fields: Any) -> None:
        """Apply what a person changed in the setting with this title; it can be undone."""
        before = {name: getattr(self.settings, name) for name in fields}
        if before != fields:
            notice = change_notice(title, partial(self._restore, before))  # in this language
            self.update(**fields)
            self.notice.emit(notice)

    def _restore(self, fields: Mapping[str, Any]) -> bool:
        self.update(**fields)
        return True

    def _take(self, settings: AppSettings) -> bool:
        """Take over all settings, except for the window's own state."""
        kept = {name: getattr(self.settings, name) for name in _WHERE_ONE_IS}
        self.update(**{**dataclasses.asdict(settings), **kept})
        return True

    def update(self, **fields: Any) -> None:
        """Apply the changes at once, and save them."""
        settings = replace(self.settings, **fields)
        if settings == self.settings:
            return
        self.settings = settings
        self.changed.emit(settings)
        try:
            self._file.write(settings)
        except OSError as error:
            text = translate("settings", "The settings cannot be saved: {reason}.").format(
                reason=system_reason(error)
            )
            self.notice.emit(Notice(text=text, kind="error", topic="settings"))
        else:
            self.settled.emit("settings")
