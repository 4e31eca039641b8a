"""Which of MLX's backends computes: a GPU (Metal, CUDA) or the CPU, where other things are fast."""

from __future__ import annotations

import mlx.core as mx


def on_cpu() -> bool:
    return bool(mx.default_device() == mx.Device(mx.cpu))
