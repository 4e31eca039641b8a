"""The server's side of one rank: its process, here or behind SSH, and what it says."""

from __future__ import annotations

import json
import os
import queue
import shlex
import subprocess
import threading
import time
from contextlib import suppress
from typing import Any, NamedTuple

from ..child_process import RUN_CHILD, start_child
from ..errors import UnavailableError
from ..quoting import printable, quoted, shortened
from .hosts import Host
from .wire import ALIVE, BEAT, line

MODULE = "qwen3mlx.ranks.rank"
# Seconds without a word after which a rank is lost: it was suspended, or its computer was.
SILENCE = 7.0
# Seconds that a process has to end after its input has.
_PATIENCE = 2.0
# A computer that is gone is noticed after six seconds; nobody is asked for a password. A connection
# that others share would have options of its own, and may outlive the process.
_SSH_OPTIONS = (
    *("-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=5", "-o", "LogLevel=ERROR"),
    *("-o", "ServerAliveInterval=2", "-o", "ServerAliveCountMax=3", "-o", "ControlPath=none"),
)
# What to do when SSH, or the shell that it reaches, ends with one of these.
_ADVICE = {
    255: "`ssh {ssh} true` must work without a question",
    127: 'the hosts file may name the program there as "command"',
}
_MOST_SAID = 65536


class Said(NamedTuple):
    """What rank `rank` has said; None: it has ended."""

    rank: int
    message: dict[str, Any] | None


class Link:
    """A rank's process. What it says goes to `inbox`, in order.

    One thread reads and one writes: a process that is suspended blocks nothing else.
    """

    def __init__(self, rank: int, host: Host, inbox: queue.SimpleQueue[Said]) -> None:
        self.rank = rank
        self.host = host
        self.process = _started(host)
        self._inbox = inbox
        self._outbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._is_over = False
        self._heard: float | None = None
        self._odd: bytes | None = None
        self._threads = [
            threading.Thread(target=function, name=f"rank-{rank}", daemon=True)
            for function in (self._read, self._write)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def is_lost(self) -> bool:
        """Whether the process has ended, or no longer says that it runs."""
        is_silent = self._heard is not None and time.monotonic() - self._heard > SILENCE
        return self._is_over or is_silent

    @property
    def last_words(self) -> str:
        """Why there is no rank, in one line."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(_PATIENCE)
        status = self.process.poll()
        lines = self._complaints() if status is not None else []
        if not lines and self._odd is not None:
            said = quoted(shortened(self._odd.decode(errors="replace").strip()))
            return f"it says {said}: its shell must print nothing where a program is started by SSH"
        said = printable(lines[-1]) if lines else f"its process ended ({status})"
        advice = None if self.host.is_local or status is None else _ADVICE.get(status)
        return said if advice is None else f"{said} ({advice.format(ssh=self.host.ssh)})"

    def _complaints(self) -> list[str]:
        """Return what SSH has written by now: others may still have its pipe."""
        if self.process.stderr is None:
            return []
        os.set_blocking(self.process.stderr.fileno(), False)
        said = self.process.stderr.read(_MOST_SAID) or b""
        return said.decode(errors="replace").strip().splitlines()

    def send(self, data: bytes) -> None:
        self._outbox.put(data)

    def close(self, *, now: bool = False) -> None:
        """End the process. It has a moment to do so itself, unless `now` is set."""
        self._outbox.put(None)
        if now:
            self.process.kill()
        try:
            self.process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for thread in self._threads:
            thread.join(_PATIENCE)  # another program may still have the pipes
        if any(thread.is_alive() for thread in self._threads):
            return
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()

    def _write(self) -> None:
        """Write what there is to say, or that this process runs."""
        assert self.process.stdin is not None
        with suppress(OSError), self.process.stdin as stdin:  # it has ended, and the inbox says so
            while (data := self._next()) is not None:
                stdin.write(data)
                stdin.flush()

    def _next(self) -> bytes | None:
        try:
            return self._outbox.get(timeout=BEAT)
        except queue.Empty:
            return line(ALIVE)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for text in self.process.stdout:
            message = _message(text)
            if message is None:  # of another program
                self._odd = text
                break
            self._heard = time.monotonic()
            if message != ALIVE:
                self._inbox.put(Said(self.rank, message))
        self._is_over = True
        self._inbox.put(Said(self.rank, None))


def _message(text: bytes) -> dict[str, Any] | None:
    try:
        message = json.loads(text)
    except ValueError:
        return None
    return message if isinstance(message, dict) else None


def _started(host: Host) -> subprocess.Popen[bytes]:
    try:
        if host.is_local:
            return start_child(MODULE, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        remote = shlex.join([host.command, RUN_CHILD, MODULE])
        return subprocess.Popen(
            ["ssh", *_SSH_OPTIONS, "--", host.ssh, remote],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # no Ctrl-C of ours
        )
    except OSError as error:
        raise UnavailableError(
            f"No process could be started for {host.ssh} ({error.strerror})."
        ) from None
