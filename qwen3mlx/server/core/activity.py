"""What the server is doing and has done: the answers that run, the requests that are over.

Names, numbers and times only: never what was asked or answered.
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

from ...engine import Output, Prefilled, Token
from ...quoting import printable, shortened

# Entries that are kept; a listener that falls further behind misses some.
MAX_ENTRIES = 1000
_MAX_CLIENT, _MAX_PATH = 100, 300
# Where the window looks every second; what it sees there is not news.
_WATCHING = ("/api/qwen3mlx/", "/health", "/metrics")

Phase = Literal["waiting", "prefill", "decode"]


@dataclass(slots=True, eq=False)
class Entry:
    """One HTTP request. `time` is when it began (since the epoch), `ms` how long it took.

    `id` rises with each that is over. `client` is its User-Agent, `address` where it came from;
    `status` is None where the client left before there was one. Model and tokens are those of its
    answers, None without any. `owner` is whose it is, see `caller.py`; it is told nobody.
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
        """Add the tokens of an answer that is over; the `n` answers of one prompt share it."""
        self.prompt_tokens = max(self.prompt_tokens or 0, prompt)
        self.cached_tokens = max(self.cached_tokens or 0, cached)
        self.completion_tokens = (self.completion_tokens or 0) + completion


@dataclass(slots=True, eq=False)
class Running:
    """One answer while it is made; `entry` is the request it belongs to."""

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
        if isinstance(output, Prefilled):
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
        """Of decode; None before the second token."""
        seconds = self.last_token_at - self.first_token_at
        return (self.completion_tokens - 1) / seconds if seconds > 0 else None


# The HTTP request that code runs for; None outside of any.
_current: ContextVar[Entry | None] = ContextVar("_current", default=None)


class Activity:
    """Belongs to the event loop's thread."""

    def __init__(self) -> None:
        self.running: dict[int, Running] = {}
        self._entries: deque[Entry] = deque(maxlen=MAX_ENTRIES)
        self._num_started = self._num_over = 0
        self._news = asyncio.Event()
        self._closed = False

    def begin(self, scope: Mapping[str, Any]) -> Entry:
        """An HTTP request has come; `scope` is ASGI's."""
        client = Headers(raw=list(scope["headers"])).get("user-agent", "")
        address = shortened(printable((scope.get("client") or ("",))[0]))
        path = shortened(printable(scope["path"]), _MAX_PATH)
        client = shortened(printable(client), _MAX_CLIENT)
        entry = Entry(scope["method"], path, client, address)
        _current.set(entry)
        return entry

    def belongs_to(self, owner: str) -> None:
        """The current HTTP request does."""
        if (entry := _current.get()) is not None:
            entry.owner = owner

    def end(self, entry: Entry) -> None:
        """It is over: listeners hear of it, unless it was one of theirs."""
        watched = entry.method == "GET" and entry.path.startswith(_WATCHING)
        if watched and entry.status is not None and entry.status < 400:
            return
        self._num_over += 1
        entry.id = self._num_over
        self._entries.append(entry)
        self._wake()

    def start(self, model: str, prompt_tokens: int) -> Running:
        """An answer to the current HTTP request is begun."""
        self._num_started += 1
        running = Running(self._num_started, model, prompt_tokens, _current.get())
        self.running[running.id] = running
        return running

    def stop(self, running: Running) -> None:
        """The answer is complete, cancelled or failed; more than once does no harm."""
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
        """Tokens for `entry`, else for the current HTTP request."""
        entry = entry or _current.get()
        if entry is not None:
            entry.model = model
            entry.count(prompt_tokens, cached_tokens, completion_tokens)

    async def entries(
        self, after: int = 0, patience: float = 15.0
    ) -> AsyncGenerator[Entry | None, None]:
        """Those kept whose id is above `after`, then each new one, until the server closes.

        None every `patience` seconds in which there was nothing new.
        """
        while not self._closed:
            news = self._news
            for entry in [entry for entry in self._entries if entry.id > after]:
                after = entry.id
                yield entry
            try:
                if news is self._news:
                    await asyncio.wait_for(news.wait(), patience)
            except asyncio.TimeoutError:
                yield None

    def close(self) -> None:
        """Listeners are let go."""
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()
