"""Imports of GGUF files: one at a time, by the command of the program."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, Signal

from ..domain import Notice
from ..services.command import Command

translate = QCoreApplication.translate


class GgufImport(QObject):
    """`name` is that of the file while it is imported, else empty; `done` is from 0 to 1.

    `changed` tells of both, and `made` that there is a new model. What was written of an import
    that is stopped is kept: the next one of the same file goes on there.
    """

    changed = Signal()
    made = Signal()
    notice = Signal(object)

    def __init__(self, program: Sequence[str], parent: QObject | None = None) -> None:
        """`program` is the command that starts `qwen3mlx`."""
        super().__init__(parent)
        self._program = program
        self._command: Command | None = None
        self.name = ""
        self.done = 0.0

    def start(self, path: str) -> None:
        if self._command is not None:
            return
        self._command = Command(["import", path, "--events"], self._program, self)
        self._command.said.connect(self._on_event)
        self._command.ended.connect(self._on_ended)
        self._set(Path(path).name, 0.0)

    def stop(self) -> None:
        if self._command is not None:
            self._command.stop()
            self._end()

    def _on_event(self, event: dict[str, Any]) -> None:
        if "doing" in event:
            self._set(self.name, event["done"])

    def _on_ended(self, error: str | None) -> None:
        name = self.name
        self._end()
        if error is not None:
            self.notice.emit(Notice(text=error, kind="error"))
            return
        text = translate("import", "{name} was imported.").format(name=name)
        self.notice.emit(Notice(text=text))
        self.made.emit()

    def _end(self) -> None:
        if self._command is not None:
            self._command.deleteLater()
            self._command = None
        self._set("", 0.0)

    def _set(self, name: str, done: float) -> None:
        self.name, self.done = name, done
        self.changed.emit()
