"""The server: its state, what it works on, and who may use it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ServerPhase = Literal["stopped", "starting", "ready", "failed", "stopping"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerState:
    """The server's state, with its `url` while it is ready, or the `reason` why it failed."""

    phase: ServerPhase
    url: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Bytes of the server's memory, by purpose."""

    limit_bytes: int
    weight_bytes: int
    kv_bytes: int
    prefix_cache_bytes: int
    free_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningRequest:
    """A request that the server is working on, whoever sent it."""

    id: int
    model: str
    path: str | None
    client: str | None
    address: str | None
    phase: Literal["waiting", "prefill", "decode"]
    prompt_tokens: int
    prefilled_tokens: int
    cached_tokens: int
    completion_tokens: int
    tokens_per_second: float | None
    age: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """A finished request; `time` in Unix seconds."""

    id: int
    time: float
    method: str
    path: str
    client: str
    address: str
    status: int | None
    ms: float
    model: str | None
    prompt_tokens: int | None
    cached_tokens: int | None
    completion_tokens: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """`scope` is inference, models (inference and managing models) or admin (everything).

    `created` and `last_used`: ISO 8601, UTC.
    """

    name: str
    scope: str
    created: str
    last_used: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """What the server starts with, in GB and seconds; None lets the server choose.

    `source` is the hub that comes first: `hf`, `modelscope` or `kaggle`.
    """

    port: int
    source: str
    allow_origin: tuple[str, ...]
    ttl: float
    memory_limit: float | None
    prefix_cache: float | None
    max_running: int | None
    max_waiting: int | None
