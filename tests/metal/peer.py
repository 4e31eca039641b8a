"""mlx-lm's kernels for each layer of a step, by the same counter: `python -m tests.metal.peer`."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import mlx.core as mx
from mlx_lm.models.cache import BatchKVCache, KVCache
from mlx_lm.utils import load_model

from .graph import as_on_metal, kernels, per_layer

NUM_TOKENS, CAPACITY = 100, 256


def step(folder: Path, padding: Sequence[int]) -> Counter[str]:
    """One token for each row, after a prompt that was padded on the left."""
    model, _ = load_model(folder)
    args = model.args
    shape = len(padding), args.num_key_value_heads, CAPACITY, args.head_dim
    cache = [_filled(padding, shape) for _ in model.layers]
    mx.eval([(one.keys, one.values, one.offset) for one in cache], model.parameters())
    logits = model(mx.zeros((len(padding), 1), mx.int32), cache=cache)
    return kernels([logits, *(array for one in cache for array in (one.keys, one.values))])


def _filled(padding: Sequence[int], shape: tuple[int, ...]) -> Any:
    """A cache of one layer. mlx-lm has no types."""
    one: Any = KVCache() if len(padding) == 1 else BatchKVCache(list(padding))
    one.keys, one.values = mx.zeros(shape, mx.bfloat16), mx.zeros(shape, mx.bfloat16)
    one.offset = NUM_TOKENS
    if len(padding) > 1:
        one.offset, one._idx = mx.array([NUM_TOKENS - n for n in padding]), NUM_TOKENS
    return one


def main(folders: dict[int, Path]) -> None:
    cases = {"one row": [0], "8 rows": [0] * 8, "8 lengths": list(range(8))}
    with as_on_metal():
        counts = {
            name: per_layer(partial(lambda padding, n: step(folders[n], padding), padding))
            for name, padding in cases.items()
        }
    print(json.dumps(counts))


if __name__ == "__main__":
    main({2: Path(sys.argv[1]), 3: Path(sys.argv[2])})
