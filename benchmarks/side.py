"""The operations of a worker on a checkpoint, for either side."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import mlx.core as mx


@dataclass(frozen=True)
class Sampling:
    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0


GREEDY = Sampling()
THINKING = Sampling(0.6, 0.95, 20)


class Side(Protocol):
    """One of the two compared runtimes."""

    # Tokens until decode reaches its steady state.
    warm_up_tokens: int

    def load(self, path: str) -> None: ...

    @property
    def weight_bytes(self) -> int:
        """Bytes of the weights as they are in memory."""

    def generate(self, prompt: Sequence[int], max_tokens: int, sampling: Sampling) -> Iterator[int]:
        """Yield tokens from an empty cache; stop tokens do not end generation."""


def count_primitives(arrays: Sequence[mx.array]) -> Counter[str]:
    """Count the graph nodes that compute `arrays`, by kind; a fused kernel (`Compiled...`) is one.

    The graph ends at arrays that are already computed: weights, caches, earlier tokens.
    """
    dot = io.StringIO()
    mx.export_to_dot(dot, *arrays)
    return Counter(re.findall(r'label ?="([^"]+)", shape=rectangle', dot.getvalue()))


@contextmanager
def counted_evaluations() -> Iterator[list[Counter[str]]]:
    """Make each call of mx.eval or mx.async_eval add the node count of its graph."""
    counts: list[Counter[str]] = []
    originals = {name: getattr(mx, name) for name in ("eval", "async_eval")}

    def counting(original: Callable[..., None]) -> Callable[..., None]:
        def evaluate(*trees: object) -> None:
            if arrays := list(_arrays(trees)):
                counts.append(count_primitives(arrays))
            original(*trees)

        return evaluate

    for name, original in originals.items():
        setattr(mx, name, counting(original))
    try:
        yield counts
    finally:
        for name, original in originals.items():
            setattr(mx, name, original)


def _arrays(tree: object) -> Iterator[mx.array]:
    if isinstance(tree, mx.array):
        yield tree
    elif isinstance(tree, dict):
        yield from _arrays(list(tree.values()))
    elif isinstance(tree, list | tuple):
        for item in tree:
            yield from _arrays(item)
