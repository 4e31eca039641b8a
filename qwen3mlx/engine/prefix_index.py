"""Which prompts and answers are cached, for requests that begin alike: numbers only, no arrays.

A trie of blocks: each stands for the keys and values of up to BLOCK tokens that follow those of its
parent. Conversations share the blocks of a common beginning. A hit copies what it reuses, once,
into the request's own row; so blocks never change, and can go at any time.

A salt says for whom a prompt was computed: under another one nothing of it is found, so that nobody
learns from a hit what others have asked. Each salt has a trie of its own; all share the memory.
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
    """`number` names it in plans."""

    number: int
    ids: tuple[int, ...]
    parent: Block | None
    last_used: int = 0
    children: dict[tuple[int, ...], Block] = field(default_factory=dict)


class PrefixIndex:
    """One model's; all of them share the `budget`.

    What is to be done to the arrays is appended to `changes`.
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
        """The blocks that are there."""
        return tuple(sorted(block.number for block in self._blocks()))

    def match(self, ids: Sequence[int], salt: str = "") -> int:
        """How many of the first `ids` are cached."""
        return sum(length for _, length in self.lookup(ids, salt))

    def lookup(self, ids: Sequence[int], salt: str = "") -> tuple[tuple[int, int], ...]:
        """The blocks that spell the longest cached beginning of `ids`, and how much of each."""
        return tuple((block.number, length) for block, length in self._path(ids, salt))

    def put(self, ids: Sequence[int], row: int, salt: str = "", *, whole: bool) -> None:
        """Keep `ids`, which `row` holds, or only as many as are `whole` blocks."""
        new = self._missing(ids, salt, whole=whole)
        if not new:
            return
        blocks = tuple((block.number, start, len(block.ids)) for start, block in new)
        self._changes.append(CacheBlocks(row, blocks))
        for _, block in new:
            self._drop_shorter(block)

    def forget(self, numbers: Collection[int]) -> None:
        """Take blocks out that could not be copied; no change is asked for."""
        lost = [block for block in self._blocks() if block.number in numbers]
        for block in sorted(lost, key=lambda block: block.number, reverse=True):
            self._take_out(block)

    def evict(self) -> bool:
        """Let the least recently used block without successors go."""
        leaves = [block for block in self._blocks() if not block.children]
        if not leaves:
            return False
        self._remove(min(leaves, key=lambda block: block.last_used))
        return True

    def _path(self, ids: Sequence[int], salt: str) -> Iterator[tuple[Block, int]]:
        """The blocks that spell the beginning of `ids`, and how much of each; the last in part."""
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
        """Of the trie for `salt`; it is kept when something is put in."""
        return self._roots.get(salt) or Block(0, (), None)

    def _missing(self, ids: Sequence[int], salt: str, *, whole: bool) -> list[tuple[int, Block]]:
        """New blocks, in place in the trie, for what is not cached yet; as many as there is room.

        Each comes with the place of its first token.
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
                    break  # a longer block says it all
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
        """Make room, but never of the blocks that are just being put in."""
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
        """A block cut short, of which `block` is the continuation, has nothing of its own."""
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
    """The child that shares the longest beginning with `wanted`, and its length."""
    best, longest = None, 0
    for ids, child in block.children.items():
        length = common_length(ids, wanted)
        if length > longest:
            best, longest = child, length
    return best, longest


def common_length(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens two sequences begin with alike."""
    length = min(len(one), len(other))
    if one[:length] == other[:length]:
        return length
    return next(i for i in range(length) if one[i] != other[i])
