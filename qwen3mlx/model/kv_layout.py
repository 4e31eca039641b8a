"""Which rows have which places in a KV pool: numbers only, no arrays.

The pool that holds the arrays and the schedule that plans for it each keep a layout. Given the same
calls, two layouts are the same, so the schedule knows the pool's state without asking for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast

# The least number of positions that capacity grows by.
CAPACITY_STEP = 256
# Longer rows have arrays of their own: what sharing wastes (up to a third of each row, and empty
# slots) would be too much, and their attention is work enough for a kernel of its own.
LONGEST_SHARED = 4096


class KVRoomError(RuntimeError):
    """A write would leave the positions that are its own; nothing was written.

    MLX does not check where a write goes: it would reach other rows, or memory behind the arrays.
    So caches check, from numbers that the host knows, before they touch an array.
    """


@dataclass(slots=True, eq=False)
class Stack:
    """Rows of one capacity; None is a free slot. The last position of each row stays free."""

    capacity: int
    rows: list[Any] = field(default_factory=list)


class Row:
    """The place of one request: slot `slot` of `stack`, of which `offset` tokens are filled."""

    def __init__(self, layout: KVLayout[Any, Any], stack: Stack, slot: int) -> None:
        self.offset = 0
        self.stack = stack
        self.slot = slot
        self._layout = layout

    @property
    def capacity(self) -> int:
        return self.stack.capacity - 1

    def check(self, position: int, num_tokens: int) -> None:
        """Raises KVRoomError unless the row is in use and has these positions."""
        stack = self.stack
        held = self.slot < len(stack.rows) and stack.rows[self.slot] is self
        if not held or position < 0 or num_tokens < 0 or position + num_tokens > self.capacity:
            raise KVRoomError(
                f"{num_tokens} tokens at position {position} do not fit a "
                f"{'' if held else 'released '}row for {self.capacity}."
            )

    def advance(self, num_tokens: int) -> None:
        self.check(self.offset, num_tokens)
        self.offset += num_tokens

    def trim(self, num_tokens: int) -> None:
        """Forget the last `num_tokens`; no array is touched."""
        self.offset -= min(num_tokens, self.offset)

    def release(self) -> None:
        self._layout.release(self)


RowT = TypeVar("RowT", bound=Row)
StackT = TypeVar("StackT", bound=Stack)


class KVLayout(Generic[RowT, StackT]):
    """The rows of one model. Rows of like length share a stack; long ones have their own.

    A row keeps its place from its first prompt token to its last: joining a batch and leaving it
    move nothing.
    """

    def __init__(
        self,
        bytes_per_token: int,
        num_layers: int,
        make_row: Callable[[KVLayout[Any, Any], StackT, int], RowT],
        make_stack: Callable[[int], StackT],
    ) -> None:
        self.bytes_per_token = bytes_per_token
        self.num_layers = num_layers
        self._make_row = make_row
        self._make_stack = make_stack
        self._stacks: list[StackT] = []

    @property
    def nbytes(self) -> int:
        """The bytes of all rows, including free slots."""
        return sum(map(self._stack_bytes, self._stacks))

    def bytes_alone(self, num_tokens: int) -> int:
        """Return the least bytes that the row would take if it were the only one."""
        return least_capacity(num_tokens) * self.bytes_per_token

    def bytes_to_open(self, capacity: int) -> int:
        """Return the bytes that `open` takes meanwhile: a stack is resized layer by layer."""
        added, stack = self._added(capacity), self._shared(capacity)
        return added if stack is None or not added else added + self._layer_bytes(stack)

    def bytes_to_move(self, row: RowT, capacity: int) -> int:
        """Return the bytes that `move` takes meanwhile: one layer more than it leaves."""
        stack = cast("StackT", row.stack)
        if capacity == stack.capacity:
            return 0
        opened = self.bytes_to_open(capacity)
        if not opened or not is_alone(row):
            return opened
        return max(opened - self._stack_bytes(stack), 0) + self._layer_bytes(stack)

    def place(self, row: RowT) -> tuple[int, int]:
        """Return where the row is, to sort by: its stack, and its slot in there."""
        return self._stacks.index(cast("StackT", row.stack)), row.slot

    def allocate(self, num_tokens: int) -> RowT:
        return self.open(stack_capacity(num_tokens))

    def open(self, capacity: int) -> RowT:
        """Return a new row with `capacity` positions."""
        stack = self._stack_for(capacity)
        if None not in stack.rows:
            self._resize(stack, list(range(len(stack.rows))), _more_slots(stack))
        slot = stack.rows.index(None)
        row = self._make_row(self, stack, slot)
        stack.rows[slot] = row
        return row

    def move(self, row: RowT, capacity: int) -> None:
        """Give `row` a place with `capacity` positions, keeping what it holds.

        Raises KVRoomError where that is less than it holds.
        """
        row.check(0, row.offset)
        if capacity <= row.offset:
            raise KVRoomError(f"A row of {row.offset} tokens does not fit {capacity} positions.")
        if capacity != row.stack.capacity:
            stack = self._stack_for(capacity)
            self._transfer(row, stack, _more_slots(stack))

    def release(self, row: RowT) -> None:
        row.check(0, 0)  # its slot may be another row's by now
        stack = cast("StackT", row.stack)
        stack.rows[row.slot] = None
        used = [slot for slot, other in enumerate(stack.rows) if other is not None]
        if not used:
            self._stacks.remove(stack)
        elif len(used) == 1 or len(used) <= len(stack.rows) // 4:
            self._resize(stack, used, len(used))

    def clear(self) -> None:
        """Drop everything, rows in use as well."""
        for stack in self._stacks:
            stack.rows = []
        self._stacks.clear()

    def _stack_for(self, capacity: int) -> StackT:
        """Return the stack that a row of this capacity goes to."""
        stack = self._shared(capacity)
        if stack is None:
            stack = self._make_stack(capacity)
            self._stacks.append(stack)
        return stack

    def _shared(self, capacity: int) -> StackT | None:
        if capacity > LONGEST_SHARED:
            return None
        return next((stack for stack in self._stacks if stack.capacity == capacity), None)

    def _resize(self, stack: StackT, kept: list[int], num_slots: int) -> None:
        """Give `stack` `num_slots` slots; the rows of the slots `kept` come first, in order."""
        self._renumber(stack, kept, num_slots)

    def _renumber(self, stack: StackT, kept: list[int], num_slots: int) -> None:
        rows = [stack.rows[slot] for slot in kept]
        stack.rows = rows + [None] * (num_slots - len(rows))
        for slot, row in enumerate(rows):
            if row is not None:
                row.slot = slot

    def _transfer(self, row: RowT, stack: StackT, num_slots: int) -> None:
        """Move `row` to a free slot of `stack`, which gets `num_slots`."""
        self._renumber(stack, list(range(len(stack.rows))), num_slots)
        self.release(row)
        row.stack, row.slot = stack, stack.rows.index(None)
        stack.rows[row.slot] = row

    def _added(self, capacity: int) -> int:
        """Return the bytes of the slots that a row of this capacity would add."""
        stack = self._shared(capacity)
        slots = 1 if stack is None else _more_slots(stack) - len(stack.rows)
        return slots * capacity * self.bytes_per_token

    def _stack_bytes(self, stack: StackT) -> int:
        return len(stack.rows) * stack.capacity * self.bytes_per_token

    def _layer_bytes(self, stack: StackT) -> int:
        return -(-self._stack_bytes(stack) // self.num_layers)


def is_alone(row: Row) -> bool:
    """Return whether its stack goes when it leaves."""
    return all(other is None or other is row for other in row.stack.rows)


def least_capacity(num_tokens: int) -> int:
    """Return the fewest positions of a row for `num_tokens` and the free one."""
    return -(-(num_tokens + 1) // CAPACITY_STEP) * CAPACITY_STEP


def capacities(num_tokens: int, ahead: int = 0) -> range:
    """Return the capacities of a row for `num_tokens`: first the usual one, then smaller ones for
    where memory is short. Long rows get room for `ahead` more tokens, since moving them takes time.
    """
    usual = stack_capacity(num_tokens)
    if usual > LONGEST_SHARED:
        usual = stack_capacity(num_tokens + ahead)
    return range(usual, least_capacity(num_tokens) - 1, -CAPACITY_STEP)


def stack_capacity(num_tokens: int) -> int:
    """Positions of a row for `num_tokens` and the free one; few distinct values to share."""
    needed = num_tokens + 1
    if needed > LONGEST_SHARED:
        return capacity_for(needed)
    step = max(CAPACITY_STEP, (1 << (needed - 1).bit_length()) // 4)
    return -(-needed // step) * step


def capacity_for(num_tokens: int) -> int:
    """Positions to allocate: at most an eighth, or one step, more than needed.

    Few distinct values, since a decode step is compiled once for each of them: eight an octave.
    """
    step = max(CAPACITY_STEP, (1 << num_tokens.bit_length()) // 16)
    return -(-num_tokens // step) * step


def _more_slots(stack: Stack) -> int:
    """Return the number of slots after making room for one more row."""
    return len(stack.rows) if None in stack.rows else max(1, 2 * len(stack.rows))
