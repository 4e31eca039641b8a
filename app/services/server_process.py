"""The server as a child process: started, watched, started again when it dies, ended with us."""

from __future__ import annotations

import json
import secrets
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import QCoreApplication, QObject, QProcess, QProcessEnvironment, QTimer, Signal

from ..domain import ServerState

translate = QCoreApplication.translate

COMMAND = (sys.executable, "-m", "qwen3mlx", "serve")
# Milliseconds that the server has to end by itself.
_PATIENCE = 5000
# So many deaths within so many seconds are no accident.
_MAX_DEATHS = 3
_DEATHS_WITHIN_S = 60.0
_KEPT_LINES = 200


class ServerProcess(QObject):
    """`key` is the window's own: the server accepts it, and asks nobody else for one because of it.

    `port_taken(port)` is said when another program has the port, and a free one is taken instead.
    `crashed(reason)` is said when it died and is started again.
    """

    state_changed = Signal(object)
    port_taken = Signal(int)
    crashed = Signal(str)

    def __init__(
        self,
        command: Sequence[str] = COMMAND,
        parent: QObject | None = None,
        *,
        environment: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        """`environment` is asked at each start for what it has besides the window's own."""
        super().__init__(parent)
        self._environment = environment
        self.key = secrets.token_urlsafe(32)
        self.state = ServerState(phase="stopped")
        self._command = list(command)
        self._process: QProcess | None = None
        self._port = 0
        self._output = b""
        self._lines: deque[str] = deque(maxlen=_KEPT_LINES)
        self._deaths: deque[float] = deque(maxlen=_MAX_DEATHS)
        self._restart_wanted = False

    @property
    def log_lines(self) -> list[str]:
        """The last lines of its log."""
        return list(self._lines)

    def start(self, port: int) -> None:
        """At `port`, or at a free one where it is taken; 0 takes a free one."""
        if self._process is None:
            self._port = port
            self._deaths.clear()
            self._launch()

    def stop(self) -> None:
        """Running answers end with an error."""
        self._restart_wanted = False
        if self._process is None:
            self._set(ServerState(phase="stopped"))
            return
        self._set(ServerState(phase="stopping"))
        self._process.closeWriteChannel()  # it ends when its stdin does
        QTimer.singleShot(_PATIENCE, self._process, self._process.kill)

    def restart(self, port: int) -> None:
        self._port = port
        if self._process is None:
            self.start(port)
        else:
            self.stop()
            self._restart_wanted = True

    def wait_until_stopped(self) -> None:
        """For the end of the program: blocks until the process is gone."""
        process = self._process
        if process is not None:
            self.stop()
            if not process.waitForFinished(_PATIENCE):
                process.kill()
                process.waitForFinished(_PATIENCE)

    def _launch(self) -> None:
        self._set(ServerState(phase="starting"))
        self._output = b""
        process = self._process = QProcess(self)
        environment = QProcessEnvironment.systemEnvironment()
        for name, value in self._environment().items():
            environment.insert(name, value)
        environment.insert("QWEN3MLX_PARENT_KEY", self.key)
        process.setProcessEnvironment(environment)
        process.readyReadStandardOutput.connect(self._read_output)
        process.readyReadStandardError.connect(self._read_log)
        process.finished.connect(self._over)
        process.errorOccurred.connect(self._not_started)
        program, *arguments = self._command
        process.start(program, [*arguments, "--port", str(self._port), "--exit-with-parent"])

    def _read_output(self) -> None:
        """One line of it is the address; it comes when the server answers."""
        assert self._process is not None
        self._output += bytes(self._process.readAllStandardOutput().data())
        if self.state.phase != "starting" or b"\n" not in self._output:
            return
        try:
            url = json.loads(self._output.partition(b"\n")[0])["url"]
        except (ValueError, KeyError, TypeError):
            return
        self._set(ServerState(phase="ready", url=str(url)))

    def _read_log(self) -> None:
        assert self._process is not None
        text = bytes(self._process.readAllStandardError().data()).decode("utf-8", "replace")
        self._lines.extend(text.splitlines())

    def _not_started(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._forget()
            reason = translate("server", "The server's program cannot be run: install it again.")
            self._set(ServerState(phase="failed", reason=reason))

    def _over(self, exit_code: int, status: QProcess.ExitStatus) -> None:
        phase = self.state.phase
        self._read_log()
        self._forget()
        if phase == "stopping":
            self._set(ServerState(phase="stopped"))
            if self._restart_wanted:
                self.start(self._port)
        elif phase == "starting" and self._port and self._is_port_taken():
            self.port_taken.emit(self._port)
            self._port = 0
            self._launch()
        elif phase == "ready" and self._may_try_again():
            self.crashed.emit(self._reason(exit_code, status))
            self._launch()
        else:
            self._set(ServerState(phase="failed", reason=self._reason(exit_code, status)))

    def _may_try_again(self) -> bool:
        now = time.monotonic()
        self._deaths.append(now)
        return len(self._deaths) < _MAX_DEATHS or now - self._deaths[0] > _DEATHS_WITHIN_S

    def _is_port_taken(self) -> bool:
        return any(f"Port {self._port} is taken" in line for line in self._lines)

    def _reason(self, exit_code: int, status: QProcess.ExitStatus) -> str:
        said = [line.removeprefix("qwen3mlx: ") for line in self._lines if line.strip()]
        if exit_code == 1 and said and status == QProcess.ExitStatus.NormalExit:
            return said[-1]
        return translate(
            "server", "The server ended by itself (code {code}): a model may need too much memory."
        ).format(code=exit_code)

    def _forget(self) -> None:
        if self._process is not None:
            self._process.deleteLater()
            self._process = None

    def _set(self, state: ServerState) -> None:
        if state != self.state:
            self.state = state
            self.state_changed.emit(state)
