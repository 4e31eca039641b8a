"""The package's errors, and helpers for MLX arrays."""

from __future__ import annotations

from functools import cache

import mlx.core as mx

from qwen3mlx.errors import Qwen3MLXError


class ConversionError(Qwen3MLXError):
    """The conversion is not possible with this source or output."""

    code = "conversion_failed"


class TextError(Qwen3MLXError):
    """The calibration or evaluation text cannot be used."""

    code = "invalid_text"


@cache
def io_stream() -> mx.ThreadLocalStream:
    """Return a stream for reading, checking and writing, which does not wait for computation."""
    return mx.new_thread_local_stream(mx.default_device())


def start(arrays: object) -> None:
    """Start computing an array, or a tree of them, without waiting for it."""
    mx.async_eval(arrays)  # type: ignore[no-untyped-call]  # mlx 0.32 has no stub for it


def number(array: mx.array) -> float:
    """Return a scalar's value."""
    return float(array.item())  # type: ignore[arg-type]  # never complex here
