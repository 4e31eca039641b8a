"""What all of the package uses: how far it is, and small things done with MLX arrays."""

from __future__ import annotations

from collections.abc import Callable

import mlx.core as mx

from qwen3mlx.errors import Qwen3MLXError

# (what is done, in all, what is being done): documents, modules or weights
Progress = Callable[[int, int, str], None]

# Reading, checking and writing have a queue of their own: they need not wait for what is computed.
IO = mx.new_thread_local_stream(mx.default_device())


class ConversionError(Qwen3MLXError):
    """What was asked for cannot be made of this source, in this place."""

    code = "conversion_failed"


class TextError(Qwen3MLXError):
    """The text to calibrate with, or to measure on, cannot be used."""

    code = "invalid_text"


def begin(arrays: object) -> None:
    """Compute an array, or a tree of them, without waiting for it."""
    mx.async_eval(arrays)  # type: ignore[no-untyped-call]  # mlx 0.32 has no stub for it


def number(array: mx.array) -> float:
    """A scalar's value."""
    return float(array.item())  # type: ignore[arg-type]  # never complex here
