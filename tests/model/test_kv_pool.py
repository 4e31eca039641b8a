"""Rows of a pool compared with attention recomputed from each row's history, in numpy."""

from __future__ import annotations

import functools
import gc
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from qwen3mlx.config import LoadOptions, SamplingParams
from qwen3mlx.generate import Decoder, SamplingBatch
from qwen3mlx.model import Batch, BatchView, KVPool, KVRow, Qwen3, kv_layout, load_model
from tests.support.examples import examples

from .support import GOLDENS, as_stored, attention, grow, random_ids, relative_difference

LAYERS, HEADS, KV_HEADS, HEAD_DIM = 2, 4, 2, 32
SCALE = 1 / math.sqrt(HEAD_DIM)
# Small values let short tests cover shared stacks, several stacks, and rows too long to share.
SHARED = 600
SIZES = st.one_of(st.integers(1, 40), st.integers(250, 260), st.integers(500, 800))
KINDS = {"float": None, "8bit": 8, "4bit": 4}


@functools.cache
def golden(kv_bits: int | None, name: str = "moe") -> Qwen3:
    return load_model(GOLDENS / name, options=LoadOptions(kv_bits=kv_bits))


def normal(rng: np.random.Generator, *shape: int) -> mx.array:
    return mx.array(rng.standard_normal((*shape, HEAD_DIM), dtype=np.float32))


@dataclass(eq=False)
class Tracked:
    """A row and the keys and values [2, KV, T, D] of each layer it should hold."""

    row: KVRow
    history: list[np.ndarray] = field(
        default_factory=lambda: [np.zeros((2, KV_HEADS, 0, HEAD_DIM))] * LAYERS
    )

    @property
    def room(self) -> int:
        return self.row.capacity - self.row.offset


class PoolMachine(RuleBasedStateMachine):
    """Any sequence of what the engine does with rows."""

    kv_bits: int | None = None

    def __init__(self) -> None:
        super().__init__()
        self.patch = mock.patch.object(kv_layout, "LONGEST_SHARED", SHARED)
        self.patch.start()
        self.pool = KVPool(golden(self.kv_bits))
        self.all: list[Tracked] = []

    def teardown(self) -> None:
        self.patch.stop()

    def pick(self, number: int) -> Tracked:
        return self.all[number % len(self.all)]

    def remember(self, tracked: Tracked, layer: int, keys: mx.array, values: mx.array) -> None:
        """keys and values [KV, n, D] were added."""
        new = np.stack([as_stored(keys, self.kv_bits), as_stored(values, self.kv_bits)])
        tracked.history[layer] = np.concatenate([tracked.history[layer], new], axis=2)

    @precondition(lambda self: len(self.all) < 7)
    @rule(size=SIZES)
    def allocate(self, size: int) -> None:
        before, more = self.pool.nbytes, self.pool._added(kv_layout.stack_capacity(size))
        row = self.pool.allocate(size)
        assert self.pool.nbytes - before == more
        assert row.capacity >= size
        self.all.append(Tracked(row))

    @precondition(lambda self: self.all)
    @rule(number=st.integers(0, 6), length=st.integers(1, 300), seed=st.integers(0, 99))
    def prefill(self, number: int, length: int, seed: int) -> None:
        tracked, rng = self.pick(number), np.random.default_rng(seed)
        length = min(length, tracked.room)
        if not length:
            return
        for layer in range(LAYERS):
            queries = normal(rng, 1, HEADS, length)
            keys, values = (normal(rng, 1, KV_HEADS, length) for _ in range(2))
            output = tracked.row.attend(layer, queries, mx.concatenate([keys, values]), SCALE)
            self.remember(tracked, layer, keys[0], values[0])
            past = (part[None] for part in tracked.history[layer])
            assert relative_difference(output, attention(np.array(queries), *past)) <= 1e-5
        tracked.row.advance(length)

    @precondition(lambda self: self.all)
    @rule(number=st.integers(0, 6), seed=st.integers(0, 99))
    def fill_to_the_last_place(self, number: int, seed: int) -> None:
        self.prefill(number, self.pick(number).room, seed)

    @precondition(lambda self: self.all)
    @rule(data=st.data(), seed=st.integers(0, 99), exact=st.booleans(), ordered=st.booleans())
    def decode(self, data: st.DataObject, seed: int, exact: bool, ordered: bool) -> None:
        order = self.all if ordered else data.draw(st.permutations(self.all))
        chosen = order[: data.draw(st.integers(1, len(order)))]
        for tracked in chosen:
            if not tracked.room:
                grow(tracked.row)
        rng, rows = np.random.default_rng(seed), [tracked.row for tracked in chosen]
        batch = Batch.of(rows, exact=exact and len(rows) == 1)
        view = BatchView(self.pool.kind, batch)
        assert view.offset.tolist() == [row.offset for row in rows]
        for layer in range(LAYERS):
            queries = normal(rng, len(rows), HEADS, 1)
            keys, values = (normal(rng, len(rows), KV_HEADS, 1) for _ in range(2))
            outputs = view.attend(layer, queries, mx.concatenate([keys, values]), SCALE)
            for i, tracked in enumerate(chosen):
                self.remember(tracked, layer, keys[i], values[i])
                past = (part[None] for part in tracked.history[layer])
                expected = attention(np.array(queries[i : i + 1]), *past)
                assert relative_difference(outputs[i : i + 1], expected) <= 1e-5
        written_back(rows, view)

    @precondition(lambda self: self.all)
    @rule(number=st.integers(0, 6), count=st.integers(0, 300))
    def trim(self, number: int, count: int) -> None:
        tracked = self.pick(number)
        tracked.row.trim(count)
        kept = max(tracked.history[0].shape[2] - count, 0)
        tracked.history = [layer[:, :, :kept] for layer in tracked.history]

    @precondition(lambda self: self.all)
    @rule(number=st.integers(0, 6))
    def grow(self, number: int) -> None:
        tracked = self.pick(number)
        grow(tracked.row)
        assert tracked.room >= 1

    @precondition(lambda self: self.all)
    @rule(number=st.integers(0, 6), more=st.integers(0, 900), squeezed=st.integers(0, 3))
    def move(self, number: int, more: int, squeezed: int) -> None:
        """To one of the capacities that are possible."""
        tracked = self.pick(number)
        possible = kv_layout.capacities(tracked.row.offset + more)
        capacity = possible[min(squeezed, len(possible) - 1)]
        before, told = self.pool.nbytes, self.pool.bytes_to_move(tracked.row, capacity)
        self.pool.move(tracked.row, capacity)
        assert self.pool.nbytes - before <= told
        assert tracked.row.stack.capacity == capacity
        assert tracked.room >= more

    @precondition(lambda self: self.all)
    @rule(number=st.integers(0, 6), length=st.integers(1, 256), seed=st.integers(0, 99))
    def write_a_block(self, number: int, length: int, seed: int) -> None:
        tracked, rng = self.pick(number), np.random.default_rng(seed)
        length = min(length, tracked.room)
        if not length:
            return
        for layer in range(LAYERS):
            keys, values = (normal(rng, 1, KV_HEADS, length) for _ in range(2))
            new = self.pool.kind.pack(mx.concatenate([keys, values]))
            tracked.row.write(layer, tracked.row.offset, new)
            self.remember(tracked, layer, keys[0], values[0])
        tracked.row.advance(length)

    @precondition(lambda self: self.all)
    @rule(number=st.integers(0, 6))
    def release(self, number: int) -> None:
        tracked = self.pick(number)
        self.all.remove(tracked)
        tracked.row.release()

    @invariant()
    def every_row_holds_its_own_history(self) -> None:
        for tracked in self.all:
            assert tracked.row.stack.rows[tracked.row.slot] is tracked.row
            assert tracked.row.offset == tracked.history[0].shape[2]
            for layer, history in enumerate(tracked.history if tracked.row.offset else ()):
                stored = self.unpacked(tracked.row.layer(layer))
                np.testing.assert_array_equal(stored, history)

    def unpacked(self, packed: tuple[Any, ...]) -> mx.array:
        if self.kv_bits is None:
            return packed[0]
        weight, scales, biases = packed
        return mx.dequantize(weight, scales, biases, group_size=32, bits=self.kv_bits)

    @invariant()
    def the_bytes_are_those_of_the_arrays(self) -> None:
        assert self.pool.nbytes == array_bytes(self.pool)

    @invariant()
    def free_slots_are_few(self) -> None:
        for stack in self.pool._stacks:
            used = sum(row is not None for row in stack.rows)
            assert 0 < used <= len(stack.rows) <= max(1, 4 * used - 1)
            if stack.capacity > SHARED:
                assert len(stack.rows) == 1


class EightBitMachine(PoolMachine):
    kv_bits = 8


class FourBitMachine(PoolMachine):
    kv_bits = 4


PoolMachine.TestCase.settings = settings(max_examples=examples(25), stateful_step_count=15)
EightBitMachine.TestCase.settings = settings(max_examples=10, stateful_step_count=12)
FourBitMachine.TestCase.settings = settings(max_examples=6, stateful_step_count=12)
TestAnySequence = PoolMachine.TestCase
TestAnySequenceIn8Bits = EightBitMachine.TestCase
TestAnySequenceIn4Bits = FourBitMachine.TestCase


def array_bytes(pool: KVPool) -> int:
    return sum(a.nbytes for stack in pool._stacks for layer in stack.layers for a in layer)


def written_back(rows: Sequence[KVRow], view: BatchView) -> None:
    """Advance the rows as the decoder does after a step."""
    stacks = list(dict.fromkeys(row.stack for row in rows))
    for stack, layers in zip(stacks, view.layers, strict=True):
        stack.layers = layers
    for row in rows:
        row.advance(1)


@pytest.mark.parametrize("kv_bits", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("name", ["dense_yarn", "moe"])
def test_a_step_of_ragged_rows_equals_the_plain_path(name: str, kv_bits: int | None) -> None:
    """Rows of several stacks, of which some grow on the way; their old ends must not show."""
    model = golden(kv_bits, name)
    pool = KVPool(model)
    lengths = [254, 3, 255, 300, 17, 600, 253, 1]
    plain = [model.make_cache() for _ in lengths]
    rows = [pool.allocate(length) for length in lengths]
    for i, (length, row) in enumerate(zip(lengths, rows, strict=True)):
        prompt = random_ids((1, length), seed=i)
        model.last_hidden(random_ids((1, length), seed=50), row)
        model.last_hidden(prompt, row)
        row.advance(length)
        model(prompt, plain[i])
    for step in range(3):
        for row in rows:
            if row.offset == row.capacity:
                grow(row)
        tokens = random_ids((len(rows), 1), seed=100 + step)
        view = BatchView(pool.kind, Batch.of(rows))
        stepped = model.lm_head(model.hidden(tokens, view))
        written_back(rows, view)
        for i, cache in enumerate(plain):
            expected = model(tokens[i : i + 1], cache)
            assert relative_difference(stepped[i : i + 1], expected) <= 2e-5
    assert len(pool._stacks) > 2


@pytest.mark.parametrize("kv_bits", KINDS.values(), ids=KINDS)
def test_a_row_alone_takes_the_reported_bytes(kv_bits: int | None) -> None:
    model = golden(kv_bits)
    for num_tokens in (1, 255, 256, 1000, 4095, 4096, 9000):
        pool = KVPool(model)
        told = pool._added(kv_layout.stack_capacity(num_tokens))
        assert pool.bytes_alone(num_tokens) <= told
        pool.allocate(num_tokens)
        assert pool.nbytes == array_bytes(pool) == told
        # A third more than needed at most, or one step of 256.
        assert told <= max(num_tokens + 257, 1.34 * (num_tokens + 1)) * pool.bytes_per_token


@given(num_tokens=st.integers(1, 200_000))
def test_capacities_are_enough_and_few(num_tokens: int) -> None:
    capacity = kv_layout.stack_capacity(num_tokens)
    assert num_tokens < capacity
    assert kv_layout.stack_capacity(capacity - 1) == capacity
    if num_tokens >= 768:
        octave = [kv_layout.stack_capacity(num_tokens + i * num_tokens // 64) for i in range(64)]
        assert len(set(octave)) <= 10


def test_all_rows_released_leave_nothing() -> None:
    pool = KVPool(golden(None))
    mx.synchronize()
    before = mx.get_active_memory()
    rows = [pool.allocate(size) for size in (100, 100, 700, 5000, 100)]
    assert mx.get_active_memory() - before >= pool.nbytes > 0
    while rows:
        rows.pop().release()
    assert pool.nbytes == 0
    assert mx.get_active_memory() == before


@pytest.mark.parametrize("eager", [True, False], ids=["eager", "compiled"])
@pytest.mark.parametrize("lengths", [[3500] * 4, [3500, 6000], [3500]], ids=["one", "two", "row"])
def test_a_step_writes_in_place(lengths: list[int], eager: bool) -> None:
    """Were the stacks copied, the peak would rise by their size."""
    decoder = Decoder(golden(None), eager_steps=10**9 if eager else 0)
    pool = KVPool(decoder.model)
    rows = [pool.allocate(length) for length in lengths]
    for row in rows:
        row.advance(1000)
    sampling = SamplingBatch.for_requests(
        [SamplingParams(temperature=0.0)] * len(rows),
        [[0]] * len(rows),
        decoder.model.config.vocab_size,
    )
    token, uniform = mx.zeros(len(rows), mx.int32), mx.zeros((len(rows), 1))

    def step() -> None:
        choice, _, _ = decoder.step(token, rows, sampling, uniform, None)
        mx.eval(choice.arrays(), [row.stack.layers for row in rows])

    for _ in range(10):
        step()
    assert bool(decoder._compiled) != eager
    mx.synchronize()
    before = mx.get_active_memory()
    mx.reset_peak_memory()
    step()
    assert mx.get_peak_memory() - before < 0.3 * pool.nbytes


@pytest.fixture
def large_cache() -> Iterator[None]:
    """As on a GPU, where MLX keeps freed memory of any size."""
    mx.clear_cache()
    before = mx.set_cache_limit(10**9)
    yield
    mx.set_cache_limit(before)
    mx.clear_cache()


@pytest.mark.usefixtures("large_cache")
def test_what_a_row_has_outgrown_is_not_kept() -> None:
    pool = KVPool(golden(None))
    row = pool.allocate(4096)
    while row.capacity < 36 * 1024:
        row.advance(row.capacity - row.offset)
        grow(row)
        mx.eval(row.stack.layers)
        assert mx.get_cache_memory() < 0.1 * pool.nbytes
    row.release()
    assert mx.get_cache_memory() < 100_000


@pytest.mark.usefixtures("large_cache")
def test_slots_that_were_given_up_are_not_kept() -> None:
    pool = KVPool(golden(None))
    rows = [pool.allocate(4000) for _ in range(8)]
    while rows:
        rows.pop().release()
        assert mx.get_cache_memory() < 100_000


@pytest.mark.usefixtures("large_cache")
def test_the_arrays_that_a_stack_had_before_it_got_more_slots_are_not_kept() -> None:
    pool = KVPool(golden(None))
    for _ in range(5):
        pool.allocate(4000)
        assert mx.get_cache_memory() < 100_000


def test_a_cleared_pool_holds_no_memory_until_the_next_collection() -> None:
    pool = KVPool(golden(None))
    gc.collect()
    gc.disable()
    try:
        before = mx.get_active_memory()
        pool.allocate(SHARED)
        assert mx.get_active_memory() > before
        pool.clear()
        assert mx.get_active_memory() == before
    finally:
        gc.enable()
