"""The engine's side of the grammar processes."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import threading
import time
import weakref
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..child_process import start_child
from ..errors import CheckpointError, InvalidRequestError, OverloadedError, UnavailableError
from ..request_warnings import warn
from .wire import LIMITS, Demand, Limits

if TYPE_CHECKING:
    import socket
    from multiprocessing.connection import Connection

# Wall-clock seconds, for a computer that is busy with other things.
PATIENCE = 20.0
START_PATIENCE = 60.0
# Seconds after which a grammar is logged as slow.
SLOW_SECONDS = 0.5

_POLL_SECONDS = 0.05
_ENDED = "The grammar process exited: try again."

_log = logging.getLogger(__name__)
# Limits for all running and waiting answers: each has a process of some megabytes, and together
# they may use this many bytes, counted when each grammar was compiled.
MOST_ANSWERS = 64
MOST_BYTES = 512 << 20

_live: weakref.WeakSet[GrammarProcess] = weakref.WeakSet()
_answers: weakref.WeakSet[AnswerConstraint] = weakref.WeakSet()
_answers_lock = threading.Lock()


class GrammarProcess:
    """A child process that knows a model's vocabulary, and one copy of it per answer.

    It starts with the first answer and exits with this object. Thread-safe.
    """

    def __init__(
        self,
        folder: Path,
        vocab_size: int,
        stop_ids: Collection[int],
        limits: Limits = LIMITS,
    ) -> None:
        said = {"folder": str(folder), "vocab_size": vocab_size, "stop_ids": sorted(stop_ids)}
        self._folder = folder
        self._first_line = json.dumps({**said, "limits": limits._asdict()}).encode() + b"\n"
        self._limits = limits
        self._lock = threading.Lock()
        self._is_closed = False
        self._control: socket.socket | None = None
        self._end: weakref.finalize[..., GrammarProcess] | None = None
        self.process: subprocess.Popen[bytes] | None = None
        _live.add(self)

    def constraint(self, demand: Demand) -> AnswerConstraint:
        """Compile the constraints of one answer.

        Raises InvalidRequestError for constraints that cannot be followed or would take too much;
        OverloadedError if there are too many already; UnavailableError once this is closed;
        CheckpointError if the folder is gone before the process has read it.
        """
        data = demand.to_json()
        start = time.perf_counter()
        with self._lock:
            if len(_answers) >= MOST_ANSWERS:
                raise OverloadedError(
                    f"Too many answers with tools or constraints are in progress ({MOST_ANSWERS}): "
                    "try again later."
                )
            constraint = AnswerConstraint(self._copy(), demand.param, self._limits)
        try:
            constraint.begin(data)
        except InvalidRequestError:
            self._check_alive()
            raise
        seconds = time.perf_counter() - start
        if seconds > SLOW_SECONDS:
            _log.info("The grammar for %s took %.1f seconds.", demand.param, seconds)
        return constraint

    def close(self) -> None:
        """Kill the process and its copies."""
        self._is_closed = True
        self._stop()

    def _check_open(self) -> None:
        if self._is_closed:
            raise UnavailableError("The server is shutting down.")

    def _check_alive(self) -> None:
        """Check that the process itself did not exit."""
        self._check_open()
        if self.process is None or self.process.poll() is not None:
            raise UnavailableError(_ENDED)

    def _copy(self) -> Connection:
        """Return our end of a new copy's connection."""
        import socket
        from multiprocessing.connection import Connection

        for _ in range(2):
            self._check_open()
            if self._control is None:
                self._control = self._started()
            ours, theirs = socket.socketpair()
            with theirs:
                try:
                    socket.send_fds(self._control, [b"1"], [theirs.fileno()])
                    return Connection(ours.detach())
                except OSError:  # it has exited in the meantime
                    ours.close()
                    self._stop()
        raise UnavailableError(_ENDED)

    def _started(self) -> socket.socket:
        import socket

        if not self._folder.is_dir():
            raise CheckpointError(
                f"{self._folder} was moved or deleted, but tools and schemas need its "
                "tokenizer.json: put it back."
            )
        control, theirs = socket.socketpair()
        with theirs:
            try:
                self.process = start_child("qwen3mlx.grammar.child", stdin=theirs.fileno())
            except OSError as error:
                control.close()
                raise UnavailableError(
                    f"No process could be started for grammars ({error.strerror}): try again later."
                ) from None
        self._end = weakref.finalize(self, _end, self.process, control)
        control.settimeout(START_PATIENCE)
        try:
            control.sendall(self._first_line)
            ready = control.recv(1)
        except OSError:
            ready = b""
        if not ready:
            self._stop()
            raise UnavailableError("The grammar process did not start: try again.")
        return control

    def _stop(self) -> None:
        self._control = self.process = None
        if self._end is not None:
            self._end()


def processes() -> list[subprocess.Popen[bytes]]:
    """Return the running processes, one per model."""
    return [each.process for each in _live if each.process is not None]


def _end(process: subprocess.Popen[bytes], control: socket.socket) -> None:
    control.close()
    if process.poll() is None:  # otherwise its copies may keep running
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


class AnswerConstraint:
    """Decides what may come next in one answer, using a process that exits with this object.

    Raises InvalidRequestError, from then on every time, once the answer cannot continue because of
    the grammar or its cost.
    """

    def __init__(self, connection: Connection, param: str, limits: Limits) -> None:
        self._connection = connection
        self._limits = limits
        self._param = param
        self._mask: bytes | None = None
        self._waits_for: int | None = None
        self._is_unchecked = False
        self._announced: int | None = None
        self._error: tuple[str, str | None] | None = None
        self.grown_bytes = 0
        with _answers_lock:
            _answers.add(self)

    def begin(self, demand: bytes) -> None:
        """Start. Raises InvalidRequestError, which names the field being read.

        Raises OverloadedError if the grammars of all answers take too much memory.
        """
        self._ask(demand)
        with _answers_lock:
            taken = sum(answer.grown_bytes for answer in _answers)
        if taken > MOST_BYTES:
            self._connection.close()
            _answers.discard(self)
            raise OverloadedError(
                "The grammars of all answers together exceed the memory limit: try again later."
            )

    @property
    def is_unchecked(self) -> bool:
        """Whether the last tokens may still be taken back."""
        return self._is_unchecked

    def mask(self) -> bytes | None:
        """Return a bit for each id that may come next, lowest first, in 32-bit words; None: all
        may.
        """
        self._raise_error()
        return self._mask

    def announce(self, token_id: int) -> None:
        """Let the process start on the tokens that `observe` will be called with next."""
        if self._error is None and self._waits_for in (None, token_id):
            self._announced = token_id
            with suppress(OSError):  # `observe` raises the error
                self._connection.send_bytes(token_id.to_bytes(8, "little"))

    def observe(self, token_id: int) -> int:
        """Take a token; return how many are taken back, including this one."""
        self._raise_error()
        if self._waits_for not in (None, token_id):
            return 0
        announced, self._announced = self._announced, None
        if announced is None:
            return self._ask(token_id.to_bytes(8, "little"))
        if announced != token_id:
            self._fail(f"{self._param} was expected to be followed by another token.", self._param)
        return self._hear_step()

    def _ask(self, message: bytes) -> int:
        with suppress(OSError):  # what it sent before it exited can still be read
            self._connection.send_bytes(message)
        return self._hear_step()

    def _hear_step(self) -> int:
        try:
            while "taken_back" not in (said := json.loads(self._receive())):
                self._hear(said)
            if said["mask"] == "none":
                self._mask = None
            elif said["mask"] == "new":
                self._mask = self._receive()
        except (EOFError, OSError):
            self._fail(self._limits.exceeded(self._param), self._param)
        self._is_unchecked, self._waits_for = said["is_unchecked"], said["waits_for"]
        return int(said["taken_back"])

    def _receive(self) -> bytes:
        deadline = time.monotonic() + PATIENCE
        while not self._connection.poll(_POLL_SECONDS):
            if time.monotonic() > deadline:
                self._connection.close()
                raise OverloadedError("The computer is too busy to follow a grammar: try again.")
        return self._connection.recv_bytes()

    def _hear(self, said: dict[str, Any]) -> None:
        if "error" in said:
            self._fail(said["error"], said["param"])
        if "fault" in said:
            _log.error("%s could not be read:\n%s", self._param, said["fault"])
            self._fail(f"{self._param} cannot be enforced: reading it failed.", self._param)
        self._param = said.get("field", self._param)
        self.grown_bytes = said.get("grown_bytes", self.grown_bytes)
        for warning in said.get("warnings", ()):
            warn(warning)

    def _fail(self, message: str, param: str | None) -> None:
        self._connection.close()
        _answers.discard(self)
        self._error = message, param
        self._raise_error()

    def _raise_error(self) -> None:
        if self._error is not None:
            message, param = self._error
            raise InvalidRequestError(message, param=param)
