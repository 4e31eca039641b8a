"""ggml's types of tensors -> MLX's affine form.

A type whose numbers are `scale * q + bias` with integers q, in groups of 32 or in multiples of it,
keeps its integers. The others, above all the K-quants with groups of 16, are rounded.
https://github.com/ggml-org/llama.cpp/blob/master/ggml/src/ggml-common.h
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import mlx.core as mx
import numpy as np
import numpy.typing as npt
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, quants

from qwen3mlx.config import QuantizationSpec
from qwen3mlx.model.packed import packed

from ..methods import rtn
from ..methods.mse import nearest
from ..packing import PackedMatrix

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
# The stored bytes of blocks [n, bytes of a block] -> scales and biases [n, groups of a block].
Reader = Callable[[Bytes], tuple[Floats, Floats]]

GROUP_SIZE = 32
FLOATS = {"F32": mx.float32, "F16": mx.float16, "BF16": mx.bfloat16}
# How scales are stored: GGUF has them in 16 bits, too.
SCALES = mx.float16


class Form(NamedTuple):
    """How a type is stored for MLX: with `read`, its own integers; else rounded to `bits`."""

    bits: int
    read: Reader | None = None

    @property
    def spec(self) -> QuantizationSpec:
        return QuantizationSpec(GROUP_SIZE, self.bits)


def type_name(number: int) -> str | None:
    """Return the type's name; None if the `gguf` library cannot read its numbers."""
    try:
        kind = GGMLQuantizationType(number)
        _, size = GGML_QUANT_SIZES[kind]
        if kind.name not in FLOATS:
            quants.dequantize(np.zeros((1, size), np.uint8), kind)
    except (ValueError, KeyError, NotImplementedError):
        return None
    return kind.name


def block_of(name: str) -> tuple[int, int]:
    """Return the weights and the bytes of one block of the type."""
    return GGML_QUANT_SIZES[GGMLQuantizationType[name]]


def form_of(name: str) -> Form | None:
    """Return how the type is stored for MLX; None for floats."""
    return None if name in FLOATS else _FORMS.get(name, _ROUNDED)


def floats_of(data: Bytes, name: str) -> mx.array:
    """Return the numbers that the rows of bytes mean, in the type's own dtype or float32."""
    if name in FLOATS:
        return mx.array(data).view(FLOATS[name])
    with np.errstate(all="ignore"):  # numbers that are not finite are found later
        return mx.array(quants.dequantize(data, GGMLQuantizationType[name]))


def repacked(data: Bytes, floats: mx.array, name: str) -> PackedMatrix:
    """Return rows for MLX, given their bytes and the numbers [rows, in] that these mean."""
    form = _FORMS.get(name, _ROUNDED)
    if form.read is None:
        rounded = rtn.quantized(floats, form.spec)
        assert rounded.biases is not None
        return PackedMatrix(
            rounded.weight, rounded.scales.astype(SCALES), rounded.biases.astype(SCALES)
        )
    _, size = block_of(name)
    with np.errstate(all="ignore"):
        scales, biases = form.read(data.reshape(-1, size))
    grouped = (floats.shape[0], -1, 1)
    per_group = floats.size // GROUP_SIZE // scales.size  # a block can be several groups of MLX's
    scale, bias = (
        mx.repeat(mx.array(each).reshape(grouped), per_group, axis=1) for each in (scales, biases)
    )
    groups = floats.reshape(floats.shape[0], -1, GROUP_SIZE)
    integers = nearest(groups, scale, bias, 2**form.bits - 1).astype(mx.uint32)
    return PackedMatrix(
        packed(integers.reshape(floats.shape), form.bits),
        scale.squeeze(-1).astype(SCALES),
        bias.squeeze(-1).astype(SCALES),
    )


def _half(blocks: Bytes, at: int) -> Floats:
    return np.ascontiguousarray(blocks[:, at : at + 2]).view(np.float16).astype(np.float32)


def _centred(offset: int, at: int = 0) -> Reader:
    """Of types that mean d * (q - offset)."""

    def read(blocks: Bytes) -> tuple[Floats, Floats]:
        scale = _half(blocks, at)
        return scale, scale * np.float32(-offset)

    return read


def _with_minimum(blocks: Bytes) -> tuple[Floats, Floats]:
    return _half(blocks, 0), _half(blocks, 2)


def _of_superblocks(blocks: Bytes) -> tuple[Floats, Floats]:
    """Q4_K and Q5_K: eight groups of 32, with 6-bit scales and minimums of their own."""
    scales, minimums = quants.Q4_K.get_scale_min(blocks[:, 4:16])
    return _half(blocks, 0) * scales, -_half(blocks, 2) * minimums


def _of_powers(blocks: Bytes) -> tuple[Floats, Floats]:
    """MXFP4: a power of two times -12 to 12."""
    scale = np.ldexp(np.float32(1), blocks[:, :1].astype(np.int32) - 128).astype(np.float32)
    return scale, scale * np.float32(-12)


_ROUNDED = Form(6)
_FORMS = {
    "Q4_0": Form(4, _centred(8)),
    "Q4_1": Form(4, _with_minimum),
    "Q5_0": Form(5, _centred(16)),
    "Q5_1": Form(5, _with_minimum),
    "Q8_0": Form(8, _centred(128)),
    "Q4_K": Form(4, _of_superblocks),
    "Q5_K": Form(5, _of_superblocks),
    "IQ4_NL": Form(8, _centred(128)),
    "MXFP4": Form(5, _of_powers),
    "Q6_K": Form(8),
    "IQ4_XS": Form(8),
}
