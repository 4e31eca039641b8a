"""Stand-ins for a person and a model: a scripted runtime, streams, an editor."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from qwen3mlx.cli.terminal import Terminal
from qwen3mlx.errors import Qwen3MLXError
from qwen3mlx.events import Finished, Prefill, Timings, Usage
from qwen3mlx.text import Content, Reasoning

USAGE = Usage(prompt_tokens=1200, completion_tokens=30, cached_tokens=1000, reasoning_tokens=20)
TIMINGS = Timings(prefill_s=0.5, ttft_s=0.6, decode_s=2.0, prefill_tokens=200, decode_tokens=29)
FINISHED = Finished("stop", USAGE, TIMINGS)
ANSWER = (Prefill(0, 2), Reasoning("hm"), Content("Hi"), Content(" there"), FINISHED)


class Script:
    """An iterator of events that knows whether it was closed before its end."""

    def __init__(self, events: Iterable[Any]) -> None:
        self.closed = False
        self._events = iter(events)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        event = next(self._events)
        if isinstance(event, Exception):
            raise event
        return event() if callable(event) else event

    def close(self) -> None:
        self.closed = True


@dataclass
class FakeRuntime:
    """Answers with `scripts`, one after the other, then always with ANSWER."""

    scripts: list[Any] = field(default_factory=list)
    calls: list[tuple[Any, dict[str, Any]]] = field(default_factory=list)
    given: list[Script] = field(default_factory=list)
    config: Any = field(default_factory=SimpleNamespace)

    def generate(self, messages_or_prompt: Any, **options: Any) -> Script:
        self.calls.append((messages_or_prompt, options))
        events = self.scripts.pop(0) if self.scripts else ANSWER
        if isinstance(events, Qwen3MLXError):
            raise events
        self.given.append(Script(events))
        return self.given[-1]


class Stream(io.StringIO):
    """Text that was printed, on a terminal or not."""

    def __init__(self, text: str = "", *, tty: bool = False) -> None:
        super().__init__(text)
        self._tty = tty

    def isatty(self) -> bool:
        return self._tty


def fake_terminal(*, tty: bool = False, typed: str = "") -> Terminal:
    return Terminal(Stream(typed, tty=tty), Stream(tty=tty), Stream(tty=tty))


def printed(stream: Any) -> str:
    return str(stream.getvalue())


class FakeEditor:
    """Gives the messages in order, then Ctrl-D; an exception among them is raised."""

    def __init__(self, *messages: str | type[BaseException]) -> None:
        self._messages = iter(messages)

    def read(self) -> str:
        message = next(self._messages, EOFError)
        if isinstance(message, str):
            return message
        raise message


class Recorder:
    """A view that records each kind of output."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, Any]] = []
        self.closed = 0

    def prefill(self, done: int, total: int) -> None:
        self.seen.append(("prefill", (done, total)))

    def reasoning(self, text: str) -> None:
        self.seen.append(("reasoning", text))

    def content(self, text: str) -> None:
        self.seen.append(("content", text))

    def close(self) -> None:
        self.closed += 1
