"""Keys and values of the tokens processed so far.

A cache decides how its keys and values are stored and how attention reads them, so the model does
not depend on the kind of cache. Arrays are replaced, never changed.

Keys and values share arrays, so that one kernel writes both: first the keys of all rows, then their
values.
"""

from __future__ import annotations

from typing import Protocol

import mlx.core as mx

from ..config import QuantizationSpec
from .device import on_cpu
from .kv_layout import KVRoomError, capacity_for
from .linear import dequantized
from .rope import Turns

Layer = tuple[mx.array, ...]


class AttentionContext(Protocol):
    """An attention layer's interface to past tokens."""

    @property
    def offset(self) -> int | mx.array:
        """Position of the first new token: a number, or an int32 array (scalar or [B])."""

    @property
    def turns(self) -> Turns | None:
        """How the new tokens are rotated, one for each row, where that has been prepared."""

    def attend(self, layer: int, queries: mx.array, new: mx.array, scale: float) -> mx.array:
        """queries [B, heads, L, D], new keys and values [2 * B, kv_heads, L, D] -> [B, heads, L,
        D].
        """


class NoCache:
    """Causal attention within one call; nothing is stored."""

    offset = 0
    turns = None

    def attend(self, layer: int, queries: mx.array, new: mx.array, scale: float) -> mx.array:
        keys, values = mx.split(new, 2)
        return mx.fast.scaled_dot_product_attention(
            queries, keys, values, scale=scale, mask="causal"
        )


class KVCache:
    """A growing cache: per layer, keys and values [2 * B, kv_heads, capacity, head_dim].

    Positions from `offset` on are spare room. The model writes `layers`; `advance` counts the
    tokens of a finished forward pass.
    """

    turns = None

    def __init__(self, num_layers: int) -> None:
        self.offset = 0
        self.layers: list[Layer] = [()] * num_layers

    def attend(self, layer: int, queries: mx.array, new: mx.array, scale: float) -> mx.array:
        length = new.shape[2]
        end, batch = self.offset + length, queries.shape[0]
        packed, old = self.pack(new), self.layers[layer]
        if not old or end > old[0].shape[2]:
            old = _grown(old, packed, end)
        self.layers[layer] = stored = written(old, packed, slice(None), self.offset)
        keys, values = (
            tuple(array[part, :, :end] for array in stored)
            for part in (slice(None, batch), slice(batch, None))
        )
        return self.attention(queries, keys, values, scale, "causal" if length > 1 else None)

    def pack(self, new: mx.array) -> Layer:
        """Return the arrays that one layer stores for new keys and values."""
        return (new,)

    def attention(
        self,
        queries: mx.array,
        keys: Layer,
        values: Layer,
        scale: float,
        mask: mx.array | str | None,
    ) -> mx.array:
        """`mask` [B, 1, 1, n], or as `mask_for` returns it."""
        return mx.fast.scaled_dot_product_attention(
            queries, keys[0], values[0], scale=scale, mask=mask
        )

    def mask_for(self, visible: mx.array, num_heads: int) -> mx.array:
        """Prepare [B, 1, 1, n] for `attention` in every layer: a GPU would copy it in each one."""
        batch, _, _, length = visible.shape
        if batch == 1 or on_cpu():
            return visible
        return mx.contiguous(mx.broadcast_to(visible, (batch, num_heads, 1, length)))

    @property
    def capacity(self) -> int:
        return self.layers[0][0].shape[2] if self.layers[0] else 0

    def advance(self, num_tokens: int) -> None:
        """Raises KVRoomError for more tokens than were written, or a negative number."""
        if num_tokens < 0 or self.offset + num_tokens > self.capacity:
            raise KVRoomError(
                f"{num_tokens} tokens at position {self.offset} of a cache for {self.capacity}."
            )
        self.offset += num_tokens

    def rewind(self, num_tokens: int) -> None:
        """Keep the first `num_tokens` tokens. Raises KVRoomError if there are fewer."""
        if not 0 <= num_tokens <= self.offset:
            raise KVRoomError(f"{num_tokens} tokens of a cache with {self.offset}.")
        self.offset = num_tokens


class QuantizedKVCache(KVCache):
    """A growing cache in `bits` per number (affine), about 1/4 or 1/2 of bfloat16's size."""

    def __init__(self, num_layers: int, *, bits: int, group_size: int = 64) -> None:
        super().__init__(num_layers)
        self.bits = bits
        self.group_size = group_size

    def pack(self, new: mx.array) -> Layer:
        return tuple(mx.quantize(new, group_size=self.group_size, bits=self.bits))

    def attention(
        self,
        queries: mx.array,
        keys: Layer,
        values: Layer,
        scale: float,
        mask: mx.array | str | None,
    ) -> mx.array:
        batch, heads, length, head_dim = queries.shape
        if length > 1:
            # The fused kernel stores no [length, total] scores, which would outweigh a prompt's
            # keys.
            keys, values = ((self._unpacked(part, queries),) for part in (keys, values))
            return super().attention(queries, keys, values, scale, mask)
        kv_heads = keys[0].shape[1]
        grouped = queries.reshape(batch, kv_heads, -1, head_dim)
        if not on_cpu():
            # As a matrix of rows, the heads that share a key head would take a kernel for many
            # rows, which has too few threads for a long context.
            grouped = grouped[..., None, :]
            keys, values = (tuple(array[:, :, None] for array in part) for part in (keys, values))
            mask = mask[:, None] if isinstance(mask, mx.array) else mask
        scores = self._product(grouped, keys, transpose=True) * scale
        if isinstance(mask, mx.array):
            scores = mx.where(mask, scores, mx.finfo(scores.dtype).min)
        weights = mx.softmax(scores, axis=-1, precise=True)
        output = self._product(weights, values, transpose=False)
        return output.reshape(batch, heads, length, head_dim)

    def mask_for(self, visible: mx.array, num_heads: int) -> mx.array:
        return visible

    def _unpacked(self, packed: Layer, like: mx.array) -> mx.array:
        weight, scales, biases = packed
        spec = QuantizationSpec(self.group_size, self.bits)
        return dequantized(weight, scales, biases, spec, like.dtype)

    def _product(self, x: mx.array, packed: Layer, *, transpose: bool) -> mx.array:
        weight, scales, biases = packed
        return mx.quantized_matmul(
            x,
            weight,
            scales,
            biases,
            transpose=transpose,
            group_size=self.group_size,
            bits=self.bits,
        )


def written(old: Layer, new: Layer, rows: slice, position: int) -> Layer:
    """Return `old` with `new` in these rows (keys' and values'), from `position` on."""
    arrays = []
    for array, update in zip(old, new, strict=True):
        changed = array[...]  # another name: the caller's array stays as it is
        changed[rows, :, position : position + update.shape[2]] = update
        arrays.append(changed)
    return tuple(arrays)


def _grown(old: Layer, like: Layer, end: int) -> Layer:
    """Return `old` with room for `end` positions; if it is empty, shaped and typed as `like`."""
    capacity = capacity_for(end)
    grown = []
    for i, model in enumerate(like):
        rows, heads, _, width = model.shape
        kept = old[i].shape[2] if old else 0
        room = mx.zeros((rows, heads, capacity - kept, width), model.dtype)
        grown.append(mx.concatenate([old[i], room], axis=2) if old else room)
    return tuple(grown)
