"""A command of the program as a child process that writes JSON lines."""

from __future__ import annotations

import json
from collections.abc import Sequence

from PySide6.QtCore import QObject, QProcess, Signal

# Milliseconds to end after it is asked to.
PATIENCE = 5000


class Command(QObject):
    """Emits `said(value)` for each JSON line, and `ended(error)`: None, or stderr's last line.

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
                self.said.emit(json.loads(line))
            except (ValueError, RecursionError):
                continue  # a library printed something

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
        self.ended.emit(last.removeprefix("qwen3mlx: ").removeprefix("Error: "))

    def _not_started(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self.ended.emit(self._process.errorString())
