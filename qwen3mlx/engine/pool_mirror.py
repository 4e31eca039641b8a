"""The schedule's own view of the KV pool and the cached prefixes: numbers only, no arrays."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from ..model.kv_layout import KVLayout, Row, Stack, capacities
from .memory import MemoryBudget
from .plan import CacheBlocks, CloseRow, FillRow, GrowRow, OpenRow, PoolChange, Reset, TrimRow
from .prefix_index import PrefixIndex
from .sequence import Sequence

# Tokens of an answer that a long row has room for from the beginning.
ANSWER_ROOM = 1024


class PoolMirror:
    """Each method changes the mirror now and adds the same change to the next plan.

    `sequences` are those with a row, by row number.
    """

    def __init__(self, bytes_per_token: int, num_layers: int, budget: MemoryBudget) -> None:
        self.sequences: dict[int, Sequence] = {}
        self.layout: KVLayout[Row, Stack] = KVLayout(bytes_per_token, num_layers, Row, Stack)
        self._changes: list[PoolChange] = []
        self.prefixes = PrefixIndex(bytes_per_token, budget, self._changes)
        self._budget = budget
        self._numbers = itertools.count(1)
        self._live_bytes = 0

    def take_changes(self) -> tuple[PoolChange, ...]:
        """Return the changes since the last call, for a plan."""
        changes = tuple(self._changes)
        self._changes.clear()
        return changes

    def may_open(self, num_tokens: int) -> bool:
        """Make room for a row with this many tokens and one more. Return False if there is none."""
        choice = capacities(num_tokens + 1)
        needed = map(self.layout.bytes_to_open, (choice[0], choice[-1]))
        return any(map(self._budget.make_room, needed))

    def open(self, sequence: Sequence) -> Row:
        """Open a row for the sequence's tokens and one more, and fill it with its cached prefix.

        `may_open` has made room for it.
        """
        ahead = min(ANSWER_ROOM, sequence.max_tokens - sequence.num_generated)
        choice, free = capacities(len(sequence.ids) + 1, ahead), self._budget.free
        fitting = (c for c in choice if self.layout.bytes_to_open(c) <= free)
        capacity = next(fitting, choice[-1])
        row = sequence.row = self.layout.open(capacity)
        number = sequence.row_number = next(self._numbers)
        self.sequences[number] = sequence
        self._count_live()
        self._changes.append(OpenRow(number, capacity, sequence.sampling))
        # The last token is always computed: its logits give the first new token.
        blocks = self.prefixes.lookup(sequence.reusable[:-1], sequence.salt)
        if blocks:
            self._changes.append(FillRow(number, blocks))
            row.advance(sum(length for _, length in blocks))
        return row

    def make_room(self, sequence: Sequence, num_tokens: int) -> bool:
        """Make room for this many more tokens in the row. Return False if memory is short."""
        row = sequence.row
        assert row is not None
        needed = row.offset + num_tokens
        if needed <= row.capacity:
            return True
        for capacity in capacities(needed):
            if self._budget.make_room(self.layout.bytes_to_move(row, capacity)):
                self.layout.move(row, capacity)
                self._count_live()
                self._changes.append(GrowRow(sequence.row_number, capacity))
                return True
        return False

    def rewind(self, sequence: Sequence) -> None:
        """Drop everything computed beyond the sequence's ids; the last id is always fed again."""
        sequence.drop_in_flight()
        row = sequence.row
        if row is not None:
            row.trim(max(0, row.offset - len(sequence.ids) + 1))
            self._changes.append(TrimRow(sequence.row_number, row.offset))

    def close(self, sequence: Sequence, *, spoilt: bool = False) -> None:
        """Free the sequence's row, if it has one; see `CloseRow`."""
        sequence.drop_in_flight()
        if sequence.row is not None:
            sequence.row.release()
            sequence.row = None
            del self.sequences[sequence.row_number]
            self._changes.append(CloseRow(sequence.row_number, spoilt))
            self._count_live()

    def cache(self, sequence: Sequence, *, whole: bool) -> None:
        """Cache the computed tokens for later requests; only full blocks if `whole`."""
        ids = sequence.ids[: sequence.num_computed]
        self.prefixes.put(ids, sequence.row_number, sequence.salt, whole=whole)

    def reset(self, undone: Iterable[PoolChange]) -> None:
        """Forget all rows, and the blocks that the changes in `undone` would have copied.

        The caller must restart the affected sequences: see `Schedule`.
        """
        changes = (*undone, *self._changes)
        copies = [change for change in changes if isinstance(change, CacheBlocks)]
        self.prefixes.forget({number for copy in copies for number, _, _ in copy.blocks})
        self.layout.clear()
        for sequence in self.sequences.values():
            sequence.drop_in_flight()
            sequence.row = None
        self.sequences.clear()
        self._count_live()
        self._changes[:] = [Reset(self.prefixes.numbers)]

    def _count_live(self) -> None:
        nbytes = self.layout.nbytes
        self._budget.live += nbytes - self._live_bytes
        self._live_bytes = nbytes
