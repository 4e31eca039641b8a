"""A search for the scale and bias of each group with the least squared error; needs no data.

Rounding to nearest spans a group from its minimum to its maximum. Most weights lie in the middle: a
narrower span that clips the outermost weights often has a smaller error. Each candidate's integers
get the scale and bias that fit them best (least squares), then the integers are rounded again, and
so on. The error is computed with scale and bias as they will be stored.
"""

from __future__ import annotations

import mlx.core as mx

from qwen3mlx.config import QuantizationSpec
from qwen3mlx.model.packed import packed

from ..packing import PackedMatrix

# Shares of the group's span to try, and the number of refits for each.
SPANS = tuple(1 - 0.02 * step for step in range(22))
REFITS = 5
# Weights to process at a time, which bounds the memory.
CHUNK = 1 << 22

Fit = tuple[mx.array, mx.array, mx.array]
Trial = tuple[mx.array, mx.array, mx.array, mx.array]


def quantized(weight: mx.array, spec: QuantizationSpec) -> PackedMatrix:
    """Quantize weight [out, in] to affine integers; scales and biases have its dtype."""
    rows = max(1, CHUNK // weight.shape[1])
    parts = []
    for start in range(0, weight.shape[0], rows):
        part = _quantized(weight[start : start + rows], spec)
        mx.eval(part)
        parts.append(part)
    words, scales, biases = (mx.concatenate(list(a)) for a in zip(*parts, strict=True))
    return PackedMatrix(words, scales, biases)


def _quantized(weight: mx.array, spec: QuantizationSpec) -> Fit:
    groups = weight.astype(mx.float32).reshape(weight.shape[0], -1, spec.group_size)
    integers, scales, biases = fitted(groups, spec.bits, weight.dtype)
    words = packed(integers.reshape(weight.shape), spec.bits)
    return words, scales.squeeze(-1), biases.squeeze(-1)


def fitted(groups: mx.array, bits: int, dtype: mx.Dtype) -> Fit:
    """Fit groups float32 [..., group]: integers uint32 [..., group], scales and biases [..., 1]."""
    steps = (1 << bits) - 1
    low, high = groups.min(-1, keepdims=True), groups.max(-1, keepdims=True)
    middle, span = (low + high) / 2, high - low
    best: Trial | None = None
    for share in SPANS:
        scale, bias = span * (share / steps), middle - span * (share / 2)
        for refit in range(REFITS + 1):
            trial = _trial(groups, scale, bias, steps, dtype)
            best = trial if best is None else _better(best, trial)
            if refit < REFITS:
                scale, bias = _least_squares(groups, trial[0])
    assert best is not None
    return best[0].astype(mx.uint32), best[1].astype(dtype), best[2].astype(dtype)


def _trial(groups: mx.array, scale: mx.array, bias: mx.array, steps: int, dtype: mx.Dtype) -> Trial:
    """Return integers as floats, scale and bias as stored, and the squared error."""
    scale, bias = (array.astype(dtype).astype(mx.float32) for array in (scale, bias))
    integers = nearest(groups, scale, bias, steps)
    off = groups - integers * scale - bias
    trial = integers, scale, bias, (off * off).sum(-1, keepdims=True)
    mx.eval(trial)
    return trial


def _better(best: Trial, new: Trial) -> Trial:
    better = new[3] < best[3]
    chosen = tuple(mx.where(better, a, b) for a, b in zip(new, best, strict=True))
    mx.eval(chosen)
    return chosen[0], chosen[1], chosen[2], chosen[3]


def nearest(groups: mx.array, scale: mx.array, bias: mx.array, steps: int) -> mx.array:
    """Round to the nearest integers, as floats, for `scale` and `bias`."""
    safe = mx.where(scale == 0, 1.0, scale)
    return mx.clip(mx.round((groups - bias) / safe), 0, steps)


def _least_squares(groups: mx.array, integers: mx.array) -> tuple[mx.array, mx.array]:
    """Return the scale and bias with the least squared error for the integers."""
    mean_q, mean_w = integers.mean(-1, keepdims=True), groups.mean(-1, keepdims=True)
    deviation = integers - mean_q
    variance = (deviation * deviation).sum(-1, keepdims=True)
    covariance = (deviation * groups).sum(-1, keepdims=True)
    scale = covariance / mx.where(variance == 0, 1.0, variance)
    return scale, mean_w - scale * mean_q
