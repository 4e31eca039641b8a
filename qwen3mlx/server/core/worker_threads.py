"""Work on requests, done beside the event loop; slow work leaves threads for others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from ...errors import OverloadedError

P = ParamSpec("P")
T = TypeVar("T")

# Texts with more than LONG characters are processed READING at a time.
LONG = 100_000
READING = 2
# How many grammars compile at a time, which can take seconds each, and how many can wait.
COMPILING = 2
MOST_WAITING = 32


class WorkerThreads:
    def __init__(self) -> None:
        self._may_read = asyncio.Semaphore(READING)
        self._may_compile = asyncio.Semaphore(COMPILING)
        self._num_compiling = 0

    async def read(
        self, num_characters: int, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `function` on a worker thread; `num_characters` is how much it has to process."""
        if num_characters <= LONG:
            return await asyncio.to_thread(function, *args, **kwargs)
        async with self._may_read:
            return await asyncio.to_thread(function, *args, **kwargs)

    async def compile(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `function`, which compiles a grammar. Raises OverloadedError if too many wait."""
        if self._num_compiling >= COMPILING + MOST_WAITING:
            raise OverloadedError(
                f"{MOST_WAITING} requests with tools or structured output are waiting to be "
                "prepared; try again later."
            )
        self._num_compiling += 1
        try:
            async with self._may_compile:
                return await asyncio.to_thread(function, *args, **kwargs)
        finally:
            self._num_compiling -= 1
