"""The dialog that asks where to export conversations to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from ..domain import Conversation
from .opening import documents

translate = QCoreApplication.translate

_ENDINGS = (".md", ".json")
# What file systems, or other computers', do not allow in a name.
_NOT_ALLOWED = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]+')
_MAX_NAME = 80


def ask_export_path(parent: QWidget, conversations: Sequence[Conversation]) -> Path | None:
    """Ask for a file, which gets the ending of the filter; None if the dialog was canceled."""
    filters = [
        translate("export", "Markdown (*.md)"),
        translate("export", "JSON, which can be imported again (*.json)"),
    ]
    proposed = Path(documents(), proposed_name(conversations) + _ENDINGS[0])
    name, chosen = QFileDialog.getSaveFileName(
        parent, translate("export", "Export"), str(proposed), ";;".join(filters)
    )
    if not name:
        return None
    return with_ending(Path(name), _ENDINGS[filters.index(chosen)] if chosen in filters else "")


def proposed_name(conversations: Sequence[Conversation]) -> str:
    """The title of one conversation, as a file can be named."""
    title = conversations[0].title if len(conversations) == 1 else ""
    name = " ".join(_NOT_ALLOWED.sub(" ", title).split())[:_MAX_NAME].strip(" .")
    return name or translate("export", "Conversations")


def with_ending(path: Path, ending: str) -> Path:
    """The path with the filter's ending; one that the dialog did not ask about is a new file."""
    if not ending or path.suffix.lower() == ending:
        return path
    stem = path.stem if path.suffix.lower() in _ENDINGS else path.name
    wanted, number = path.with_name(stem + ending), 2
    while wanted.exists():
        wanted = path.with_name(f"{stem} {number}{ending}")
        number += 1
    return wanted
