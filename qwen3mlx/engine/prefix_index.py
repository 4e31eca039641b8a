"""Tracks which prompts and answers are cached, to find shared prefixes; has no arrays.

The index is a trie of blocks. Each block stands for the keys and values of up to BLOCK tokens that
follow its parent's, and conversations share the blocks of a common prefix. A hit copies the blocks
into the request's own row, so blocks never change and can be evicted at any time.

A salt separates callers: a prefix cached under one salt is not found under another, so cache hits
do not reveal what others asked. Each salt has a trie of its own; all share the memory.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from .memory import MemoryBudget
from .plan import CacheBlocks, DropBlocks, PoolChange

BLOCK = 256


@dataclass(slots=True, eq=False)
class Block:
    """A node of the trie; plans refer to it by `number`."""

    number: int
    ids: tuple[int, ...]
    parent: Block | None
    last_used: int = 0
    children: dict[tuple[int, ...], Block] = field(default_factory=dict)


class PrefixIndex:
    """Indexes one model's prefixes; all models share the `budget`. Changes for the arrays go to
    `changes`.
    """

    def __init__(
        self, bytes_per_token: int, budget: MemoryBudget, changes: list[PoolChange]
    ) -> None:
        self.nbytes = 0
        self._bytes_per_token = bytes_per_token
        self._budget = budget
        self._changes = changes
        self._roots: dict[str, Block] = {}
        self._clock = itertools.count(1)
        self._numbers = itertools.count(1)

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of all cached blocks."""
        return tuple(sorted(block.number for block in self._blocks()))

    def match(self, ids: Sequence[int], salt: str = "") -> int:
        """Return how many of the first `ids` are cached."""
        return sum(length for _, length in self.lookup(ids, salt))

    def lookup(self, ids: Sequence[int], salt: str = "") -> tuple[tuple[int, int], ...]:
        """Return the blocks of the longest cached prefix of `ids`, and the number of tokens to use
        of each.
        """
        return tuple((block.number, length) for block, length in self._path(ids, salt))

    def put(self, ids: Sequence[int], row: int, salt: str = "", *, whole: bool) -> None:
        """Cache `ids`, which `row` holds; only full blocks if `whole`."""
        new = self._missing(ids, salt, whole=whole)
        if not new:
            return
        blocks = tuple((block.number, start, len(block.ids)) for start, block in new)
        self._changes.append(CacheBlocks(row, blocks))
        for _, block in new:
            self._drop_shorter(block)

    def forget(self, numbers: Collection[int]) -> None:
        """Remove blocks whose copying failed, without adding a change."""
        lost = [block for block in self._blocks() if block.number in numbers]
        for block in sorted(lost, key=lambda block: block.number, reverse=True):
            self._take_out(block)

    def evict(self) -> bool:
        """Evict the least recently used block that has no children."""
        leaves = [block for block in self._blocks() if not block.children]
        if not leaves:
            return False
        self._remove(min(leaves, key=lambda block: block.last_used))
        return True

    def _path(self, ids: Sequence[int], salt: str) -> Iterator[tuple[Block, int]]:
        """Return the cached blocks along `ids`, and the number of tokens that match in each; the
        last can be partial.
        """
        block, start, now = self._root(salt), 0, next(self._clock)
        while start < len(ids):
            wanted = tuple(ids[start : start + BLOCK])
            child = block.children.get(wanted)
            length = len(wanted)
            if child is None:
                child, length = _closest(block, wanted)
            if child is None or not length:
                return
            child.last_used = now
            yield child, length
            if length < BLOCK:
                return
            block, start = child, start + length

    def _root(self, salt: str) -> Block:
        """Return the root for `salt`; it is stored once a block is added to it."""
        return self._roots.get(salt) or Block(0, (), None)

    def _missing(self, ids: Sequence[int], salt: str, *, whole: bool) -> list[tuple[int, Block]]:
        """Add blocks for the uncached tokens, as long as there is room, and return them.

        Each comes with the position of its first token.
        """
        root, now, new = self._root(salt), next(self._clock), []
        block = root
        for start in range(0, len(ids), BLOCK):
            wanted = tuple(ids[start : start + BLOCK])
            if whole and len(wanted) < BLOCK:
                break
            child = block.children.get(wanted)
            if child is None:
                if len(wanted) < BLOCK and _closest(block, wanted)[1] == len(wanted):
                    break  # a longer block covers it
                if not self._room_for(len(wanted), now):
                    break
                child = block.children[wanted] = Block(next(self._numbers), wanted, block)
                new.append((start, child))
            child.last_used = now
            block = child
        if new:
            self._roots[salt] = root
        return new

    def _room_for(self, num_tokens: int, now: int) -> bool:
        """Evict blocks to make room, except those being added."""
        needed = num_tokens * self._bytes_per_token
        while self._budget.room_for_prefixes < needed:
            leaves = [b for b in self._blocks() if not b.children and b.last_used < now]
            if not leaves:
                return False
            self._remove(min(leaves, key=lambda block: block.last_used))
        self.nbytes += needed
        self._budget.prefixes += needed
        return True

    def _drop_shorter(self, block: Block) -> None:
        """Remove a partial block that `block` extends."""
        assert block.parent is not None
        for ids, sibling in list(block.parent.children.items()):
            if len(ids) < len(block.ids) and block.ids[: len(ids)] == ids:
                self._remove(sibling)

    def _remove(self, block: Block) -> None:
        self._take_out(block)
        self._changes.append(DropBlocks((block.number,)))

    def _take_out(self, block: Block) -> None:
        assert block.parent is not None
        del block.parent.children[block.ids]
        if block.parent.parent is None and not block.parent.children:
            self._roots = {salt: root for salt, root in self._roots.items() if root.children}
        freed = len(block.ids) * self._bytes_per_token
        self.nbytes -= freed
        self._budget.prefixes -= freed

    def _blocks(self) -> Iterator[Block]:
        waiting = [block for root in self._roots.values() for block in root.children.values()]
        while waiting:
            block = waiting.pop()
            yield block
            waiting.extend(block.children.values())


def _closest(block: Block, wanted: tuple[int, ...]) -> tuple[Block | None, int]:
    """Return the child that shares the longest prefix with `wanted`, and that prefix's length."""
    best, longest = None, 0
    for ids, child in block.children.items():
        length = common_length(ids, wanted)
        if length > longest:
            best, longest = child, length
    return best, longest


def common_length(one: Sequence[int], other: Sequence[int]) -> int:
    """Return the length of the longest common prefix."""
    length = min(len(one), len(other))
    if one[:length] == other[:length]:
        return length
    return next(i for i in range(length) if one[i] != other[i])
