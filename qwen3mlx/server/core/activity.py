"""The answers that are running, and the requests that have finished.

Names, numbers and times only: never the text of a prompt or an answer.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Literal

from starlette.datastructures import Headers

from ...engine import Output, PrefillOutput, Token
from ...quoting import printable, shortened

# Finished requests to keep; a listener that falls further behind misses some.
MAX_ENTRIES = 1000
_MAX_CLIENT, _MAX_PATH = 100, 300
# The window polls these every second: successful requests to them are not logged.
_WATCHING = ("/api/qwen3mlx/", "/health", "/metrics")
# The window counts tokens there while a person types.
_COUNTING = "/api/qwen3mlx/tokens"

Phase = Literal["waiting", "prefill", "decode"]


@dataclass(slots=True, eq=False)
class Entry:
    """One HTTP request. `time` is its start in seconds since the epoch, `ms` its duration.

    `id` increases with every finished request. `client` is the User-Agent; `status` is None if the
    client left before there was one. `model` and the token counts are those of its answers, None
    if it had none. `owner` is the caller's (see `caller.py`) and is never sent to a client.
    """

    method: str
    path: str
    client: str
    address: str
    owner: str = ""
    id: int = 0
    time: float = field(default_factory=time.time)
    status: int | None = None
    ms: float = 0.0
    model: str | None = None
    prompt_tokens: int | None = None
    cached_tokens: int | None = None
    completion_tokens: int | None = None

    def count(self, prompt: int, cached: int, completion: int) -> None:
        """Add the tokens of a finished answer. The `n` answers to one prompt share its tokens."""
        self.prompt_tokens = max(self.prompt_tokens or 0, prompt)
        self.cached_tokens = max(self.cached_tokens or 0, cached)
        self.completion_tokens = (self.completion_tokens or 0) + completion


@dataclass(slots=True, eq=False)
class Running:
    """One answer in progress; `entry` is the request it belongs to."""

    id: int
    model: str
    prompt_tokens: int
    entry: Entry | None
    started_at: float = field(default_factory=time.monotonic)
    prefilled_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    first_token_at: float = 0.0
    last_token_at: float = 0.0

    def observe(self, output: Output) -> None:
        """Called on the engine's thread."""
        if isinstance(output, PrefillOutput):
            self.prefilled_tokens, self.cached_tokens = output.done, output.cached
        elif isinstance(output, Token):
            self.last_token_at = time.monotonic()
            self.first_token_at = self.first_token_at or self.last_token_at
            self.completion_tokens += 1

    @property
    def phase(self) -> Phase:
        if self.completion_tokens:
            return "decode"
        return "prefill" if self.prefilled_tokens else "waiting"

    @property
    def tokens_per_second(self) -> float | None:
        """Decoding speed; None before the second token."""
        seconds = self.last_token_at - self.first_token_at
        return (self.completion_tokens - 1) / seconds if seconds > 0 else None


# The HTTP request being handled; None outside of one.
_current: ContextVar[Entry | None] = ContextVar("_current", default=None)


class Activity:
    """Used on the event loop's thread only."""

    def __init__(self) -> None:
        self.running: dict[int, Running] = {}
        self._entries: deque[Entry] = deque(maxlen=MAX_ENTRIES)
        self._num_started = self._num_over = 0
        self._news = asyncio.Event()
        self._closed = False

    def request_started(self, scope: Mapping[str, Any]) -> Entry:
        """`scope` is the ASGI scope of the request."""
        client = Headers(raw=list(scope["headers"])).get("user-agent", "")
        address = shortened(printable((scope.get("client") or ("",))[0]))
        path = shortened(printable(scope["path"]), _MAX_PATH)
        client = shortened(printable(client), _MAX_CLIENT)
        entry = Entry(scope["method"], path, client, address)
        _current.set(entry)
        return entry

    def set_owner(self, owner: str) -> None:
        """Set the owner of the current HTTP request."""
        if (entry := _current.get()) is not None:
            entry.owner = owner

    def request_finished(self, entry: Entry) -> None:
        """Tell the listeners, unless the request was one of the window's own polls."""
        polled = entry.method == "GET" and entry.path.startswith(_WATCHING)
        watched = polled or entry.path == _COUNTING
        if watched and entry.status is not None and entry.status < 400:
            return
        self._num_over += 1
        entry.id = self._num_over
        self._entries.append(entry)
        self._wake()

    def answer_started(self, model: str, prompt_tokens: int) -> Running:
        """Register an answer to the current HTTP request."""
        self._num_started += 1
        running = Running(self._num_started, model, prompt_tokens, _current.get())
        self.running[running.id] = running
        return running

    def answer_finished(self, running: Running) -> None:
        """The answer is complete, cancelled or failed. May be called more than once."""
        if self.running.pop(running.id, None) is not None:
            self.count(
                running.model,
                running.prompt_tokens,
                running.cached_tokens,
                running.completion_tokens,
                entry=running.entry,
            )

    def count(
        self,
        model: str,
        prompt_tokens: int,
        cached_tokens: int = 0,
        completion_tokens: int = 0,
        *,
        entry: Entry | None = None,
    ) -> None:
        """Add tokens to `entry`, or else to the current HTTP request."""
        entry = entry or _current.get()
        if entry is not None:
            entry.model = model
            entry.count(prompt_tokens, cached_tokens, completion_tokens)

    async def entries(self, after: int = 0) -> AsyncGenerator[Entry, None]:
        """The kept entries with ids above `after`, then each new one, until the server closes."""
        while not self._closed:
            news = self._news
            for entry in [entry for entry in self._entries if entry.id > after]:
                after = entry.id
                yield entry
            if news is self._news:
                await news.wait()

    @property
    def is_closed(self) -> bool:
        """Whether the server ends, and with it all that listens."""
        return self._closed

    def close(self) -> None:
        """End all listeners."""
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()
