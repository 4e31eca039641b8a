"""Keys and values of cached prefixes, in blocks; `prefix_index.py` tracks their tokens."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import mlx.core as mx

from ..model import KVRow, Layer


class PrefixBlocks:
    """Holds arrays [2 * layers, kv_heads, tokens, width] for each block, keys and values of one
    layer after another: few, since each one has costs of its own, and large.
    """

    def __init__(self) -> None:
        self.blocks: dict[int, Layer] = {}

    @property
    def nbytes(self) -> int:
        return sum(array.nbytes for block in self.blocks.values() for array in block)

    def fill(self, row: KVRow, blocks: Iterable[tuple[int, int]]) -> None:
        """Copy the first tokens of each block, one block after another, into an empty `row`.

        Raises KVRoomError, before writing anything, if the row is too short.
        """
        blocks = tuple(blocks)
        row.check(row.offset, sum(length for _, length in blocks))
        for number, length in blocks:
            for layer in range(len(row.stack.layers)):
                both = slice(2 * layer, 2 * layer + 2)
                new = tuple(array[both, :, :length] for array in self.blocks[number])
                row.write(layer, row.offset, new)
            row.advance(length)
        mx.eval(row.stack.layers)

    def copy(self, row: KVRow, blocks: Iterable[tuple[int, int, int]]) -> None:
        """Copy a row's tokens into new blocks: (block, first token, number of tokens) for each."""
        layers = [row.layer(layer) for layer in range(len(row.stack.layers))]
        new = {
            number: tuple(
                mx.concatenate([array[:, :, start : start + length] for array in arrays])
                for arrays in zip(*layers, strict=True)
            )
            for number, start, length in blocks
        }
        mx.eval(list(new.values()))
        self.blocks.update(new)

    def drop(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self.blocks.pop(number, None)

    def keep(self, numbers: Collection[int]) -> None:
        """Drop all other blocks."""
        self.blocks = {number: self.blocks[number] for number in numbers}
