"""The MLX backend that computes: a GPU (Metal, CUDA) or the CPU, which differ in what is fast."""

from __future__ import annotations

import ctypes
import os
import sys

import mlx.core as mx

from ..config.memory import kept_when_freed, memory_limit
from ..settings.table import COMMAND_BUFFER_VARIABLES

# Kernels that MLX hands to a GPU at once. With its own 40 or 50, a step of a small model is so few
# command buffers that those of the step before still hold its keys and values when they are
# written: MLX would copy them for each token. MLX reads it when it first uses the GPU.
KERNELS_PER_BUFFER = 28
OWN_DEFAULTS = {
    name: str(KERNELS_PER_BUFFER) for name in COMMAND_BUFFER_VARIABLES[:1] if name not in os.environ
}
os.environ.update(OWN_DEFAULTS)


def set_memory_limits() -> None:
    """Keep what this process loads in memory: on Metal, paged-out weights stall every token.

    MLX keeps freed memory for arrays of like size. By default that is as much as there is, and
    keys and values that have been outgrown fit nothing again.
    """
    if mx.metal.is_available():
        mx.set_wired_limit(usable_memory())
    if not on_cpu():  # there it is 32 MB
        mx.set_cache_limit(cache_limit())


def release_staging_memory() -> None:
    """Return freed memory to the system while a model loads.

    glibc keeps the holes that staging leaves between the weights: 15% of a float32 model.
    """
    mx.clear_cache()
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "malloc_trim"):
        libc.malloc_trim(0)


def on_cpu() -> bool:
    return bool(mx.default_device() == mx.Device(mx.cpu))


def cache_limit() -> int:
    """Bytes of freed memory that MLX may keep on a GPU."""
    return kept_when_freed(usable_memory())


def default_memory_limit() -> int:
    """Bytes for weights, keys and values: see `memory_limit`."""
    return memory_limit(usable_memory())


def usable_memory() -> int:
    """Bytes: what Metal lets a process keep resident, or else the machine's memory."""
    if mx.metal.is_available():
        return int(mx.device_info(mx.gpu)["max_recommended_working_set_size"])
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
