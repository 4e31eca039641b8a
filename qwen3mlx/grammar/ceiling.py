"""A memory limit for a copy of the grammar process."""

from __future__ import annotations

import os
import resource
import sys
import threading
import time


class Ceiling:
    """Lets the process grow by this many bytes from now on; beyond that it fails or exits.

    Only Linux enforces a limit on allocations, which then fail. Elsewhere a thread watches usage.
    """

    def __init__(self, num_bytes: int) -> None:
        self._start = _taken_bytes()
        self._most = self._start + num_bytes
        self._is_watched = False
        self._apply()

    @property
    def grown_bytes(self) -> int:
        """Return the growth since then."""
        return max(0, _taken_bytes() - self._start)

    def lower(self, num_bytes: int) -> None:
        """Allow at most this much growth from the current size."""
        self._most = min(self._most, _taken_bytes() + num_bytes)
        self._apply()

    def _apply(self) -> None:
        if sys.platform == "linux":
            _, hard = resource.getrlimit(resource.RLIMIT_DATA)
            most = self._most if hard == resource.RLIM_INFINITY else min(self._most, hard)
            resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
        elif not self._is_watched:
            self._is_watched = True
            threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while _taken_bytes() < self._most:
            time.sleep(0.05)
        os._exit(1)


def _taken_bytes() -> int:
    """Return private memory on Linux, as RLIMIT_DATA counts it; elsewhere the peak size."""
    if sys.platform == "linux":
        with open("/proc/self/statm") as file:
            return int(file.read().split()[5]) * resource.getpagesize()
    else:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
