"""All connections of a server: how many there may be, and which is closed to make room."""

from __future__ import annotations

import resource
import time
from contextlib import suppress
from typing import Any, Protocol

from uvicorn.server import ServerState

from .. import bounds


class Member(Protocol):
    """A connection."""

    @property
    def idle_since(self) -> float | None:
        """When it started to wait for its client, on the monotonic clock; None if it is busy."""

    def check(self, now: float) -> None:
        """Close it if its client has done nothing for too long."""

    def give_way(self) -> None:
        """Close it to make room for another connection."""


class Crowd(ServerState):
    """uvicorn's state, with a limit on the number of `connections`.

    Idle connections never keep out new ones: the longest idle ones are closed.
    """

    def __init__(self, max_connections: int) -> None:
        super().__init__()
        self.capacity = min(max_connections, _places(descriptor_limit()))

    @property
    def members(self) -> list[Member]:
        """A snapshot of all connections."""
        members: list[Any] = list(self.connections)
        return members

    def has_room(self, newcomer: Member) -> bool:
        """Whether `newcomer` fits; idle connections are closed for it."""
        if len(self.connections) > self.capacity:
            self.make_room(newcomer)
        return len(self.connections) <= self.capacity

    def make_room(self, newcomer: Member | None = None) -> None:
        """Close the longest idle connections: a tenth of all, so that this is rarely needed."""
        others = [member for member in self.members if member is not newcomer]
        idle = [(one.idle_since, one) for one in others if one.idle_since is not None]
        idle.sort(key=lambda pair: pair[0])
        for _, member in idle[: max(1, self.capacity // 10)]:
            member.give_way()
            self.connections.discard(member)

    def check(self) -> None:
        """Must be called every second."""
        now = time.monotonic()
        for member in self.members:
            member.check(now)


def raise_descriptor_limit() -> None:
    """Raise the limit to what many connections need, as far as the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = bounds.DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, bounds.DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < most:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def descriptor_limit() -> int:
    """Return this process's limit of descriptors; DESCRIPTORS if there is no limit."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return bounds.DESCRIPTORS if soft == resource.RLIM_INFINITY else soft


def _places(num_descriptors: int) -> int:
    """Half of what files leave: as many connections again may be accepted before one is closed."""
    return max(8, (num_descriptors - 64) // 2)
