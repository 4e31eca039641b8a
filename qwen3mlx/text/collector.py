"""Python's collector of garbage, paused while many objects are made and none is garbage."""

from __future__ import annotations

import gc
import threading


class _Pause:
    """Threads may pause it at the same time: the last one restores it.

    It would look at each of the new objects again and again. What has no cycles is freed as ever.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._num_inside = 0
        self._was_enabled = False

    def __enter__(self) -> None:
        with self._lock:
            if not self._num_inside:
                self._was_enabled = gc.isenabled()
                gc.disable()
            self._num_inside += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._num_inside -= 1
            if self._was_enabled and not self._num_inside:
                gc.enable()


collector_paused = _Pause()
