"""The MLX backend that computes: a GPU (Metal, CUDA) or the CPU, which differ in what is fast."""

from __future__ import annotations

import ctypes
import os
import sys

import mlx.core as mx

MEMORY_SHARE = 0.85


def keep_resident() -> None:
    """Keep what this process loads in memory: on Metal, paged-out weights stall every token."""
    if mx.metal.is_available():
        mx.set_wired_limit(int(mx.device_info()["max_recommended_working_set_size"]))


def release_staging_memory() -> None:
    """Return freed memory to the system while a model loads.

    glibc keeps the holes that staging leaves between the weights: 15% of a float32 model.
    """
    mx.clear_cache()
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "malloc_trim"):
        libc.malloc_trim(0)


def on_cpu() -> bool:
    return bool(mx.default_device() == mx.Device(mx.cpu))


def default_memory_limit() -> int:
    """Bytes that this program takes; the rest is for activations and all else on the machine."""
    return int(usable_memory() * MEMORY_SHARE)


def usable_memory() -> int:
    """Bytes: what Metal lets a process keep resident, or else the machine's memory."""
    if mx.metal.is_available():
        return int(mx.device_info()["max_recommended_working_set_size"])
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
