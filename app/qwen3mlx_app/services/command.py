"""A command of the program as a child process that writes JSON lines."""

from __future__ import annotations

import json
from collections.abc import Sequence

from PySide6.QtCore import QObject, QProcess, Signal

from .server_errors import said

# Milliseconds to end after it is asked to.
PATIENCE = 5000


class Command(QObject):
    """Emits `said(value)` for each JSON line, and `ended(error)`: None, or a sentence.

    After `stop`, `ended` is not emitted.
    """

    said = Signal(object)
    ended = Signal(object)

    def __init__(
        self, words: Sequence[str], program: Sequence[str], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._output = b""
        self._errors = b""
        self._error: str | None = None
        self._process = QProcess(self)
        self._process.readyReadStandardOutput.connect(self._read)
        self._process.readyReadStandardError.connect(self._read_errors)
        self._process.finished.connect(self._over)
        self._process.errorOccurred.connect(self._not_started)
        first, *rest = [*program, *words]
        self._process.start(first, rest)

    def stop(self) -> None:
        """End the process, and block until it is gone."""
        self._process.blockSignals(True)
        self._process.terminate()
        if not self._process.waitForFinished(PATIENCE):
            self._process.kill()
            self._process.waitForFinished(PATIENCE)

    def _read(self) -> None:
        self._output += bytes(self._process.readAllStandardOutput().data())
        *lines, self._output = self._output.split(b"\n")
        for line in lines:
            try:
                value = json.loads(line)
            except (ValueError, RecursionError):
                continue  # a library printed something
            if isinstance(value, dict) and isinstance(error := value.get("error"), dict):
                self._error = said(str(error.get("code")), str(error.get("message")))
            else:
                self.said.emit(value)

    def _read_errors(self) -> None:
        self._errors += bytes(self._process.readAllStandardError().data())

    def _over(self, code: int, status: QProcess.ExitStatus) -> None:
        self._read()
        self._read_errors()
        if code == 0 and status == QProcess.ExitStatus.NormalExit:
            self.ended.emit(None)
            return
        lines = self._errors.decode(errors="replace").strip().splitlines()
        last = lines[-1] if lines else self._process.errorString()
        last = last.removeprefix("qwen3mlx: ").removeprefix("Error: ")
        self.ended.emit(self._error or said("command_ended", last))

    def _not_started(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self.ended.emit(self._process.errorString())
