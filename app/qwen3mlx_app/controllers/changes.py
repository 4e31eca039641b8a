"""Settings that a person changed: saved at once, and undone from a notice."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication

from ..domain import Notice, Undo

translate = QCoreApplication.translate


def change_notice(title: str, undo: Callable[[], bool]) -> Notice:
    """Tell that the setting with this title was changed."""
    text = translate("changes", "{title} was changed.").format(title=title)
    return Notice(text=text, action=Undo("change_setting", undo))
