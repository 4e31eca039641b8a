"""Makes guessing keys slow: each wrong key is answered later than the one before."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

# Seconds: the first and the longest delay, and when all wrong keys are forgotten.
FIRST, LONGEST, MEMORY = 0.05, 2.0, 60.0


class WrongKeys:
    """Counts wrong keys of all callers together, because an address does not identify who is
    guessing.

    A valid key is never delayed, so no one is locked out. Generated keys are 256 random bits, which
    cannot be guessed; this protects keys that people make up for --api-key.
    """

    def __init__(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._sleep = sleep
        self._count, self._last = 0, 0.0

    async def pause(self) -> None:
        """Delay the reply to a wrong key."""
        now = time.monotonic()
        self._count = 0 if now - self._last > MEMORY else self._count
        pause = min(LONGEST, FIRST * 2.0 ** min(self._count, 10))
        self._count, self._last = self._count + 1, now
        await self._sleep(pause)
