"""MLX's packed integers: value i of a row has bits [i * bits, (i + 1) * bits), lowest first."""

from __future__ import annotations

import mlx.core as mx

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
