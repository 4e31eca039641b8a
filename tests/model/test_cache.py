"""Caches compared with attention recomputed from the full history, in numpy."""

from __future__ import annotations

import math
from unittest import mock

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen3mlx.model import KVCache, KVRoomError, QuantizedKVCache
from qwen3mlx.model.kv_layout import CAPACITY_STEP
from tests.support.examples import examples

from .support import as_stored, attention, relative_difference

LAYERS, BATCH, HEADS, KV_HEADS, HEAD_DIM = 2, 2, 4, 2, 32
SCALE = 1 / math.sqrt(HEAD_DIM)


def normal(rng: np.random.Generator, heads: int, length: int, head_dim: int) -> mx.array:
    return mx.array(rng.standard_normal((BATCH, heads, length, head_dim), dtype=np.float32))


def room_of(cache: KVCache) -> int:
    """Return the number of positions that fit."""
    return cache.layers[0][0].shape[2]


@settings(max_examples=examples(20))
@given(
    lengths=st.lists(st.integers(1, 11), min_size=1, max_size=8),
    seed=st.integers(0, 99),
    bits=st.sampled_from([None, 8, 4]),
)
def test_any_chunks_equal_attention_over_the_whole_history(
    lengths: list[int], seed: int, bits: int | None
) -> None:
    rng = np.random.default_rng(seed)
    cache = KVCache(LAYERS) if bits is None else QuantizedKVCache(LAYERS, bits=bits, group_size=32)
    history = [np.zeros((2, BATCH, KV_HEADS, 0, HEAD_DIM))] * LAYERS
    with mock.patch("qwen3mlx.model.kv_layout.CAPACITY_STEP", 8):
        for length in lengths:
            for layer in range(LAYERS):
                queries = normal(rng, HEADS, length, HEAD_DIM)
                keys, values = (normal(rng, KV_HEADS, length, HEAD_DIM) for _ in range(2))
                output = cache.attend(layer, queries, mx.concatenate([keys, values]), SCALE)
                new = np.stack([as_stored(keys, bits), as_stored(values, bits)])
                history[layer] = np.concatenate([history[layer], new], axis=3)
                expected = attention(np.array(queries), *history[layer])
                assert relative_difference(output, expected) <= 1e-5
            cache.advance(length)
            assert room_of(cache) % 8 == 0
    assert cache.offset == sum(lengths)


@pytest.mark.parametrize("bits", [None, 8])
@pytest.mark.parametrize("num_tokens", [-1, 257, 100_000])
def test_it_counts_no_tokens_that_have_no_place(bits: int | None, num_tokens: int) -> None:
    cache = KVCache(LAYERS) if bits is None else QuantizedKVCache(LAYERS, bits=bits, group_size=32)
    with pytest.raises(KVRoomError):
        cache.advance(1)
    feed(cache, 3)
    with pytest.raises(KVRoomError):
        cache.advance(num_tokens)
    assert cache.offset == 3


def nbytes(cache: KVCache) -> int:
    return sum(array.nbytes for layer in cache.layers for array in layer)


def feed(cache: KVCache, length: int, *, head_dim: int = HEAD_DIM, seed: int = 0) -> np.ndarray:
    """Attention of `length` random positions on one layer."""
    rng = np.random.default_rng(seed)
    queries = normal(rng, HEADS, length, head_dim)
    keys, values = normal(rng, KV_HEADS, length, head_dim), normal(rng, KV_HEADS, length, head_dim)
    new = mx.concatenate([keys, values])
    output = cache.attend(0, queries, new, 1 / math.sqrt(head_dim))
    cache.advance(length)
    mx.eval(output, cache.layers)
    return np.array(output)


@pytest.mark.parametrize(
    ("lengths", "capacity"),
    [
        ([1], CAPACITY_STEP),
        ([CAPACITY_STEP], CAPACITY_STEP),
        ([CAPACITY_STEP, 1], 2 * CAPACITY_STEP),
        ([CAPACITY_STEP - 1, 2], 2 * CAPACITY_STEP),
        ([3 * CAPACITY_STEP + 5], 4 * CAPACITY_STEP),
    ],
)
def test_capacity_grows_in_steps(lengths: list[int], capacity: int) -> None:
    cache = KVCache(1)
    for length in lengths:
        feed(cache, length)
    assert cache.offset == sum(lengths)
    assert room_of(cache) == capacity


@pytest.mark.parametrize(
    ("head_dim", "group_size"), [(32, 32), (64, 32), (64, 64), (128, 32), (128, 64), (128, 128)]
)
def test_fewer_bits_are_smaller_and_less_exact(head_dim: int, group_size: int) -> None:
    exact = KVCache(1)
    expected = feed(exact, 40, head_dim=head_dim)
    noise = feed(KVCache(1), 40, head_dim=head_dim, seed=1)
    errors, sizes = {}, {}
    for bits in (4, 8):
        cache = QuantizedKVCache(1, bits=bits, group_size=group_size)
        output = feed(cache, 40, head_dim=head_dim)
        errors[bits] = np.linalg.norm(output - expected) / np.linalg.norm(expected)
        sizes[bits] = nbytes(cache) / nbytes(exact)
    assert errors[8] < 0.01
    assert 2 * errors[8] < errors[4] < 0.15
    assert errors[4] < 0.2 * np.linalg.norm(noise - expected) / np.linalg.norm(expected)
    # Bits of each number, and a float32 scale and bias for each group.
    assert sizes == {bits: pytest.approx((bits + 64 / group_size) / 32) for bits in (4, 8)}
