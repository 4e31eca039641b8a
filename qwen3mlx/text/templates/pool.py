"""Render unknown chat templates in child processes that can be killed.

Children start on demand, are kept for the next template, and exit with this process, which holds
the other end of their sockets.
"""

from __future__ import annotations

import atexit
import json
import signal
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from qwen3mlx.child_process import start_child
from qwen3mlx.errors import InvalidRequestError, OverloadedError, UnavailableError

from ..arguments import Arguments
from .fault import TemplateFault
from .worker import OUT_OF_MEMORY, READY, memory_for, most_characters

# Seconds of CPU time that a render may take, plus an allowance per megabyte of input.
SECONDS = 1.0
SECONDS_FOR_A_MEGABYTE = 0.2
# Seconds of wall-clock time, for a computer that is busy with other things.
PATIENCE = 8.0
START_PATIENCE = 20.0
# Renders of one template run one after the other. If one takes longer than this many seconds,
# others stop waiting for it.
TURN = 1.0
MOST_CHILDREN = 4

_POLL = 0.05
# Memory of an idle child.
_IDLE_BYTES = 64 << 20
_TOO_LARGE = "it needs more than {} MB of memory"


class ChildTemplate:
    """Like `JinjaTemplate`, but in a child process, where it may compute for `seconds`.

    Raises TemplateFault, also if it is stopped; OverloadedError if it does not get its turn;
    UnavailableError if no child can be started.
    """

    def __init__(self, text: str, seconds: float = SECONDS) -> None:
        self._text = text
        self._seconds = seconds
        self._ask(None)

    def render(self, context: Mapping[str, Any]) -> str:
        """Render the template. Also raises InvalidRequestError for a context that is not JSON."""
        return self._ask(context)

    def _ask(self, context: Mapping[str, Any] | None) -> str:
        request = {
            "template": self._text,
            "context": context,
            "arguments": [] if context is None else list(_arguments(context)),
        }
        try:
            line = json.dumps(request).encode() + b"\n"
        except (TypeError, ValueError, RecursionError) as error:
            raise InvalidRequestError(
                "messages, tools and chat_template_kwargs must be JSON for this model's chat "
                f"template ({error}).",
                param="chat_template_kwargs",
            ) from None
        seconds = self._seconds + SECONDS_FOR_A_MEGABYTE * len(line) / 1e6
        reply = _POOL.ask(self._text, line, seconds)
        if "refusal" in reply:
            raise InvalidRequestError(reply["refusal"], param="messages")
        if "fault" in reply:
            raise TemplateFault(reply["fault"], reply["line"])
        return str(reply["text"])


def close() -> None:
    """Kill the children now. The next render starts another one."""
    _POOL.close()


class _Pool:
    """Idle and busy children; `_since` holds when the render of each template began."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._children: set[_Child] = set()
        self._idle: list[_Child] = []
        self._since: dict[str, float] = {}

    def ask(self, template: str, line: bytes, seconds: float) -> dict[str, Any]:
        """Return the reply to `line`, which renders `template`."""
        self._wait_for_turn(template)
        child: _Child | None = None
        try:
            child = self._child()
            self._begins(template, time.monotonic())
            reply = child.ask(line, seconds)
        except BaseException:
            if child is not None:
                child.end()
            self._is_over(template, child)
            raise
        self._is_over(template, child)
        return reply

    def close(self) -> None:
        with self._changed:
            idle, self._idle = self._idle, []
            busy = self._children - set(idle)
            self._children.clear()
        for child in idle:
            child.end()
        for child in busy:
            child.kill()

    def _wait_for_turn(self, template: str) -> None:
        with self._changed:
            while (since := self._since_of_other(template)) is not None:
                patience = since + TURN - time.monotonic()
                if patience <= 0:
                    raise OverloadedError(
                        "This model's chat template is still busy with another request: try "
                        "again later."
                    )
                self._changed.wait(patience)
            # The template is not to blame for a child that does not start.
            self._since[template] = time.monotonic() + START_PATIENCE

    def _since_of_other(self, template: str) -> float | None:
        """Return the start time of the render that blocks one of `template`."""
        if template in self._since:
            return self._since[template]
        return max(self._since.values()) if len(self._since) >= MOST_CHILDREN else None

    def _begins(self, template: str, now: float) -> None:
        with self._changed:
            self._since[template] = now
            self._changed.notify_all()

    def _is_over(self, template: str, child: _Child | None) -> None:
        with self._changed:
            del self._since[template]
            if child in self._children and child.is_alive:
                self._idle.append(child)
            else:
                self._children.discard(child)
            self._changed.notify_all()

    def _child(self) -> _Child:
        with self._changed:
            while self._idle:
                child = self._idle.pop()
                if child.is_alive:
                    return child
                child.end()
                self._children.discard(child)
        child = _Child()
        with self._changed:
            self._children.add(child)
        return child


class _Child:
    """One process, and our end of its socket."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        try:
            with theirs:
                self._process = start_child(
                    "qwen3mlx.text.templates.worker", stdin=theirs.fileno(), stdout=theirs.fileno()
                )
        except OSError as error:
            self._socket.close()
            raise UnavailableError(
                f"No process could be started for the chat template ({error.strerror})."
            ) from None
        try:
            self._read_line(START_PATIENCE, len(READY), memory_for(0))
        except BaseException:
            self.end()
            raise

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, line: bytes, seconds: float) -> dict[str, Any]:
        """Raises TemplateFault if the child had to be killed, or exited by itself.

        Raises UnavailableError if someone else killed it.
        """
        num_bytes = memory_for(len(line))
        try:
            self._socket.settimeout(PATIENCE)
            self._socket.sendall(f"{seconds}\n".encode() + line)
            # JSON takes at most 12 bytes per character.
            reply = self._read_line(PATIENCE, 1000 + 12 * most_characters(len(line)), num_bytes)
        except TimeoutError:
            raise OverloadedError("The computer is too busy to render a chat template.") from None
        except MemoryError:
            raise TemplateFault(_TOO_LARGE.format(num_bytes >> 20)) from None
        except OSError:
            raise self._why_it_ended(num_bytes, seconds) from None
        return dict(json.loads(reply))

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def end(self) -> None:
        """Kill the child. Must not be called while another thread reads from it."""
        self.kill()
        self._socket.close()

    def _read_line(self, patience: float, most: int, num_bytes: int) -> bytes:
        """Read at most `most` bytes from a child that may use at most `num_bytes` of memory.

        Raises MemoryError if it exceeds them, TimeoutError, and OSError if the child exits.
        """
        deadline = time.monotonic() + patience
        self._socket.settimeout(_POLL)
        line = bytearray()
        while not line.endswith(b"\n"):
            try:
                piece = self._socket.recv(1 << 16)
            except TimeoutError:
                if self._resident_bytes() > num_bytes + _IDLE_BYTES:
                    raise MemoryError from None
            else:
                line += piece
                if not piece:
                    raise ConnectionError
                if len(line) > most:
                    raise MemoryError
            if time.monotonic() > deadline:
                raise TimeoutError
        return bytes(line)

    def _resident_bytes(self) -> int:
        from psutil import NoSuchProcess, Process

        with suppress(NoSuchProcess):
            return int(Process(self._process.pid).memory_info().rss)
        return 0

    def _why_it_ended(self, num_bytes: int, seconds: float) -> TemplateFault | UnavailableError:
        self.kill()
        code = self._process.returncode
        if code == -signal.SIGKILL:  # by `close`, or by the system when memory is short
            return UnavailableError(
                "The process that renders chat templates was killed: try again."
            )
        if code == -signal.SIGPROF:
            return TemplateFault(f"it computes for more than {seconds:.1f} seconds")
        if code == OUT_OF_MEMORY:
            return TemplateFault(_TOO_LARGE.format(num_bytes >> 20))
        return TemplateFault(f"its process exited with code {code}")


def _arguments(context: Mapping[str, Any]) -> Iterator[tuple[int, int, str]]:
    """Return the messages' tool-call Arguments and their text."""
    for i, message in enumerate(context.get("messages", ())):
        for j, call in enumerate(message.get("tool_calls") or ()):
            arguments = call.get("function", call).get("arguments")
            if isinstance(arguments, Arguments):
                yield i, j, arguments.text


_POOL = _Pool()
atexit.register(close)
