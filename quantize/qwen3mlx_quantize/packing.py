"""Matrices of MLX's packed integers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import mlx.core as mx

from qwen3mlx.config import QuantizationSpec
from qwen3mlx.model.linear import dequantized

Method = Literal["mse", "rtn", "gptq", "autoround", "awq", "dwq"]


@dataclass(frozen=True, slots=True)
class PackedMatrix:
    """`weight` uint32 [out, in * bits / 32]; `scales` and (affine) `biases` [out, in / group]."""

    weight: mx.array
    scales: mx.array
    biases: mx.array | None

    def arrays(self) -> dict[str, mx.array]:
        """Return the arrays by the last part of their tensor's name."""
        found = {"weight": self.weight, "scales": self.scales}
        return found if self.biases is None else found | {"biases": self.biases}

    @classmethod
    def named(cls, arrays: Mapping[str, mx.array], path: str) -> PackedMatrix:
        """Return the matrix, or stack of matrices, of module `path` in a checkpoint's tensors."""
        weight, scales = arrays[f"{path}.weight"], arrays[f"{path}.scales"]
        return cls(weight, scales, arrays.get(f"{path}.biases"))

    def __getitem__(self, index: int | slice) -> PackedMatrix:
        """Return some rows of a matrix, or one matrix of a stack."""
        biases = None if self.biases is None else self.biases[index]
        return PackedMatrix(self.weight[index], self.scales[index], biases)

    def unpacked(self, spec: QuantizationSpec, dtype: mx.Dtype) -> mx.array:
        """Return the matrix [out, in] that the model computes with."""
        scales, biases = self.scales, self.biases
        if biases is not None:  # the product is rounded to the dtype of the scales
            scales, biases = scales.astype(dtype), biases.astype(dtype)
        return dequantized(self.weight, scales, biases, spec, dtype)
