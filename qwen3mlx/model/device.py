"""Which of MLX's backends computes: a GPU (Metal, CUDA) or the CPU, where other things are fast."""

from __future__ import annotations

import mlx.core as mx


def keep_resident() -> None:
    """Let Metal keep what this process loads in memory: paged-out weights stall every token."""
    if mx.metal.is_available():
        mx.set_wired_limit(int(mx.device_info()["max_recommended_working_set_size"]))


def on_cpu() -> bool:
    return bool(mx.default_device() == mx.Device(mx.cpu))
