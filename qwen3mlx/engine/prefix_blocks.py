"""Keys and values of cached prefixes, in blocks; `prefix_index.py` tracks their tokens."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import mlx.core as mx

from ..model import KVRow, Layer


class PrefixBlocks:
    """Holds arrays [1, kv_heads, tokens, width] for each block and layer."""

    def __init__(self) -> None:
        self.layers: dict[int, list[Layer]] = {}

    @property
    def nbytes(self) -> int:
        blocks = self.layers.values()
        return sum(array.nbytes for block in blocks for layer in block for array in layer)

    def fill(self, row: KVRow, blocks: Iterable[tuple[int, int]]) -> None:
        """Copy the first tokens of each block, one block after another, into an empty `row`.

        Raises KVRoomError, before writing anything, if the row is too short.
        """
        blocks = tuple(blocks)
        row.check(row.offset, sum(length for _, length in blocks))
        for number, length in blocks:
            for layer, arrays in enumerate(self.layers[number]):
                row.write(layer, row.offset, tuple(array[:, :, :length] for array in arrays))
            row.advance(length)
        mx.eval(row.stack.layers)

    def copy(self, row: KVRow, blocks: Iterable[tuple[int, int, int]]) -> None:
        """Copy a row's tokens into new blocks: (block, first token, number of tokens) for each."""
        new: dict[int, list[Layer]] = {number: [] for number, _, _ in blocks}
        for layer in range(len(row.stack.layers)):
            arrays = row.layer(layer)
            for number, start, length in blocks:
                pieces = (array[:, :, start : start + length] for array in arrays)
                new[number].append(tuple(mx.contiguous(piece) for piece in pieces))
        mx.eval(list(new.values()))
        self.layers.update(new)

    def drop(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self.layers.pop(number, None)

    def keep(self, numbers: Collection[int]) -> None:
        """Drop all other blocks."""
        self.layers = {number: self.layers[number] for number in numbers}
