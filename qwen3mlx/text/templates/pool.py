"""Chat templates of strangers, rendered by child processes that can be ended.

Children are started when they are needed, kept for the next template, and end with this process:
each lives from what comes through its socket.
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

# Seconds of computing that a render may take, and for each megabyte that it is given.
SECONDS = 1.0
SECONDS_FOR_A_MEGABYTE = 0.2
# Seconds by the clock, for a computer that is busy with other things.
PATIENCE = 8.0
START_PATIENCE = 20.0
# Renders of one template come one after the other. While one takes longer than so many seconds,
# no other waits for it.
TURN = 1.0
MOST_CHILDREN = 4

_POLL = 0.05
# What a child takes that does nothing.
_IDLE_BYTES = 64 << 20
_TOO_LARGE = "it needs more than {} MB of memory"


class ChildTemplate:
    """As `JinjaTemplate`, in a child process, where it may compute for some `seconds`.

    Raises TemplateFault, also when it is stopped; OverloadedError when it does not get its turn;
    UnavailableError when there can be no child.
    """

    def __init__(self, text: str, seconds: float = SECONDS) -> None:
        self._text = text
        self._seconds = seconds
        self._ask(None)

    def render(self, context: Mapping[str, Any]) -> str:
        """InvalidRequestError also for a context that is no JSON."""
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
    """End the children now. The next render starts another."""
    _POOL.close()


class _Pool:
    """Children, idle and busy; `_since` has when the render of each template began."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._children: set[_Child] = set()
        self._idle: list[_Child] = []
        self._since: dict[str, float] = {}

    def ask(self, template: str, line: bytes, seconds: float) -> dict[str, Any]:
        """The reply to `line`, in which `template` is rendered."""
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
                        "The chat template of this model takes long for another request: try "
                        "again later."
                    )
                self._changed.wait(patience)
            # The start of a child is not its fault.
            self._since[template] = time.monotonic() + START_PATIENCE

    def _since_of_other(self, template: str) -> float | None:
        """When the render began that must end before one of `template` can begin."""
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
        """Raises TemplateFault where the child had to be ended, or ended itself.

        UnavailableError where others ended it.
        """
        num_bytes = memory_for(len(line))
        try:
            self._socket.settimeout(PATIENCE)
            self._socket.sendall(f"{seconds}\n".encode() + line)
            # JSON writes a character in at most 12 bytes.
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
        """Not while another thread reads from it."""
        self.kill()
        self._socket.close()

    def _read_line(self, patience: float, most: int, num_bytes: int) -> bytes:
        """Of at most `most` bytes, from a child of at most `num_bytes`.

        Raises MemoryError where it is more, TimeoutError, OSError where the child ends.
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
        if code == -signal.SIGKILL:  # by `close`, or by the system where memory is short
            return UnavailableError("The process that renders chat templates was ended: try again.")
        if code == -signal.SIGPROF:
            return TemplateFault(f"it computes for more than {seconds:.1f} seconds")
        if code == OUT_OF_MEMORY:
            return TemplateFault(_TOO_LARGE.format(num_bytes >> 20))
        return TemplateFault(f"its process ended with code {code}")


def _arguments(context: Mapping[str, Any]) -> Iterator[tuple[int, int, str]]:
    """Of its messages, where a tool call has Arguments, and their text."""
    for i, message in enumerate(context.get("messages", ())):
        for j, call in enumerate(message.get("tool_calls") or ()):
            arguments = call.get("function", call).get("arguments")
            if isinstance(arguments, Arguments):
                yield i, j, arguments.text


_POOL = _Pool()
atexit.register(close)
