"""Keys and values of many requests, stacked so that one decode step reads them together.

Rows of similar length share arrays [2 * slots, kv_heads, capacity, width] per layer: the keys of
all slots, then their values. A row keeps its place from its first prompt token to its last: joining
and leaving a batch copies nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

import mlx.core as mx

from .cache import KVCache, Layer, written
from .device import on_cpu
from .kv_layout import CAPACITY_STEP, KVLayout, KVRoomError, Row, Stack, is_alone
from .qwen3 import Qwen3
from .rope import Turns

BatchArrays = tuple[mx.array, mx.array, list[list[Layer]]]


@dataclass(slots=True, eq=False)
class KVStack(Stack):
    """A stack and its arrays, one `Layer` [2 * slots, kv_heads, capacity, width] for each layer."""

    layers: list[Layer] = field(default_factory=list)


class KVRow(Row):
    """One request's place, with its keys and values."""

    stack: KVStack
    turns = None
    _layout: KVPool

    def layer(self, index: int) -> Layer:
        """Keys and values [2, kv_heads, offset, width] of one layer."""
        arrays = self.stack.layers[index]
        return tuple(array[self._places(arrays), :, : self.offset] for array in arrays)

    def write(self, layer: int, position: int, new: Layer) -> None:
        """Write arrays [2, kv_heads, n, width] at `position`. Raises KVRoomError."""
        self.check(position, new[0].shape[2])
        old = self.stack.layers[layer]
        self.stack.layers[layer] = written(old, new, self._places(old), position)

    def wipe(self) -> None:
        """Fill the row's place with zeros.

        A mask multiplies what it hides by zero, so that numbers which are not finite would spoil
        the answers of the place's next row.
        """
        for index, arrays in enumerate(self.stack.layers):
            zeros = tuple(mx.zeros_like(array[self._places(arrays)]) for array in arrays)
            self.stack.layers[index] = written(arrays, zeros, self._places(arrays), 0)
        mx.eval(self.stack.layers)

    def attend(self, layer: int, queries: mx.array, new: mx.array, scale: float) -> mx.array:
        """Attend over a prompt's chunk, as KVCache does. Raises KVRoomError if it does not fit."""
        kind, length = self._layout.kind, new.shape[2]
        self.write(layer, self.offset, kind.pack(new))
        stored = self.stack.layers[layer]
        keys, values = _sliced(stored, self.slot, 1, self.offset + length)
        return kind.attention(queries, keys, values, scale, "causal" if length > 1 else None)

    def _places(self, arrays: Layer) -> slice:
        """The keys and the values of this row in a stack's arrays."""
        return slice(self.slot, None, arrays[0].shape[0] // 2)


class KVPool(KVLayout[KVRow, KVStack]):
    """A layout with its arrays. `kind` stores and reads keys and values."""

    def __init__(self, model: Qwen3) -> None:
        self.kind: KVCache = model.make_cache()
        config = model.config
        one = mx.zeros((2, config.num_key_value_heads, 1, config.head_dim), model.dtype)
        self._token: Layer = self.kind.pack(one)
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
        for layer in range(self.num_layers):
            held = row.layer(layer)
            if num_slots > len(kept):
                self._resize_layer(stack, layer, kept, num_slots)
            places = slice(slot, None, num_slots)
            stack.layers[layer] = written(stack.layers[layer], held, places, 0)
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
        room = mx.zeros((2, slots - len(kept), heads, capacity, width), like.dtype)
        if old is not None:
            rows = old.reshape(2, -1, heads, capacity, width)
            if len(kept) < rows.shape[1]:
                rows = rows[:, mx.array(kept)]
            room = mx.concatenate([rows, room], axis=1) if slots > len(kept) else rows
        return room.reshape(2 * slots, heads, capacity, width)


class Run(NamedTuple):
    """Rows `start` to `stop` of a batch: neighbours from `slot` on in a stack, which attend over
    its first `end` positions.
    """

    stack: int
    slot: int
    start: int
    stop: int
    end: int


@dataclass(slots=True, eq=False)
class Batch:
    """The rows of a step, as arrays and as `runs`, which a compiled step is made for.

    `offset` [rows]: where each row's new token goes. `places` [2, rows] uint32: where its key and
    its value go in the arrays of its stack, of which `layers` has one list for each. With `masked`,
    a row sees its own tokens of the positions that its run attends over; else all of them.
    """

    offset: mx.array
    places: mx.array
    layers: list[list[Layer]]
    runs: tuple[Run, ...]
    masked: bool = True

    @classmethod
    def of(cls, rows: Sequence[KVRow], *, exact: bool = False) -> Batch:
        """Prepare a step of one token for each of `rows`; those of a stack are best in its order.

        With `exact`, a single row attends over just its tokens: nothing has to be masked, but no
        two steps are alike. Raises KVRoomError if a row has no room.
        """
        for row in rows:
            row.check(row.offset, 1)
        stacks = list(dict.fromkeys(row.stack for row in rows))
        keys = [row.slot for row in rows]
        values = [row.slot + len(row.stack.rows) for row in rows]
        return cls(
            mx.array([row.offset for row in rows]),
            mx.array([keys, values], mx.uint32),
            [stack.layers for stack in stacks],
            _runs(rows, stacks, exact=exact),
            masked=not exact,
        )

    def arrays(self) -> BatchArrays:
        """The arrays as a tree, for a compiled function's arguments."""
        return self.offset, self.places, self.layers


def _runs(
    rows: Sequence[KVRow], stacks: Sequence[KVStack], *, exact: bool = False
) -> tuple[Run, ...]:
    starts = [
        i
        for i, row in enumerate(rows)
        if not i or rows[i - 1].stack is not row.stack or rows[i - 1].slot + 1 != row.slot
    ]
    runs = []
    for start, stop in zip(starts, [*starts[1:], len(rows)], strict=True):
        stack, end = rows[start].stack, rows[start].stack.capacity
        if exact:
            end = rows[start].offset + 1
        elif len(starts) == 1:  # more runs would too seldom all stay the same
            longest = max(row.offset for row in rows) + 1
            end = min(-(-longest // CAPACITY_STEP) * CAPACITY_STEP, end)
        runs.append(Run(stacks.index(stack), rows[start].slot, start, stop, end))
    return tuple(runs)


class BatchView:
    """The rows of a decode step: each layer's keys and values are written, then read.

    It computes with arrays alone, so that a step compiles; `layers` are replaced as they are
    written.
    """

    def __init__(self, kind: KVCache, batch: Batch, turns: Turns | None = None) -> None:
        self.offset = batch.offset
        self.turns = turns
        self.layers = [list(layers) for layers in batch.layers]
        self._kind = kind
        self._batch = batch
        self._masks: list[mx.array | None] = []
        self._writes = _writes(batch)

    def attend(self, layer: int, queries: mx.array, new: mx.array, scale: float) -> mx.array:
        if new.shape[2] != 1:
            raise KVRoomError(f"A step has room for one token per row, not {new.shape[2]}.")
        self._write(layer, self._kind.pack(new))
        self._masks = self._masks or self._make_masks(queries.shape[1])
        outputs = []
        for run, mask in zip(self._batch.runs, self._masks, strict=True):
            stored = self.layers[run.stack][layer]
            keys, values = _sliced(stored, run.slot, run.stop - run.start, run.end)
            part = queries[run.start : run.stop]
            outputs.append(self._kind.attention(part, keys, values, scale, mask))
        return outputs[0] if len(outputs) == 1 else mx.concatenate(outputs)

    def _write(self, layer: int, new: Layer) -> None:
        """new [2 * rows, kv_heads, 1, width]."""
        # All of a stack's before any is read: it is replaced in place only while nobody reads it.
        for write in self._writes:
            layers = self.layers[write.stack]
            layers[layer] = tuple(map(write.into, layers[layer], new))

    def _make_masks(self, num_heads: int) -> list[mx.array | None]:
        if not self._batch.masked:
            return [None]
        masks: list[mx.array | None] = []
        for run in self._batch.runs:
            offset = self.offset[run.start : run.stop, None, None, None]
            visible = mx.arange(run.end) <= offset
            masks.append(self._kind.mask_for(visible, num_heads))
        return masks


class _Write(NamedTuple):
    """The new tokens `start` to `stop` of a batch go to one stack: slots, heads, positions.

    `lone` is the position [1] of a row that has a stack for itself, on a CPU. A GPU would copy the
    array for a slice's update.
    """

    stack: int
    start: int
    stop: int
    where: tuple[mx.array, mx.array, mx.array]
    lone: mx.array | None

    def into(self, array: mx.array, new: mx.array) -> mx.array:
        """Return `array` with its part of new keys, or values, [2 * rows, kv_heads, 1, width]."""
        if self.lone is not None:
            return mx.slice_update(array, new, self.lone, axes=(2,))
        changed = array[...]
        rows = new.reshape(2, -1, new.shape[1], new.shape[3])
        changed[self.where] = rows[:, self.start : self.stop]
        return changed


def _writes(batch: Batch) -> list[_Write]:
    writes, positions = [], batch.offset.astype(mx.uint32)
    heads = mx.array(list(range(batch.layers[0][0][0].shape[1])), mx.uint32)
    for stack, runs in groupby(batch.runs, key=lambda run: run.stack):
        together = list(runs)
        start, stop = together[0].start, together[-1].stop
        where = batch.places[:, start:stop, None], heads, positions[start:stop, None]
        is_whole = len(batch.runs) == 1 and batch.layers[stack][0][0].shape[0] == 2
        lone = batch.offset[start:stop] if is_whole and on_cpu() else None
        writes.append(_Write(stack, start, stop, where, lone))
    return writes


def _sliced(stored: Layer, slot: int, num_rows: int, end: int) -> tuple[Layer, Layer]:
    """Return the first `end` keys, and values, of rows next to each other."""
    first = (slot, slot + stored[0].shape[0] // 2)
    keys, values = (
        tuple(array[start : start + num_rows, :, :end] for array in stored) for start in first
    )
    return keys, values
