"""The server's side of one rank: its process, here or behind SSH, and what it says."""

from __future__ import annotations

import json
import queue
import shlex
import subprocess
import threading
import time
from contextlib import suppress
from typing import Any, NamedTuple

from ..child_process import RUN_CHILD, start_child
from ..errors import UnavailableError
from ..quoting import printable
from .hosts import Host
from .wire import ALIVE

MODULE = "qwen3mlx.ranks.rank"
# Seconds without a word after which a rank is lost: it was suspended, or its computer was.
SILENCE = 7.0
# Seconds that a process has to end after its input has.
_PATIENCE = 2.0
# A computer that is gone is noticed after six seconds; nobody is asked for a password.
_SSH_OPTIONS = (
    *("-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=5", "-o", "LogLevel=ERROR"),
    *("-o", "ServerAliveInterval=2", "-o", "ServerAliveCountMax=3"),
)
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
        self._heard = time.monotonic()
        self._threads = [
            threading.Thread(target=function, name=f"rank-{rank}", daemon=True)
            for function in (self._read, self._write)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def is_lost(self) -> bool:
        """Whether the process has ended, or has said nothing for long: not even that it runs."""
        return self._is_over or time.monotonic() - self._heard > SILENCE

    @property
    def last_words(self) -> str:
        """Why SSH has ended, in one line."""
        try:
            self.process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            return "it answers as no rank does"
        said = b""
        if self.process.stderr is not None:
            said = self.process.stderr.read(_MOST_SAID)
        lines = said.decode(errors="replace").strip().splitlines()
        return printable(lines[-1]) if lines else f"its process ended ({self.process.returncode})"

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
            thread.join()
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()

    def _write(self) -> None:
        assert self.process.stdin is not None
        with suppress(OSError), self.process.stdin as stdin:  # it has ended, and the inbox says so
            while (data := self._outbox.get()) is not None:
                stdin.write(data)
                stdin.flush()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with suppress(ValueError):  # a line that is no message: of another program
            for text in self.process.stdout:
                self._heard = time.monotonic()
                message = json.loads(text)
                if not isinstance(message, dict):
                    break
                if message != ALIVE:
                    self._inbox.put(Said(self.rank, message))
        self._is_over = True
        self._inbox.put(Said(self.rank, None))


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
