"""Whether `qwen3mlx` can be typed in a terminal, and how that is changed."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, Signal

from ..domain import Notice
from ..services import command_link
from ..services.server_errors import system_reason

translate = QCoreApplication.translate


class CommandLinkController(QObject):
    """`command` is the bundle's, or None: then there is nothing to link to.

    Emits `changed()`, also if a change failed.
    """

    changed = Signal()
    notice = Signal(object)

    def __init__(self, command: Path | None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.command = command

    @property
    def is_on(self) -> bool:
        folders = command_link.known_folders()
        return self.command is not None and bool(command_link.links(self.command, folders))

    def change(self) -> None:
        """Put the link, or take it away."""
        if self.command is None:
            return
        folders = command_link.known_folders()
        try:
            if self.is_on:
                command_link.take_away(self.command, folders)
                text = translate("command", "The command qwen3mlx was removed.")
            else:
                on_path = command_link.path_of_terminals()
                link = command_link.put(self.command, folders, on_path)
                text = translate("command", "Type qwen3mlx in a new terminal: it is {path}.")
                text = text.format(path=link)
            self.notice.emit(Notice(text=text))
        except (command_link.CommandLinkError, OSError) as error:
            reason = system_reason(error) if isinstance(error, OSError) else error
            text = translate("settings", "This cannot be changed: {reason}").format(reason=reason)
            self.notice.emit(Notice(text=text, kind="error"))
        self.changed.emit()
