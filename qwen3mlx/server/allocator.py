"""How the C library's allocator gives memory back to the system."""

from __future__ import annotations

import ctypes

# Bytes; the values of a large body take a list of 2 MB.
LARGE = 1 << 20
_M_MMAP_THRESHOLD = -3


def return_large_blocks() -> None:
    """From now on, return freed blocks of at least LARGE bytes to the system at once.

    glibc keeps blocks of up to 32 MB once it has seen one of their size freed, and small blocks
    between them pin them for good. Other C libraries return them anyway. See mallopt(3).
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, LARGE)
