"""The process between the host and one MCP server: it bounds what the server writes, and ends it.

A server that is started through a launcher (npx, uvx) often outlives both. So the server and its
launcher share this process's group, and the whole group is killed once the host closes our stdin,
which the system also does when the host is killed.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO, NamedTuple

from ..quoting import printable

# Environment variable with the job: unlike arguments, only this user can see it.
VARIABLE = "QWEN3MLX_MCP_SERVER"
# Bytes of one message, and of the log; the older half of a full log is dropped.
LARGEST_MESSAGE = 16 << 20
LARGEST_LOG = 256 << 10
# Bytes of a line in the log.
LONGEST_LINE = 4096
# Lines on stdout that are no message, after which the server is ended.
MOST_GARBAGE = 1000
# A line costs 1, and 1 more for each COST bytes: that many per second, after a burst.
RATE, BURST, COST = 500, 4000, 16 << 10
# Seconds for the server to exit by itself, and after SIGTERM.
PATIENCE, LAST_PATIENCE = 1.0, 0.5


class Job(NamedTuple):
    """The server to start; `env` is its whole environment, `log` the file with what it says."""

    command: Sequence[str]
    env: Mapping[str, str]
    cwd: str
    log: str


def main() -> None:
    """Run the job until stdin ends or the server does; then kill the group, this process too."""
    if os.getpgrp() != os.getpid():
        os.setpgid(0, 0)
    job = Job(**json.loads(os.environ.pop(VARIABLE)))
    log = _Log(job.log)
    log.write(f"starting {job.command[0]}")
    pipe = subprocess.PIPE
    try:
        server = subprocess.Popen(
            job.command, env=job.env, cwd=job.cwd, stdin=pipe, stdout=pipe, stderr=pipe
        )
    except OSError as error:
        log.write(f"cannot be started: {error.strerror}")
        return
    over = threading.Event()
    for work in (_feed, _relay, _note_errors, _wait_for):
        threading.Thread(target=work, args=(over, server, log), daemon=True).start()
    over.wait()
    _end(server, log)


def _feed(over: threading.Event, server: subprocess.Popen[bytes], log: _Log) -> None:
    """Pass the host's messages on, until the host is gone or wants no more."""
    assert server.stdin
    try:
        while data := os.read(0, 1 << 16):
            server.stdin.write(data)
            server.stdin.flush()
    except OSError:
        return  # the server no longer reads; how it ends is noticed elsewhere
    with suppress(OSError):
        server.stdin.close()
    over.set()


def _wait_for(over: threading.Event, server: subprocess.Popen[bytes], log: _Log) -> None:
    server.wait()
    time.sleep(0.1)  # its last words are still being relayed
    over.set()


def _relay(over: threading.Event, server: subprocess.Popen[bytes], log: _Log) -> None:
    """Pass the server's messages on; without them, or with too much else, it has to end."""
    with suppress(OSError):
        assert server.stdout
        if fault := _relay_messages(server.stdout, log):
            log.write(f"{fault}, and was ended")
    over.set()


def _relay_messages(stdout: IO[bytes], log: _Log) -> str | None:
    """Return why the server has to be ended, or None when it has nothing more to say."""
    num_garbage, throttle = 0, _Throttle()
    while line := stdout.readline(LARGEST_MESSAGE + 1):
        throttle.pay(len(line))
        if len(line) > LARGEST_MESSAGE:
            return f"it wrote a message of more than {LARGEST_MESSAGE >> 20} MB"
        if line.lstrip()[:1] in (b"{", b"["):
            _write_all(line)
            continue
        log.write(f"stdout: {_text(line)}")
        num_garbage += bool(line.strip())
        if num_garbage > MOST_GARBAGE:
            return "it wrote what are not messages to stdout"
    return None


def _write_all(data: bytes) -> None:
    while data:
        data = data[os.write(1, data) :]


def _note_errors(over: threading.Event, server: subprocess.Popen[bytes], log: _Log) -> None:
    assert server.stderr
    throttle = _Throttle()
    while line := server.stderr.readline(LONGEST_LINE):
        throttle.pay(len(line))
        log.write(_text(line))


def _text(line: bytes) -> str:
    return printable(line[:LONGEST_LINE].decode("utf-8", "replace").rstrip())


def _end(server: subprocess.Popen[bytes], log: _Log) -> None:
    """End the server politely, then everything that it has started."""
    if not _has_ended(server, PATIENCE):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.killpg(0, signal.SIGTERM)
        _has_ended(server, LAST_PATIENCE)
    code = server.poll()
    log.write("killed" if code is None else f"ended with {code}")
    os.killpg(0, signal.SIGKILL)


def _has_ended(server: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        server.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


class _Throttle:
    """Makes a server that floods wait, instead of all others."""

    def __init__(self) -> None:
        self._left, self._at = float(BURST), time.monotonic()

    def pay(self, num_bytes: int) -> None:
        now = time.monotonic()
        self._left = min(BURST, self._left + (now - self._at) * RATE)
        self._at = now
        self._left -= 1 + num_bytes / COST
        if self._left < 0:
            time.sleep(min(1.0, -self._left / RATE))


class _Log:
    """Appends lines with the time to a file that only its owner can read."""

    def __init__(self, path: str) -> None:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        self._file = open(descriptor, "r+b", buffering=0)  # noqa: SIM115  # until the end
        self._lock = threading.Lock()

    def write(self, text: str) -> None:
        line = f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}\n".encode("utf-8", "replace")
        with self._lock:
            size = self._file.seek(0, os.SEEK_END)
            if size + len(line) > LARGEST_LOG:
                self._drop_older_half(size)
            self._file.write(line)

    def _drop_older_half(self, size: int) -> None:
        self._file.seek(size // 2)
        _, _, kept = self._file.read().partition(b"\n")
        self._file.seek(0)
        self._file.truncate()
        self._file.write(kept)
