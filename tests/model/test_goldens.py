"""Six tiny random checkpoints give transformers' logits and greedy tokens."""

from __future__ import annotations

from itertools import pairwise

import mlx.core as mx
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from .conftest import Golden
from .support import relative_difference

TOLERANCE = 1e-5
LENGTH = 48


def in_chunks(golden: Golden, ids: mx.array, splits: set[int]) -> mx.array:
    cache = golden.model.make_cache()
    bounds = [0, *sorted(splits), ids.shape[1]]
    return mx.concatenate(
        [golden.model(ids[:, start:end], cache) for start, end in pairwise(bounds)], axis=1
    )


def test_whole_batch(golden: Golden) -> None:
    assert golden.ids.shape == (2, LENGTH)
    assert relative_difference(golden.model(golden.ids), golden.logits) <= TOLERANCE


def test_each_row_alone(golden: Golden) -> None:
    for row in range(2):
        logits = golden.model(golden.ids[row : row + 1])
        assert relative_difference(logits, golden.logits[row : row + 1]) <= TOLERANCE


def test_token_by_token(golden: Golden) -> None:
    logits = in_chunks(golden, golden.ids[:1], set(range(1, LENGTH)))
    assert relative_difference(logits, golden.logits[:1]) <= TOLERANCE


@settings(max_examples=8)
@given(splits=st.sets(st.integers(1, LENGTH - 1), max_size=6))
def test_any_split_into_chunks(golden: Golden, splits: set[int]) -> None:
    logits = in_chunks(golden, golden.ids, splits)
    assert relative_difference(logits, golden.logits) <= TOLERANCE


def test_greedy_tokens(golden: Golden) -> None:
    cache = golden.model.make_cache()
    ids, chosen = golden.greedy_prompt, []
    for _ in golden.greedy_ids:
        ids = golden.model(ids, cache)[:, -1:].argmax(axis=-1)
        chosen.append(ids.item())
    assert chosen == golden.greedy_ids


def test_float32_on_the_cpu(golden: Golden) -> None:
    assert golden.model.dtype == golden.model(golden.ids[:, :1]).dtype == mx.float32
    assert np.isfinite(golden.logits).all()
