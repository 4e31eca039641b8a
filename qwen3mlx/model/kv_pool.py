"""Keys and values of many requests, stacked so that one decode step reads them together.

Rows of similar length share arrays [slots, kv_heads, capacity, width] per layer. A row keeps its
place from its first prompt token to its last: joining and leaving a batch copies nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import mlx.core as mx

from .cache import CAPACITY_STEP, KVCache, KVRoomError, Layer, capacity_for
from .qwen3 import Qwen3

# Longer rows have their own arrays: sharing would waste too much (up to a third of each row, and
# empty slots), and their attention is enough work for a separate kernel.
LONGEST_SHARED = 4096


BatchArrays = tuple[mx.array, list[list[Layer]], list[mx.array], list[mx.array], list[mx.array]]


@dataclass(slots=True, eq=False)
class KVStack:
    """`rows` has None for each free slot. The last position of every row is scratch space."""

    capacity: int
    layers: list[Layer]
    rows: list[KVRow | None] = field(default_factory=list)


class KVRow:
    """One request's place; `offset` tokens of it are filled."""

    def __init__(self, pool: KVPool, stack: KVStack, slot: int) -> None:
        self.offset = 0
        self.stack = stack
        self.slot = slot
        self._pool = pool

    @property
    def capacity(self) -> int:
        return self.stack.capacity - 1

    def layer(self, index: int) -> Layer:
        """Keys and values [1, kv_heads, offset, width] of one layer."""
        one = slice(self.slot, self.slot + 1)
        return tuple(array[one, :, : self.offset] for array in self.stack.layers[index])

    def check(self, position: int, num_tokens: int) -> None:
        """Raises KVRoomError unless the row is in use and has these positions."""
        held = self.slot < len(self.stack.rows) and self.stack.rows[self.slot] is self
        if not held or position < 0 or num_tokens < 0 or position + num_tokens > self.capacity:
            raise KVRoomError(
                f"{num_tokens} tokens at position {position} do not fit a "
                f"{'' if held else 'released '}row for {self.capacity}."
            )

    def write(self, layer: int, position: int, new: Layer) -> None:
        """Write arrays [1, kv_heads, n, width] at `position`. Raises KVRoomError."""
        self.check(position, new[0].shape[2])
        start = mx.array([self.slot, position])
        self.stack.layers[layer] = tuple(
            mx.slice_update(old, update, start, axes=(0, 2))
            for old, update in zip(self.stack.layers[layer], new, strict=True)
        )

    def attend(
        self, layer: int, queries: mx.array, keys: mx.array, values: mx.array, scale: float
    ) -> mx.array:
        """Attend with a prompt's chunk, as KVCache does. Raises KVRoomError if it does not fit."""
        kind, length = self._pool.kind, keys.shape[2]
        self.write(layer, self.offset, kind.pack(keys, values))
        one = slice(self.slot, self.slot + 1)
        end = self.offset + length
        visible = tuple(array[one, :, :end] for array in self.stack.layers[layer])
        return kind.attention(queries, visible, scale, "causal" if length > 1 else None)

    def advance(self, num_tokens: int) -> None:
        self.check(self.offset, num_tokens)
        self.offset += num_tokens

    def trim(self, num_tokens: int) -> None:
        """Forget the last `num_tokens`; no array is touched."""
        self.offset -= min(num_tokens, self.offset)

    def grow(self, num_tokens: int = 1) -> None:
        """Move to a place with room for `num_tokens` more."""
        self._pool.move(self, self.offset + num_tokens)

    def release(self) -> None:
        self._pool.release(self)


class KVPool:
    """One model's rows. `kind` stores and reads keys and values; `nbytes` is their total size."""

    def __init__(self, model: Qwen3) -> None:
        self.kind: KVCache = model.make_cache()
        self._num_layers = len(model.blocks)
        self._stacks: list[KVStack] = []
        config = model.config
        one = mx.zeros((1, config.num_key_value_heads, 1, config.head_dim), model.dtype)
        self._token: Layer = self.kind.pack(one, one)
        self.bytes_per_token = self._num_layers * sum(array.nbytes for array in self._token)

    @property
    def nbytes(self) -> int:
        return sum(
            len(stack.rows) * stack.capacity * self.bytes_per_token for stack in self._stacks
        )

    def bytes_for(self, num_tokens: int) -> int:
        """Return the bytes that a row for this many tokens would add."""
        capacity = stack_capacity(num_tokens)
        stack = self._shared(capacity)
        slots = 1 if stack is None else _more_slots(stack) - len(stack.rows)
        return slots * capacity * self.bytes_per_token

    def bytes_alone(self, num_tokens: int) -> int:
        """Return the bytes of the row if it were the only one."""
        return stack_capacity(num_tokens) * self.bytes_per_token

    def allocate(self, num_tokens: int) -> KVRow:
        capacity = stack_capacity(num_tokens)
        stack = self._shared(capacity)
        if stack is None:
            stack = KVStack(capacity, [()] * self._num_layers)
            self._stacks.append(stack)
        if None not in stack.rows:
            self._resize(stack, list(range(len(stack.rows))), _more_slots(stack))
        slot = stack.rows.index(None)
        row = stack.rows[slot] = KVRow(self, stack, slot)
        return row

    def move(self, row: KVRow, num_tokens: int) -> None:
        """Give `row` room for `num_tokens`, copying its content.

        Raises KVRoomError if that is less than it holds.
        """
        row.check(0, row.offset)
        if num_tokens < row.offset:
            raise KVRoomError(f"A row of {row.offset} tokens does not fit one for {num_tokens}.")
        new = self.allocate(num_tokens)
        for layer in range(self._num_layers):
            new.write(layer, 0, row.layer(layer))
            mx.eval(new.stack.layers[layer])
        self.release(row)
        row.stack, row.slot = new.stack, new.slot
        row.stack.rows[row.slot] = row

    def release(self, row: KVRow) -> None:
        row.check(0, 0)  # its slot may belong to another row by now
        stack = row.stack
        stack.rows[row.slot] = None
        used = [slot for slot, other in enumerate(stack.rows) if other is not None]
        if not used:
            self._stacks.remove(stack)
        elif len(used) == 1 or len(used) <= len(stack.rows) // 4:
            self._resize(stack, used, len(used))

    def clear(self) -> None:
        """Drop everything, including rows in use."""
        for stack in self._stacks:
            # Rows and stacks refer to each other, so the arrays would wait for Python's garbage
            # collector.
            stack.layers = []
            stack.rows = []
        self._stacks.clear()

    def _shared(self, capacity: int) -> KVStack | None:
        if capacity > LONGEST_SHARED:
            return None
        return next((stack for stack in self._stacks if stack.capacity == capacity), None)

    def _resize(self, stack: KVStack, kept: list[int], num_slots: int) -> None:
        """Resize with `kept` rows first, in order; one layer at a time, so that little is in memory
        twice.
        """
        for layer in range(self._num_layers):
            stack.layers[layer] = tuple(
                self._resized(old, like, kept, num_slots, stack.capacity)
                for old, like in zip(
                    stack.layers[layer] or [None] * len(self._token), self._token, strict=True
                )
            )
            mx.eval(stack.layers[layer])
        rows = [stack.rows[slot] for slot in kept]
        stack.rows = rows + [None] * (num_slots - len(rows))
        for slot, row in enumerate(rows):
            if row is not None:
                row.slot = slot

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


def stack_capacity(num_tokens: int) -> int:
    """Positions of a row for `num_tokens` and the scratch one; few distinct values, to share
    stacks.
    """
    needed = num_tokens + 1
    if needed > LONGEST_SHARED:
        return capacity_for(needed)
    step = max(CAPACITY_STEP, (1 << (needed - 1).bit_length()) // 4)
    return -(-needed // step) * step


def _more_slots(stack: KVStack) -> int:
    """Return the number of slots after making room for one more row."""
    return len(stack.rows) if None in stack.rows else max(1, 2 * len(stack.rows))


def _written(old: mx.array, new: mx.array, positions: mx.array) -> mx.array:
    """old [slots, heads, capacity, width] with new [slots, heads, 1, width] at `positions`."""
    if old.shape[0] == 1:
        return mx.slice_update(old, new, positions, axes=(2,))
    index = mx.broadcast_to(positions[:, None, None, None], new.shape)
    return mx.put_along_axis(old, index, new, axis=2)
