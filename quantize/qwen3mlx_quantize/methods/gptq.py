"""GPTQ: each column's rounding error is compensated by the columns that are not rounded yet.

Frantar et al., arXiv:2210.17323. For a matrix W with inputs X, the error to minimize is that of
X W^T. Columns are rounded in order; the inverse of X^T X tells how the remaining ones best
compensate for each column's error. The scale and bias of a group are searched (see mse) when its
first column is reached, for the weights as they are then.
"""

from __future__ import annotations

import mlx.core as mx

from qwen3mlx.config import QuantizationSpec
from qwen3mlx.model.packed import packed

from ..packing import PackedMatrix
from . import mse

# Added to the diagonal, relative to its mean; else inputs that rarely vary weigh too much. The
# second is times inputs per row: with few rows, what seems to vary together does so by chance.
DAMPING, DAMPING_OF_FEW = 0.01, 0.3
CPU = mx.Device(mx.cpu)


def quantized(
    weight: mx.array, moments: mx.array, num_rows: int, spec: QuantizationSpec
) -> PackedMatrix:
    """Quantize weight [out, in] to affine integers.

    `moments` float32 [in, in] is X^T X for inputs X of `num_rows` rows.
    """
    factor = _inverse_factor(moments, num_rows)
    size, steps = spec.group_size, (1 << spec.bits) - 1
    rest = weight.astype(mx.float32)
    integers, scales, biases = [], [], []
    for start in range(0, weight.shape[1], size):
        group, rest = rest[:, :size], rest[:, size:]
        _, scale, bias = mse.fitted(group, spec.bits, weight.dtype)
        own = factor[start : start + size, start : start + size]
        chosen, errors = _group(group, own, (scale, bias), steps)
        rest = rest - errors @ factor[start : start + size, start + size :]
        mx.eval(chosen, rest)
        integers.append(chosen)
        scales.append(scale)
        biases.append(bias)
    words = packed(mx.concatenate(integers, axis=1).astype(mx.uint32), spec.bits)
    return PackedMatrix(words, mx.concatenate(scales, axis=1), mx.concatenate(biases, axis=1))


def _group(
    group: mx.array, factor: mx.array, line: tuple[mx.array, mx.array], steps: int
) -> tuple[mx.array, mx.array]:
    """Return integers and scaled errors [out, group] of a group; `line` is its scale and bias."""
    scale, bias = (array.astype(mx.float32) for array in line)
    integers, errors = [], []
    for column in range(group.shape[1]):
        weight = group[:, column : column + 1]
        integer = mse.nearest(weight, scale, bias, steps)
        error = (weight - integer * scale - bias) / factor[column, column]
        group = group - error * factor[column]
        integers.append(integer)
        errors.append(error)
    return mx.concatenate(integers, axis=1), mx.concatenate(errors, axis=1)


def _inverse_factor(moments: mx.array, num_rows: int) -> mx.array:
    """Return the upper Cholesky factor of (X^T X)^-1, damped [in, in]."""
    diagonal = mx.diag(moments)
    share = DAMPING + DAMPING_OF_FEW * moments.shape[0] / num_rows
    damping = share * diagonal.mean() + mx.where(diagonal == 0, 1.0, 0.0)
    hessian = moments + mx.diag(damping)
    with mx.stream(CPU):  # Metal has no factorizations
        lower = mx.linalg.cholesky(hessian)
        inverse = mx.linalg.cholesky_inv(lower)
        factor = mx.linalg.cholesky(inverse, upper=True)
        mx.eval(factor)
    return factor
