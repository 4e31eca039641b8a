"""Caches against attention recomputed from the full history, in numpy."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from unittest import mock

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
)

from qwen3mlx.config import LoadOptions
from qwen3mlx.model import DecodeView, KVCache, QuantizedKVCache, Qwen3, load_model
from qwen3mlx.model.cache import CAPACITY_STEP

from .support import GOLDENS, random_ids, relative_difference

LAYERS, BATCH, HEADS, KV_HEADS, HEAD_DIM = 2, 2, 4, 2, 32
SCALE = 1 / math.sqrt(HEAD_DIM)


def attention(queries: np.ndarray, keys: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Causal; the last query sees everything. queries [B, H, L, D], keys [B, KV, T, D]."""
    length, total = queries.shape[2], keys.shape[2]
    repeat = queries.shape[1] // keys.shape[1]
    keys, values = keys.repeat(repeat, axis=1), values.repeat(repeat, axis=1)
    scores = np.einsum("bhld,bhtd->bhlt", queries, keys) / math.sqrt(queries.shape[-1])
    visible = np.arange(total) <= np.arange(total - length, total)[:, None]
    scores = np.where(visible, scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    return np.einsum("bhlt,bhtd->bhld", weights, values)


def normal(rng: np.random.Generator, heads: int, length: int, head_dim: int) -> mx.array:
    return mx.array(rng.standard_normal((BATCH, heads, length, head_dim), dtype=np.float32))


@dataclass
class Tracked:
    """A cache and the keys and values [2, B, KV, T, D] of each layer it should hold."""

    cache: KVCache
    history: list[np.ndarray] = field(
        default_factory=lambda: [np.zeros((2, BATCH, KV_HEADS, 0, HEAD_DIM))] * LAYERS
    )


class CacheMachine(RuleBasedStateMachine):
    """Any sequence of feed, trim, reserve and copy; capacity grows every 8 positions."""

    tracked = Bundle("tracked")

    def __init__(self) -> None:
        super().__init__()
        self.all: list[Tracked] = []
        self.patch = mock.patch("qwen3mlx.model.cache.CAPACITY_STEP", 8)
        self.patch.start()

    def teardown(self) -> None:
        self.patch.stop()

    def make_cache(self) -> KVCache:
        return KVCache(LAYERS)

    def as_stored(self, x: mx.array) -> mx.array:
        """What the cache gives back for `x`."""
        return x

    @initialize(target=tracked)
    def start(self) -> Tracked:
        return self.track(Tracked(self.make_cache()))

    def track(self, tracked: Tracked) -> Tracked:
        self.all.append(tracked)
        return tracked

    @rule(tracked=tracked, length=st.integers(1, 11), seed=st.integers(0, 99))
    def feed(self, tracked: Tracked, length: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        for layer in range(LAYERS):
            queries = normal(rng, HEADS, length, HEAD_DIM)
            keys, values = (normal(rng, KV_HEADS, length, HEAD_DIM) for _ in range(2))
            output = tracked.cache.attend(layer, queries, keys, values, SCALE)
            new = np.stack([self.as_stored(keys), self.as_stored(values)])
            tracked.history[layer] = np.concatenate([tracked.history[layer], new], axis=3)
            expected = attention(np.array(queries), *tracked.history[layer])
            assert relative_difference(output, expected) <= 1e-5
        tracked.cache.advance(length)

    @rule(tracked=tracked, count=st.integers(0, 20))
    def trim(self, tracked: Tracked, count: int) -> None:
        before = list(tracked.cache.layers)
        tracked.cache.trim(count)
        kept = max(tracked.history[0].shape[3] - count, 0)
        tracked.history = [layer[:, :, :, :kept] for layer in tracked.history]
        assert tracked.cache.layers == before, "no array is touched"

    @rule(tracked=tracked, count=st.integers(0, 20))
    def reserve(self, tracked: Tracked, count: int) -> None:
        tracked.cache.reserve(count)
        if tracked.cache.capacity:
            assert tracked.cache.capacity >= tracked.cache.offset + count

    @rule(target=tracked, original=tracked)
    def copy(self, original: Tracked) -> object:
        if len(self.all) == 4:
            return multiple()
        twin = Tracked(original.cache.copy(), list(original.history))
        assert all(
            ours is theirs
            for mine, yours in zip(twin.cache.layers, original.cache.layers, strict=True)
            for ours, theirs in zip(mine, yours, strict=True)
        ), "a copy shares the arrays"
        return self.track(twin)

    @invariant()
    def every_cache_holds_its_own_history(self) -> None:
        for tracked in self.all:
            kept = tracked.history[0].shape[3]
            assert tracked.cache.offset == kept
            assert tracked.cache.capacity % 8 == 0
            for layer, history in enumerate(tracked.history):
                if kept:
                    stored = self.stored(tracked.cache, layer)
                    np.testing.assert_array_equal(stored[:, :, :, :kept], history)

    def stored(self, cache: KVCache, layer: int) -> np.ndarray:
        return np.stack(cache.layers[layer])


class QuantizedCacheMachine(CacheMachine):
    def make_cache(self) -> KVCache:
        return QuantizedKVCache(LAYERS, bits=8, group_size=32)

    def as_stored(self, x: mx.array) -> mx.array:
        return mx.dequantize(*mx.quantize(x, group_size=32, bits=8), group_size=32, bits=8)

    def stored(self, cache: KVCache, layer: int) -> np.ndarray:
        packed = cache.layers[layer]
        return np.stack(
            [mx.dequantize(*part, group_size=32, bits=8) for part in (packed[:3], packed[3:])]
        )


CacheMachine.TestCase.settings = settings(max_examples=20, stateful_step_count=12)
QuantizedCacheMachine.TestCase.settings = settings(max_examples=12, stateful_step_count=12)
TestAnySequence = CacheMachine.TestCase
TestAnySequenceQuantized = QuantizedCacheMachine.TestCase


def feed(cache: KVCache, length: int, *, head_dim: int = HEAD_DIM, seed: int = 0) -> np.ndarray:
    """Attention of `length` random positions on one layer."""
    rng = np.random.default_rng(seed)
    queries = normal(rng, HEADS, length, head_dim)
    keys, values = normal(rng, KV_HEADS, length, head_dim), normal(rng, KV_HEADS, length, head_dim)
    output = cache.attend(0, queries, keys, values, 1 / math.sqrt(head_dim))
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
    assert cache.capacity == capacity
    assert cache.nbytes == 2 * BATCH * KV_HEADS * capacity * HEAD_DIM * 4


def test_reserve_keeps_what_is_there() -> None:
    cache = KVCache(1)
    feed(cache, 7)
    before = np.array(cache.layers[0][0])
    cache.reserve(CAPACITY_STEP - 7)
    assert cache.capacity == CAPACITY_STEP
    cache.reserve(CAPACITY_STEP - 6)
    assert cache.capacity == 2 * CAPACITY_STEP
    np.testing.assert_array_equal(cache.layers[0][0][:, :, :7], before[:, :, :7])


def large_cache() -> KVCache:
    cache = KVCache(1)
    feed(cache, 3)
    cache.reserve(4000)
    mx.eval(cache.layers)
    mx.synchronize()
    return cache


def test_copying_takes_no_memory() -> None:
    cache = large_cache()
    before = mx.get_active_memory()
    twins = [cache.copy() for _ in range(10)]
    assert mx.get_active_memory() == before
    assert [twin.nbytes for twin in twins] == [cache.nbytes] * 10


def test_writing_a_copy_takes_one_more_cache() -> None:
    cache = large_cache()
    before = mx.get_active_memory()
    twin = cache.copy()
    feed(twin, 1, seed=1)
    assert before + cache.nbytes <= mx.get_active_memory() <= before + 1.05 * cache.nbytes


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
        sizes[bits] = cache.nbytes / exact.nbytes
    assert errors[8] < 0.01
    assert 2 * errors[8] < errors[4] < 0.15
    assert errors[4] < 0.2 * np.linalg.norm(noise - expected) / np.linalg.norm(expected)
    # Bits of each number, and a float32 scale and bias for each group.
    assert sizes == {bits: pytest.approx((bits + 64 / group_size) / 32) for bits in (4, 8)}


@pytest.fixture(scope="module", params=[None, 8, 4], ids=["float", "8bit", "4bit"])
def model(request: pytest.FixtureRequest) -> Qwen3:
    return load_model(GOLDENS / "moe", options=LoadOptions(kv_bits=request.param))


@pytest.mark.parametrize("offset", [1, 2, 17, 254, 255, 256, 300])
def test_decode_view_equals_the_plain_path(model: Qwen3, offset: int) -> None:
    ids = random_ids((2, offset + 3))
    plain = model.make_cache()
    model(ids[:, :offset], plain)
    # Positions past the offset hold what was trimmed: the mask must hide it.
    model(random_ids((2, 3), seed=1), plain)
    plain.trim(3)
    plain.reserve(3)
    layers = plain.copy().layers
    for step in range(3):
        token = ids[:, offset + step : offset + step + 1]
        view = DecodeView(plain, layers, mx.array(offset + step))
        stepped = model.lm_head(model.hidden(token, view))
        layers = view.layers
        assert relative_difference(stepped, model(token, plain)) <= 1e-5
