"""Guessing keys is slow: each wrong one is answered later than the one before."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

# Seconds of the first pause and of the longest, and after which all wrong keys are forgotten.
FIRST, LONGEST, MEMORY = 0.05, 2.0, 60.0


class WrongKeys:
    """Of all callers together: an address is no sign of who guesses.

    A right key is never held up, so nobody is locked out. Keys that are made here are 256 random
    bits, which nobody guesses; those that a person thought up for --api-key are what this is for.
    """

    def __init__(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._sleep = sleep
        self._count, self._last = 0, 0.0

    async def pause(self) -> None:
        """A wrong key has come."""
        now = time.monotonic()
        self._count = 0 if now - self._last > MEMORY else self._count
        pause = min(LONGEST, FIRST * 2.0 ** min(self._count, 10))
        self._count, self._last = self._count + 1, now
        await self._sleep(pause)
