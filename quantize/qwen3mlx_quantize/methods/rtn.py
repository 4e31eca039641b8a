"""Rounding to nearest by MLX itself: bit-identical to what mlx-lm writes."""

from __future__ import annotations

import mlx.core as mx

from qwen3mlx.config import QuantizationSpec

from ..packing import PackedMatrix


def quantized(weight: mx.array, spec: QuantizationSpec) -> PackedMatrix:
    """Quantize weight [out, in]; an affine result's scales and biases have its dtype."""
    packed = mx.quantize(weight, group_size=spec.group_size, bits=spec.bits, mode=spec.mode)
    return PackedMatrix(packed[0], packed[1], packed[2] if len(packed) > 2 else None)
