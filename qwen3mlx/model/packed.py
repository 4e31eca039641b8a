"""Matrices as they are stored, float or packed, and the layout of packed integers."""

from __future__ import annotations

from typing import NamedTuple

import mlx.core as mx

from ..config import QuantizationSpec

_WORD = 32


class Packed(NamedTuple):
    """One matrix, or a stack of them, as stored: [..., out, in], packed by `spec` or float.

    With `order` [in], column i belongs to the input order[i].
    """

    weight: mx.array
    scales: mx.array | None = None
    biases: mx.array | None = None
    spec: QuantizationSpec | None = None
    global_scale: mx.array | None = None
    order: tuple[int, ...] | None = None

    @property
    def fuses_with(self) -> tuple[object, ...]:
        """Return the key of matrices that can be fused: equal values may become one."""
        return self.spec, self.global_scale is not None, self.order


def packed(values: mx.array, bits: int) -> mx.array:
    """Pack uint32 values [..., n] below 2**bits, n a multiple of 32: uint32 [..., n * bits / 32].

    Value i of a row has bits [i * bits, (i + 1) * bits), lowest first. The layout is mx.quantize's
    for every width: 32 values fill `bits` words.
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


def unpacked(words: mx.array, bits: int) -> mx.array:
    """Return the uint32 values [..., n] of uint32 words [..., n * bits / 32]; `packed` undone."""
    blocks = words.reshape(*words.shape[:-1], -1, bits)
    values = []
    for index in range(_WORD):
        word, shift = divmod(index * bits, _WORD)
        value = mx.right_shift(blocks[..., word], shift)
        if shift + bits > _WORD:  # its upper bits are in the next word
            value = value | mx.left_shift(blocks[..., word + 1], _WORD - shift)
        values.append(value & (2**bits - 1))
    return mx.stack(values, axis=-1).flatten(-2)
