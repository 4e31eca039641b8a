"""Keys and values of the tokens processed so far.

A cache decides how its keys and values are stored and how attention reads them, so the model does
not depend on the kind of cache. Arrays are replaced, never changed.
"""

from __future__ import annotations

from typing import Protocol

import mlx.core as mx

from ..config import QuantizationSpec
from .kv_layout import KVRoomError, capacity_for
from .linear import dequantized

Layer = tuple[mx.array, ...]


class AttentionContext(Protocol):
    """An attention layer's interface to past tokens."""

    @property
    def offset(self) -> int | mx.array:
        """Position of the first new token: a number, or an int32 array (scalar or [B])."""

    def attend(
        self, layer: int, queries: mx.array, keys: mx.array, values: mx.array, scale: float
    ) -> mx.array:
        """queries [B, heads, L, D], new keys and values [B, kv_heads, L, D] -> [B, heads, L, D]."""


class NoCache:
    """Causal attention within one call; nothing is stored."""

    offset = 0

    def attend(
        self, layer: int, queries: mx.array, keys: mx.array, values: mx.array, scale: float
    ) -> mx.array:
        return mx.fast.scaled_dot_product_attention(
            queries, keys, values, scale=scale, mask="causal"
        )


class KVCache:
    """A growing cache: per layer, keys and values [B, kv_heads, capacity, head_dim].

    Positions from `offset` on are spare room. The model writes `layers`; `advance` counts the
    tokens of a finished forward pass.
    """

    def __init__(self, num_layers: int) -> None:
        self.offset = 0
        self.layers: list[Layer] = [()] * num_layers

    def attend(
        self, layer: int, queries: mx.array, keys: mx.array, values: mx.array, scale: float
    ) -> mx.array:
        end = self.offset + keys.shape[2]
        new = self.pack(keys, values)
        old = self.layers[layer]
        if not old or end > old[0].shape[2]:
            old = _grown(old, new, end)
        start = mx.array(self.offset)
        stored = tuple(
            mx.slice_update(array, update, start, axes=(2,))
            for array, update in zip(old, new, strict=True)
        )
        self.layers[layer] = stored
        visible = tuple(array[:, :, :end] for array in stored)
        mask = "causal" if queries.shape[2] > 1 else None
        return self.attention(queries, visible, scale, mask)

    def pack(self, keys: mx.array, values: mx.array) -> Layer:
        """Return the arrays that one layer stores for new keys and values."""
        return keys, values

    def attention(
        self, queries: mx.array, stored: Layer, scale: float, mask: mx.array | str | None
    ) -> mx.array:
        keys, values = stored
        return mx.fast.scaled_dot_product_attention(queries, keys, values, scale=scale, mask=mask)

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


class QuantizedKVCache(KVCache):
    """A growing cache in `bits` per number (affine), about 1/4 or 1/2 of bfloat16's size."""

    def __init__(self, num_layers: int, *, bits: int, group_size: int = 64) -> None:
        super().__init__(num_layers)
        self.bits = bits
        self.group_size = group_size

    def pack(self, keys: mx.array, values: mx.array) -> Layer:
        return (*self._quantize(keys), *self._quantize(values))

    def _quantize(self, x: mx.array) -> Layer:
        return tuple(mx.quantize(x, group_size=self.group_size, bits=self.bits))

    def attention(
        self, queries: mx.array, stored: Layer, scale: float, mask: mx.array | str | None
    ) -> mx.array:
        batch, heads, length, head_dim = queries.shape
        if length > 1:
            # The fused kernel stores no [length, total] scores, which would outweigh a prompt's
            # keys.
            keys, values = self._unpacked(stored[:3], queries), self._unpacked(stored[3:], queries)
            return super().attention(queries, (keys, values), scale, mask)
        kv_heads = stored[0].shape[1]
        # One quantized product serves all query heads that share a key head.
        grouped = (queries * scale).reshape(batch, kv_heads, -1, head_dim)
        scores = self._product(grouped, stored[:3], transpose=True)
        scores = scores.reshape(batch, kv_heads, heads // kv_heads, length, -1)
        if isinstance(mask, mx.array):
            scores = mx.where(mask[:, None], scores, mx.finfo(scores.dtype).min)
        weights = mx.softmax(scores, axis=-1, precise=True)
        weights = weights.reshape(batch, kv_heads, -1, scores.shape[-1])
        output = self._product(weights, stored[3:], transpose=False)
        return output.reshape(batch, heads, length, head_dim)

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


def kv_group_size(head_dim: int) -> int:
    """Numbers that share a scale when keys and values are quantized."""
    return 64 if head_dim % 64 == 0 else 32


def _grown(old: Layer, like: Layer, end: int) -> Layer:
    """Return `old` with room for `end` positions; if it is empty, shaped and typed as `like`."""
    capacity = capacity_for(end)
    grown = []
    for i, model in enumerate(like):
        batch, heads, _, width = model.shape
        kept = old[i].shape[2] if old else 0
        room = mx.zeros((batch, heads, capacity - kept, width), model.dtype)
        grown.append(mx.concatenate([old[i], room], axis=2) if old else room)
    return tuple(grown)
