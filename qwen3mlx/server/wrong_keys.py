"""Guessing keys is slow: whoever sends wrong ones waits for each refusal, longer each time."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable

# Seconds of the first pause, of the longest, and after which a wrong key is forgotten.
FIRST, LONGEST, MEMORY = 0.05, 2.0, 60.0
# Peers that are remembered.
_MOST = 1024


class WrongKeys:
    """By peer: its address. A right key is never held up, so that nobody is locked out.

    Keys that are made here are 256 random bits, which nobody guesses; those that a person thought
    up for --api-key are what this is for.
    """

    def __init__(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._sleep = sleep
        self._peers: OrderedDict[str, tuple[int, float]] = OrderedDict()

    async def pause(self, peer: str) -> None:
        """A wrong key came from there."""
        count, last = self._peers.pop(peer, (0, 0.0))
        now = time.monotonic()
        count = 1 if now - last > MEMORY else count + 1
        self._peers[peer] = count, now
        if len(self._peers) > _MOST:
            self._peers.popitem(last=False)
        await self._sleep(min(LONGEST, FIRST * 2 ** min(count - 1, 10)))
