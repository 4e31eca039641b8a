"""How much memory a copy of the grammars' process may take."""

from __future__ import annotations

import os
import resource
import sys
import threading
import time


class Ceiling:
    """So many bytes more than this process has when it is made; beyond, it fails or ends.

    Only Linux minds what may be asked for: there an allocation fails. Elsewhere a thread watches.
    """

    def __init__(self, num_bytes: int) -> None:
        self._start = _taken_bytes()
        self._most = self._start + num_bytes
        self._is_watched = False
        self._apply()

    @property
    def grown_bytes(self) -> int:
        """What it has taken since."""
        return max(0, _taken_bytes() - self._start)

    def lower(self, num_bytes: int) -> None:
        """From now on, at most so many bytes more than there are now."""
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
    """Private memory on Linux, as RLIMIT_DATA counts it; elsewhere the most pages so far."""
    if sys.platform == "linux":
        with open("/proc/self/statm") as file:
            return int(file.read().split()[5]) * resource.getpagesize()
    else:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
