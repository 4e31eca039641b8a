"""Matrix products with weights: dense or quantized, one expert or many.

Dense weights are [in, out] on the CPU and a transposed view of [out, in] on the GPU: the CPU
backend's reference BLAS is 1.2 to 1.9 times faster without the transpose, while Metal's kernels
prefer the checkpoint's own layout. Either way the product is `x @ weight`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import mlx.core as mx

from ..config import QuantizationSpec
from .device import on_cpu

# The CPU's quantized product costs the same per row; from this many rows on, dequantizing the
# matrix once and multiplying in float is faster (2.3 times at 256 rows).
UNPACK_FROM = 16


def dequantized(
    weight: mx.array,
    scales: mx.array,
    biases: mx.array | None,
    spec: QuantizationSpec,
    dtype: mx.Dtype,
) -> mx.array:
    """Unpack `weight` uint32 [..., in * bits / 32] into [..., in] of `dtype`."""
    return mx.dequantize(
        weight,
        scales,
        biases,
        group_size=spec.group_size,
        bits=spec.bits,
        mode=spec.mode,
        dtype=dtype,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """`weight` [in, out]."""

    weight: mx.array

    def __call__(self, x: mx.array) -> mx.array:
        """x [..., in] -> [..., out]."""
        return x @ self.weight


@dataclass(frozen=True, slots=True, eq=False)
class QuantizedLinear:
    """`weight` uint32 [out, in * bits / 32]; `scales`, (affine) `biases` [out, in / group_size]."""

    weight: mx.array
    scales: mx.array
    biases: mx.array | None
    spec: QuantizationSpec

    def __call__(self, x: mx.array) -> mx.array:
        """x [..., in] -> [..., out]."""
        if x.size // x.shape[-1] >= UNPACK_FROM and on_cpu():
            return self._unpacked_product(x)
        return mx.quantized_matmul(
            x,
            self.weight,
            self.scales,
            self.biases,
            transpose=True,
            group_size=self.spec.group_size,
            bits=self.spec.bits,
            mode=self.spec.mode,
        )

    def _unpacked_product(self, x: mx.array) -> mx.array:
        rows = mx.contiguous(x.reshape(-1, x.shape[-1]).T)
        weight = dequantized(self.weight, self.scales, self.biases, self.spec, x.dtype)
        return (weight @ rows).T.reshape(*x.shape[:-1], -1)

    def rows(self, ids: mx.array, dtype: mx.Dtype) -> mx.array:
        """Rows `ids` [...] of the matrix in `dtype`: [..., in]."""
        biases = None if self.biases is None else self.biases[ids]
        return dequantized(self.weight[ids], self.scales[ids], biases, self.spec, dtype)


@dataclass(frozen=True, slots=True, eq=False)
class Reordered:
    """A matrix whose column i belongs to the input order[i], as GPTQ's `desc_act` leaves them."""

    order: mx.array
    linear: QuantizedLinear

    def __call__(self, x: mx.array) -> mx.array:
        """x [..., in] -> [..., out]."""
        return self.linear(mx.take(x, self.order, axis=-1))


@dataclass(frozen=True, slots=True, eq=False)
class Concatenated:
    """Projections of one input side by side; those quantized alike were fused at load."""

    parts: tuple[Linear | QuantizedLinear | Reordered, ...]

    def __call__(self, x: mx.array) -> mx.array:
        """x [..., in] -> [..., sum of out]."""
        return mx.concatenate([part(x) for part in self.parts], axis=-1)


class Projection(Protocol):
    """The classes above, or one of them with an adapter."""

    def __call__(self, x: mx.array) -> mx.array:
        """x [..., in] -> [..., out]."""


@dataclass(frozen=True, slots=True, eq=False)
class NoHead:
    """The head of an embedding model, which has none: its hidden states are the result."""

    def __call__(self, x: mx.array) -> mx.array:
        """x [..., hidden] -> the same."""
        return x


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """Token vectors; `linear` [in, vocab] is also the head if `tie_word_embeddings` is set."""

    linear: Linear

    def __call__(self, ids: mx.array) -> mx.array:
        """ids [B, L] -> [B, L, hidden]."""
        return mx.take(self.linear.weight.T, ids, axis=0)


@dataclass(frozen=True, slots=True, eq=False)
class QuantizedEmbedding:
    """Like `Embedding`, but dequantizes only the rows needed."""

    linear: QuantizedLinear
    dtype: mx.Dtype

    def __call__(self, ids: mx.array) -> mx.array:
        """ids [B, L] -> [B, L, hidden]."""
        return self.linear.rows(ids, self.dtype)


@dataclass(frozen=True, slots=True, eq=False)
class ExpertLinear:
    """One matrix per expert: `weight` [experts, in, out]."""

    weight: mx.array

    def __call__(
        self, x: mx.array, expert_ids: mx.array, *, rows: mx.array | None = None
    ) -> mx.array:
        """x [n, 1, in] with sorted expert_ids [n] -> [n, 1, out]; or x [..., 1, in] with `rows`
        [..., 1 or k], which say what each expert of expert_ids [..., k] reads -> [..., k, 1, out].
        """
        return mx.gather_mm(x, self.weight, rows, expert_ids, sorted_indices=rows is None)


@dataclass(frozen=True, slots=True, eq=False)
class QuantizedExpertLinear:
    """Like `QuantizedLinear`, per expert; nvfp4 may have a `global_scale` [experts]."""

    weight: mx.array
    scales: mx.array
    biases: mx.array | None
    spec: QuantizationSpec
    global_scale: mx.array | None = None

    def __call__(
        self, x: mx.array, expert_ids: mx.array, *, rows: mx.array | None = None
    ) -> mx.array:
        """Same shapes as `ExpertLinear`."""
        return mx.gather_qmm(
            x,
            self.weight,
            self.scales,
            self.biases,
            lhs_indices=rows,
            rhs_indices=expert_ids,
            transpose=True,
            group_size=self.spec.group_size,
            bits=self.spec.bits,
            mode=self.spec.mode,
            global_scale=self.global_scale,
            sorted_indices=rows is None,
        )


@dataclass(frozen=True, slots=True, eq=False)
class ConcatenatedExperts:
    """Like `Concatenated`, per expert."""

    parts: tuple[ExpertLinear | QuantizedExpertLinear, ...]

    def __call__(
        self, x: mx.array, expert_ids: mx.array, *, rows: mx.array | None = None
    ) -> mx.array:
        outputs = [part(x, expert_ids, rows=rows) for part in self.parts]
        return mx.concatenate(outputs, axis=-1)


class ExpertProjection(Protocol):
    """The classes above, or one of them with an adapter."""

    def __call__(
        self, x: mx.array, expert_ids: mx.array, *, rows: mx.array | None = None
    ) -> mx.array:
        """Same shapes as `ExpertLinear`."""
