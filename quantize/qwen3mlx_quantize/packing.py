"""MLX's packed integers: value i of a row has bits [i * bits, (i + 1) * bits), lowest first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import mlx.core as mx

from qwen3mlx.config import QuantizationSpec

Method = Literal["mse", "rtn", "gptq", "awq", "dwq"]

_WORD = 32


def packed(values: mx.array, bits: int) -> mx.array:
    """uint32 values [..., n] below 2**bits, n a multiple of 32 -> uint32 [..., n * bits / 32].

    The layout of mx.quantize for every width: 32 values fill `bits` words.
    """
    blocks = values.reshape(*values.shape[:-1], -1, _WORD)
    words = []
    for word in range(bits):
        low, total = word * _WORD, None
        for index in range(low // bits, (low + _WORD - 1) // bits + 1):
            shift = index * bits - low
            value = blocks[..., index]
            part = mx.left_shift(value, shift) if shift >= 0 else mx.right_shift(value, -shift)
            total = part if total is None else total | part
        assert total is not None
        words.append(total)
    return mx.stack(words, axis=-1).flatten(-2)


@dataclass(frozen=True, slots=True)
class PackedMatrix:
    """`weight` uint32 [out, in * bits / 32]; `scales` and (affine) `biases` [out, in / group]."""

    weight: mx.array
    scales: mx.array
    biases: mx.array | None

    def arrays(self) -> dict[str, mx.array]:
        """By the last part of their tensor's name."""
        found = {"weight": self.weight, "scales": self.scales}
        return found if self.biases is None else found | {"biases": self.biases}

    def rows(self, which: slice) -> PackedMatrix:
        """A part of it."""
        biases = None if self.biases is None else self.biases[which]
        return PackedMatrix(self.weight[which], self.scales[which], biases)

    def unpacked(self, spec: QuantizationSpec, dtype: mx.Dtype) -> mx.array:
        """[out, in] as it will be computed with."""
        scales, biases = self.scales, self.biases
        if biases is not None:  # the product is rounded to the dtype of these
            scales, biases = scales.astype(dtype), biases.astype(dtype)
        return mx.dequantize(
            self.weight,
            scales,
            biases,
            group_size=spec.group_size,
            bits=spec.bits,
            mode=spec.mode,
            dtype=dtype,
        )
