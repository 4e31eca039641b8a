"""The server as a child process: started, watched, restarted after a crash, ended with us."""

from __future__ import annotations

import json
import secrets
import signal
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, QProcess, QProcessEnvironment, QTimer, Signal

from ..domain import ServerState
from .files import write_file
from .server_errors import said
from .timers import single_shot

translate = QCoreApplication.translate

# Milliseconds for the server to end by itself.
_PATIENCE = 5000
# Milliseconds before the restart after the first, second, ... crash within that many seconds;
# after one more crash it stays off.
_PAUSES = (0, 1000, 2000, 4000)
_DEATHS_WITHIN_S = 300.0
# What its log would have is kept after a crash: no text of a chat, whatever its settings say.
_OPTIONS = ("--port-fallback", "--exit-with-parent", "--no-log-prompts")
# The last bytes of its log that are kept.
_KEPT_BYTES = 64_000


class ServerProcess(QObject):
    """`key` is the window's own; the server accepts it without requiring keys of others.

    `port_taken(port)` is said when another program has the port, and a free one is taken instead.
    `crashed(reason)` is said when it died and is started again. What it said last is in `crash_log`
    then.
    """

    state_changed = Signal(object)
    port_taken = Signal(int)
    crashed = Signal(str)

    def __init__(
        self,
        command: Sequence[str],
        parent: QObject | None = None,
        *,
        crash_log: Path,
        environment: Callable[[], Mapping[str, str]] = dict,
        pauses: Sequence[int] = _PAUSES,
    ) -> None:
        """`environment` is called at each start for additional variables."""
        super().__init__(parent)
        self._environment = environment
        self._crash_log = crash_log
        self.key = secrets.token_urlsafe(32)
        self.state = ServerState(phase="stopped")
        self._command = list(command)
        self._process: QProcess | None = None
        self._output = b""
        self._log = b""
        self._pauses = pauses
        self._deaths: deque[float] = deque(maxlen=len(pauses) + 1)
        self._restart_wanted = False
        self._restart_timer = single_shot(self, 0, self._launch)

    def start(self) -> None:
        """At the port that its settings name, or at a free one where that is taken."""
        if self._process is None:
            self._deaths.clear()
            self._launch()

    def stop(self) -> None:
        """Stop the server; running answers end with an error."""
        self._restart_wanted = False
        self._restart_timer.stop()
        if self._process is None:
            self._set(ServerState(phase="stopped"))
            return
        self._set(ServerState(phase="stopping"))
        self._process.closeWriteChannel()  # the server ends with its stdin
        QTimer.singleShot(_PATIENCE, self._process, self._process.kill)

    def restart(self) -> None:
        if self._process is None:
            self.start()
        else:
            self.stop()
            self._restart_wanted = True

    def wait_until_stopped(self) -> None:
        """Stop the server, and block until its process is gone."""
        self._restart_timer.stop()
        process = self._process
        if process is not None:
            self.stop()
            if not process.waitForFinished(_PATIENCE):
                process.kill()
                process.waitForFinished(_PATIENCE)

    def _launch(self) -> None:
        self._restart_timer.stop()
        self._set(ServerState(phase="starting"))
        self._output = self._log = b""
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
        process.start(program, [*arguments, *_OPTIONS])

    def _read_output(self) -> None:
        """The server prints one line with its address when it is ready."""
        assert self._process is not None
        self._output += bytes(self._process.readAllStandardOutput().data())
        if self.state.phase != "starting" or b"\n" not in self._output:
            return
        try:
            told = json.loads(self._output.partition(b"\n")[0])
            url, taken_port = told["url"], told.get("taken_port")
        except (ValueError, KeyError, TypeError, AttributeError):
            return
        if isinstance(taken_port, int):
            self.port_taken.emit(taken_port)
        self._set(ServerState(phase="ready", url=str(url)))

    def _read_log(self) -> None:
        assert self._process is not None
        new = bytes(self._process.readAllStandardError().data())
        self._log = (self._log + new)[-_KEPT_BYTES:]

    def _not_started(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._forget()
            reason = translate("server", "The server cannot be started. Reinstall qwen3mlx.")
            self._set(ServerState(phase="failed", reason=reason))

    def _over(self, exit_code: int, status: QProcess.ExitStatus) -> None:
        phase = self.state.phase
        self._read_log()
        self._forget()
        if phase == "stopping":
            self._set(ServerState(phase="stopped"))
            if self._restart_wanted:
                self.start()
        elif phase == "ready" or (self._deaths and status == QProcess.ExitStatus.CrashExit):
            self._died(self._reason(exit_code, status))
        else:
            self._set(ServerState(phase="failed", reason=self._reason(exit_code, status)))

    def _died(self, reason: str) -> None:
        """Restart the server, each time after a longer pause, until it has crashed too often."""
        if self._keep_log():
            details = translate("server", "See {file} for details.")
            reason = f"{reason} {details.format(file=self._crash_log)}"
        now = time.monotonic()
        self._deaths.append(now)
        num_deaths = sum(now - death < _DEATHS_WITHIN_S for death in self._deaths)
        if num_deaths > len(self._pauses):
            often = translate("server", "It has crashed {count} times and will not be restarted.")
            reason = f"{reason} {often.format(count=num_deaths)}"
            self._set(ServerState(phase="failed", reason=reason))
            return
        self.crashed.emit(reason)
        self._set(ServerState(phase="starting"))
        self._restart_timer.start(self._pauses[num_deaths - 1])

    def _keep_log(self) -> bool:
        """Whether the log could be written; the crash matters more than a full disk."""
        try:
            write_file(self._crash_log, self._log)
        except OSError:
            return False
        return True

    def log_lines(self) -> list[str]:
        """The end of the server's log: nothing that a chat says, whatever its settings."""
        return self._log.decode("utf-8", "replace").splitlines()

    def _reason(self, exit_code: int, status: QProcess.ExitStatus) -> str:
        if status == QProcess.ExitStatus.CrashExit:
            return self._crash_reason(exit_code)
        lines = [line.removeprefix("qwen3mlx: ") for line in self.log_lines() if line.strip()]
        if exit_code == 1 and lines:
            return said("server_ended", lines[-1])
        return translate("server", "The server quit unexpectedly (exit code {code}).").format(
            code=exit_code
        )

    def _crash_reason(self, number: int) -> str:
        if number == signal.SIGKILL:
            return translate(
                "server", "The system terminated the server. A model may need too much memory."
            )
        known = {member.value: member.name for member in signal.Signals}
        return translate("server", "The server crashed ({signal}).").format(
            signal=known.get(number, number)
        )

    def _forget(self) -> None:
        if self._process is not None:
            self._process.deleteLater()
            self._process = None

    def _set(self, state: ServerState) -> None:
        if state != self.state:
            self.state = state
            self.state_changed.emit(state)
