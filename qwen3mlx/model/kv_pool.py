"""Keys and values of many requests, stacked so that one decode step reads them together.

Rows of similar length share arrays [slots, kv_heads, capacity, width] per layer. A row keeps its
place from its first prompt token to its last: joining and leaving a batch copies nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import mlx.core as mx

from .cache import KVCache, Layer
from .kv_layout import KVLayout, KVRoomError, Row, Stack, is_alone
from .qwen3 import Qwen3

BatchArrays = tuple[mx.array, list[list[Layer]], list[mx.array], list[mx.array], list[mx.array]]


@dataclass(slots=True, eq=False)
class KVStack(Stack):
    """A stack and its arrays, one `Layer` [slots, kv_heads, capacity, width] for each layer."""

    layers: list[Layer] = field(default_factory=list)


class KVRow(Row):
    """One request's place, with its keys and values."""

    stack: KVStack
    _layout: KVPool

    def layer(self, index: int) -> Layer:
        """Keys and values [1, kv_heads, offset, width] of one layer."""
        one = slice(self.slot, self.slot + 1)
        return tuple(array[one, :, : self.offset] for array in self.stack.layers[index])

    def write(self, layer: int, position: int, new: Layer) -> None:
        """Write arrays [1, kv_heads, n, width] at `position`. Raises KVRoomError."""
        self.check(position, new[0].shape[2])
        start = mx.array([self.slot, position])
        self.stack.layers[layer] = _updated(self.stack.layers[layer], new, start)

    def attend(
        self, layer: int, queries: mx.array, keys: mx.array, values: mx.array, scale: float
    ) -> mx.array:
        """Attend over a prompt's chunk, as KVCache does. Raises KVRoomError if it does not fit."""
        kind, length = self._layout.kind, keys.shape[2]
        self.write(layer, self.offset, kind.pack(keys, values))
        one = slice(self.slot, self.slot + 1)
        end = self.offset + length
        visible = tuple(array[one, :, :end] for array in self.stack.layers[layer])
        return kind.attention(queries, visible, scale, "causal" if length > 1 else None)


class KVPool(KVLayout[KVRow, KVStack]):
    """A layout with its arrays. `kind` stores and reads keys and values."""

    def __init__(self, model: Qwen3) -> None:
        self.kind: KVCache = model.make_cache()
        config = model.config
        one = mx.zeros((1, config.num_key_value_heads, 1, config.head_dim), model.dtype)
        self._token: Layer = self.kind.pack(one, one)
        super().__init__(
            len(model.blocks) * sum(array.nbytes for array in self._token),
            len(model.blocks),
            KVRow,
            KVStack,
        )

    def clear(self) -> None:
        for stack in self._stacks:
            # Rows and stacks refer to each other, so the arrays would wait for Python's garbage
            # collector.
            stack.layers = []
        super().clear()
        mx.clear_cache()

    def release(self, row: KVRow) -> None:
        stack = row.stack
        super().release(row)
        if not any(stack.rows):
            stack.layers = []
        mx.clear_cache()  # arrays of this size may never be needed again

    def _transfer(self, row: KVRow, stack: KVStack, num_slots: int) -> None:
        """Copy one layer at a time; if the row was alone, its old arrays go with each."""
        kept, old, is_last = list(range(len(stack.rows))), row.stack, is_alone(row)
        slot = stack.rows.index(None) if None in stack.rows else len(kept)
        start = mx.array([slot, 0])
        for layer in range(self.num_layers):
            held = row.layer(layer)
            if num_slots > len(kept):
                self._resize_layer(stack, layer, kept, num_slots)
            stack.layers[layer] = _updated(stack.layers[layer], held, start)
            mx.eval(stack.layers[layer])
            if is_last:
                old.layers[layer] = ()
        del held
        super()._transfer(row, stack, num_slots)

    def _resize(self, stack: KVStack, kept: list[int], num_slots: int) -> None:
        """Resize one layer at a time, so that memory holds few of them twice."""
        for layer in range(self.num_layers):
            self._resize_layer(stack, layer, kept, num_slots)
        self._renumber(stack, kept, num_slots)
        mx.clear_cache()

    def _resize_layer(self, stack: KVStack, layer: int, kept: list[int], num_slots: int) -> None:
        stack.layers = stack.layers or [()] * self.num_layers
        stack.layers[layer] = tuple(
            self._resized(old, like, kept, num_slots, stack.capacity)
            for old, like in zip(
                stack.layers[layer] or [None] * len(self._token), self._token, strict=True
            )
        )
        mx.eval(stack.layers[layer])

    def _resized(
        self, old: mx.array | None, like: mx.array, kept: list[int], slots: int, capacity: int
    ) -> mx.array:
        _, heads, _, width = like.shape
        room = mx.zeros((slots - len(kept), heads, capacity, width), like.dtype)
        if old is None:
            return room
        rows = old if len(kept) == old.shape[0] else old[mx.array(kept)]
        return mx.concatenate([rows, room]) if slots > len(kept) else rows


class BatchView:
    """The rows of a decode step: each layer's keys and values are written, then read, per stack.

    It consists of arrays alone, so that a step compiles; `layers` are replaced as they are written.
    """

    def __init__(self, kind: KVCache, batch: Batch) -> None:
        self.offset = batch.offset
        self.layers = [list(layers) for layers in batch.layers]
        self._kind = kind
        self._batch = batch
        self._masks = [
            (mx.arange(layers[0][0].shape[2]) <= positions[:, None])[:, None, None]
            for layers, positions in zip(batch.layers, batch.positions, strict=True)
        ]

    def attend(
        self, layer: int, queries: mx.array, keys: mx.array, values: mx.array, scale: float
    ) -> mx.array:
        if keys.shape[2] != 1:
            raise KVRoomError(f"A step has room for one token per row, not {keys.shape[2]}.")
        outputs = []
        for i, mask in enumerate(self._masks):
            q, k, v = queries, keys, values
            if self._batch.spread:
                index = self._batch.spread[i]
                q, k, v = queries[index], keys[index], values[index]
            new = self._kind.pack(k, v)
            self.layers[i][layer] = tuple(
                _written(old, update, self._batch.positions[i])
                for old, update in zip(self.layers[i][layer], new, strict=True)
            )
            outputs.append(self._kind.attention(q, self.layers[i][layer], scale, mask))
        if not self._batch.spread:
            return outputs[0]
        return mx.concatenate(outputs)[self._batch.gather[0]]


@dataclass(slots=True, eq=False)
class Batch:
    """The rows of a step as arrays.

    `offset` [rows]: where each row's new token goes. Per stack: its `layers`; `positions` [slots],
    the offset of each row in the batch, the scratch position of the others; `spread` [slots], each
    slot's row. `gather` [rows] finds the rows in the slots of all stacks. Both are empty where the
    batch is one stack in its own order.
    """

    offset: mx.array
    layers: list[list[Layer]]
    positions: list[mx.array]
    spread: list[mx.array]
    gather: list[mx.array]

    @classmethod
    def of(cls, rows: Sequence[KVRow]) -> Batch:
        """Prepare a step of one token for each of `rows`. Raises KVRoomError if one has no room."""
        for row in rows:
            row.check(row.offset, 1)
        stacks = list(dict.fromkeys(row.stack for row in rows))
        places = {row: i for i, row in enumerate(rows)}
        slots = [row for stack in stacks for row in stack.rows]
        batch = cls(
            offset=mx.array([row.offset for row in rows]),
            layers=[stack.layers for stack in stacks],
            positions=[
                mx.array([r.offset if r in places else stack.capacity - 1 for r in stack.rows])
                for stack in stacks
            ],
            spread=[],
            gather=[],
        )
        if len(stacks) > 1 or slots != list(rows):
            batch.spread = [
                mx.array([places.get(r, 0) if r else 0 for r in s.rows]) for s in stacks
            ]
            batch.gather = [mx.array([slots.index(row) for row in rows])]
        return batch

    def arrays(self) -> BatchArrays:
        """All of it as a tree, for a compiled function's arguments: `Batch(*arrays)` is the
        inverse.
        """
        return self.offset, self.layers, self.positions, self.spread, self.gather


def _updated(old: Layer, new: Layer, start: mx.array) -> Layer:
    """old [slots, heads, capacity, width] with new [1, heads, n, width] at `start`: slot and
    position.
    """
    return tuple(
        mx.slice_update(array, update, start, axes=(0, 2))
        for array, update in zip(old, new, strict=True)
    )


def _written(old: mx.array, new: mx.array, positions: mx.array) -> mx.array:
    """old [slots, heads, capacity, width] with new [slots, heads, 1, width] at `positions`."""
    if old.shape[0] == 1:
        return mx.slice_update(old, new, positions, axes=(2,))
    index = mx.broadcast_to(positions[:, None, None, None], new.shape)
    return mx.put_along_axis(old, index, new, axis=2)
