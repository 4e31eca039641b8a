"""The graph that MLX would hand to Metal, built where there is no Metal, and its kernels.

Read from MLX 0.32.4; `kernels` and its tables are what to check when MLX is upgraded. Each one
names the file of MLX's source where it is decided.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

import mlx.core as mx

READ_FROM = "0.32.4"

# Primitives that only describe the memory of their input in another way
# (backend/gpu/primitives.cpp). A reshape copies where the strides do not allow a view: see
# `layout.py`.
VIEWS = {
    "AsStrided",
    "Broadcast",
    "BroadcastAxes",
    "Copy",
    "Depends",
    "ExpandDims",
    "Flatten",
    "Reshape",
    "Slice",
    "Split",
    "Squeeze",
    "StopGradient",
    "Transpose",
    "Unflatten",
    "View",
}
# One kernel turns an offset that is an array into an address, another one copies.
TWO_KERNELS = {"DynamicSlice", "DynamicSliceUpdate"}
# Fast operations are one primitive on a GPU and several on the CPU. Each is replaced by a primitive
# of the same shape that no model uses and that mx.compile does not fuse.
FAST = {"rms_norm": "CumProd", "rope": "CumMin", "scaled_dot_product_attention": "CumMax"}
_NAMES = {primitive: name for name, primitive in FAST.items()}


def kernels(arrays: Sequence[mx.array]) -> Counter[str]:
    """Count the kernels that compute `arrays`, by kind, from what is computed already.

    Attention is one, even where it takes two passes. What mx.compile fused is one.
    """
    dot = io.StringIO()
    mx.export_to_dot(dot, *arrays)
    text, counts = dot.getvalue(), Counter[str]()
    inputs = Counter(re.findall(r"-> (\d+)$", text, flags=re.MULTILINE))
    for node, primitive in re.findall(r'(\d+) \[label ?="([^"]+)", shape=rectangle', text):
        if number := kernels_of(primitive, inputs[node]):
            fused = primitive.startswith("Compiled")
            counts["Fused" if fused else _NAMES.get(primitive, primitive)] += number
    return counts


def kernels_of(primitive: str, num_inputs: int) -> int:
    """Joining copies each of its inputs (backend/metal/slicing.cpp)."""
    if primitive in VIEWS:
        return 0
    return num_inputs if primitive == "Concatenate" else 2 if primitive in TWO_KERNELS else 1


def per_layer(of_layers: Callable[[int], Counter[str]]) -> Counter[str]:
    """Return what one layer adds, given the kernels of a model with so many layers."""
    fewer, more = of_layers(2), of_layers(3)
    assert not fewer - more
    return more - fewer


@contextmanager
def as_on_metal() -> Iterator[None]:
    """Take the branches of a GPU, and build graphs in which fast operations are opaque.

    What is built here can be evaluated, but the results mean nothing.
    """
    with on_gpu_branch(), ExitStack() as patches:
        for name, stand_in in _stand_ins().items():
            patches.enter_context(mock.patch.object(mx.fast, name, stand_in))
        yield


@contextmanager
def on_gpu_branch() -> Iterator[None]:
    """Take the branches of a GPU while the CPU computes, so that numbers can be compared."""
    limit = mx.set_cache_limit(0)
    mx.set_cache_limit(limit)
    with mock.patch.object(mx, "default_device", return_value=mx.Device(mx.gpu)):
        yield
    mx.set_cache_limit(limit)


def _stand_ins() -> dict[str, Callable[..., mx.array]]:
    def opaque(function: Callable[..., mx.array], x: mx.array, *others: object) -> mx.array:
        arrays = [other for other in others if isinstance(other, mx.array)]
        return mx.depends([function(x, axis=-1)], arrays)[0] if arrays else function(x, axis=-1)

    def rms_norm(x: mx.array, weight: mx.array | None, eps: float, **_: Any) -> mx.array:
        return opaque(mx.cumprod, x, weight)

    def rope(x: mx.array, dims: int, *, offset: Any, freqs: Any = None, **_: Any) -> mx.array:
        return opaque(mx.cummin, x, offset, freqs)

    def attention(
        q: mx.array, k: mx.array, v: mx.array, *, scale: float, mask: Any = None, **_: Any
    ) -> mx.array:
        return opaque(mx.cummax, q, k, v, mask)

    return {"rms_norm": rms_norm, "rope": rope, "scaled_dot_product_attention": attention}
