"""The dialog that asks where to export conversations to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from ..domain import Conversation
from .file_dialogs import ask_new_file

translate = QCoreApplication.translate

_ENDINGS = (".md", ".json")
# What file systems, or other computers', do not allow in a name.
_NOT_ALLOWED = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]+')
_MAX_NAME = 80


def ask_export_path(parent: QWidget, conversations: Sequence[Conversation]) -> Path | None:
    """Ask for a file: the ending that was typed counts, else the filter's; None if canceled."""
    kinds = {
        ".md": translate("export", "Markdown (*.md)"),
        ".json": translate("export", "JSON, which can be imported again (*.json)"),
    }
    title = translate("export", "Export")
    answer = ask_new_file(parent, title, proposed_name(conversations), kinds)
    return None if answer is None else with_ending(*answer)


def proposed_name(conversations: Sequence[Conversation]) -> str:
    """The title of one conversation, as a file can be named; the filter will be its ending."""
    title = conversations[0].title if len(conversations) == 1 else ""
    name = " ".join(_NOT_ALLOWED.sub(" ", title).split())[:_MAX_NAME].strip(" .")
    name = Path(name).stem if Path(name).suffix.lower() in _ENDINGS else name
    return name or translate("export", "Conversations")


def with_ending(path: Path, ending: str) -> Path:
    """The path as it was typed; one without an ending that is known gets this one.

    A name that the dialog did not ask about is a new file's.
    """
    if path.suffix.lower() in _ENDINGS:
        return path
    wanted, number = path.with_name(path.name + ending), 2
    while wanted.exists():
        wanted = path.with_name(f"{path.name} {number}{ending}")
        number += 1
    return wanted
