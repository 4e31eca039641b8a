"""Where Metal's kernels would first copy an input, checked on the strides of real arrays.

Each condition is a copy of one in MLX 0.32.4, in the file that it names. Layouts are the same on
every device: views are computed by the same code (backend/common).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import mlx.core as mx
import numpy as np


def strides(x: mx.array) -> tuple[int, ...]:
    """In elements; MLX evaluates the array for it."""
    view = np.asarray(x.view(mx.uint16) if x.dtype == mx.bfloat16 else x)
    return tuple(stride // view.itemsize for stride in view.strides)


def is_row_contiguous(x: mx.array) -> bool:
    """As MLX's flag: the strides of axes of size 1 do not matter."""
    expected = 1
    for size, stride in zip(reversed(x.shape), reversed(strides(x)), strict=True):
        if size != 1 and stride != expected:
            return False
        expected *= size
    return True


def copies_of_norm(x: mx.array) -> list[str]:
    """metal/normalization.cpp, RMSNorm::eval_gpu."""
    held, steps = _elements(x), strides(x)
    dense = held == x.size and steps[-1] == 1
    even = x.ndim < 2 or x.shape[-2] == 1 or steps[-2] in (0, x.shape[-1])
    return [] if dense and even else ["rms_norm: x"]


def copies_of_rope(x: mx.array) -> list[str]:
    """metal/rope.cpp, RoPE::eval_gpu, where all of a head is rotated."""
    batch, heads, length, dims = x.shape
    transposed = strides(x)[:3] == (length * heads * dims, dims, heads * dims)
    return [] if is_row_contiguous(x) or batch == 1 or transposed else ["rope: x"]


def copies_of_attention(
    q: mx.array, k: mx.array, v: mx.array, mask: mx.array | str | None
) -> list[str]:
    """metal/scaled_dot_product_attention.cpp, ScaledDotProductAttention::eval_gpu."""
    found = []
    if q.shape[2] > 8:
        return [f"attention: {n}" for n, x in (("q", q), ("k", k), ("v", v)) if strides(x)[-1] != 1]
    if not (is_row_contiguous(q) or _is_transposed(q)):
        found.append("attention: q")
    for name, x in (("k", k), ("v", v)):
        steps = strides(x)
        single = 1 in x.shape[:2]
        if steps[-1] != 1 or not (single or steps[0] == steps[1] * x.shape[1]):
            found.append(f"attention: {name}")
    if isinstance(mask, mx.array):
        whole = mx.broadcast_to(mask, (*q.shape[:3], k.shape[2]))
        steps = strides(whole)
        fits = 1 in q.shape[:2] or steps[0] == steps[1] * whole.shape[1]
        if not (is_row_contiguous(whole) or fits):
            found.append("attention: mask")
    return found


def copies_of_quantized_product(
    x: mx.array, w: mx.array, scales: mx.array, biases: mx.array | None = None, **_: Any
) -> list[str]:
    """metal/quantized.cpp, ensure_row_contiguous_matrix; for matmul alike."""
    matrices = [array for array in (x, w, scales, biases) if array is not None]
    return [
        f"quantized product: input {i}"
        for i, array in enumerate(matrices)
        if strides(array)[-2:] != (array.shape[-1], 1) and array.shape[-2] != 1
    ]


def copies_of_quantize(x: mx.array) -> list[str]:
    """metal/quantized.cpp, quantize_impl."""
    return [] if is_row_contiguous(x) else ["quantize: x"]


def copies_of_reshape(x: mx.array, reshaped: mx.array) -> list[str]:
    """common/utils.cpp, prepare_reshape: seen by where the result lies."""
    return [] if _address(x) == _address(reshaped) else [f"reshape: {x.shape}, {reshaped.shape}"]


@contextmanager
def observed() -> Iterator[list[str]]:
    """Yield the copies that Metal would make in operations called from now on, with real numbers.

    It evaluates their inputs, so they cannot be compiled.
    """
    found: list[str] = []

    def watched(owner: Any, name: str, copies: Callable[..., list[str]]) -> Any:
        original = getattr(owner, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            found.extend(copies(*args, **kwargs))
            return original(*args, **kwargs)

        return mock.patch.object(owner, name, call)

    def moved(name: str) -> Any:
        original = getattr(mx.array, name)

        def call(x: mx.array, *shape: Any) -> mx.array:
            reshaped = original(x, *shape)
            found.extend(copies_of_reshape(x, reshaped))
            return reshaped

        return mock.patch.object(mx.array, name, call)

    with (
        watched(mx.fast, "rms_norm", lambda x, *_: copies_of_norm(x)),
        mock.patch.object(mx.fast, "rope", _rope_laid_out(mx.fast.rope, found)),
        watched(mx, "quantized_matmul", copies_of_quantized_product),
        watched(mx, "quantize", lambda x, **_: copies_of_quantize(x)),
        mock.patch.object(
            mx.fast,
            "scaled_dot_product_attention",
            _attention_laid_out(mx.fast.scaled_dot_product_attention, found),
        ),
        moved("reshape"),
        moved("flatten"),
    ):
        yield found


def _rope_laid_out(rope: Callable[..., mx.array], found: list[str]) -> Callable[..., mx.array]:
    """The kernel writes one head after another."""

    def call(x: mx.array, *args: Any, **kwargs: Any) -> mx.array:
        found.extend(copies_of_rope(x))
        return mx.contiguous(rope(x, *args, **kwargs))

    return call


def _attention_laid_out(
    attention: Callable[..., mx.array], found: list[str]
) -> Callable[..., mx.array]:
    """The kernel for many queries writes all heads of a token side by side."""

    def call(q: mx.array, k: mx.array, v: mx.array, *, mask: Any = None, **kwargs: Any) -> mx.array:
        found.extend(copies_of_attention(q, k, v, mask))
        output = attention(q, k, v, mask=mask, **kwargs)
        if q.shape[2] <= 8:
            return output
        return mx.contiguous(output.swapaxes(1, 2)).swapaxes(1, 2)

    return call


def _address(x: mx.array) -> int:
    return int(np.asarray(x.view(mx.uint16) if x.dtype == mx.bfloat16 else x).ctypes.data)


def _elements(x: mx.array) -> int:
    """The elements between the first and the last one, with what lies between them."""
    steps = strides(x)
    return 1 + sum((size - 1) * step for size, step in zip(x.shape, steps, strict=True))


def _is_transposed(q: mx.array) -> bool:
    if 1 not in q.shape[:2]:
        return False
    axis = 1 if q.shape[0] == 1 else 0
    steps, dims = strides(q), q.shape[3]
    return steps[3] == 1 and steps[2] == dims * q.shape[axis] and steps[axis] == dims
