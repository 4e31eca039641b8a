"""What moving a row takes beyond what it leaves: one layer of keys and values."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import mlx.core as mx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen3mlx.config import LoadOptions
from qwen3mlx.model import KVPool, KVRow, Qwen3, load_model
from qwen3mlx.model.kv_layout import CAPACITY_STEP, KVLayout, Row, Stack, stack_capacity
from tests.support.checkpoints import DENSE, write_checkpoint
from tests.support.examples import examples

LAYERS = 12
# Numbers, masks and the like.
SMALL = 100_000


@pytest.fixture(scope="module", params=[None, 8], ids=["float", "8bit"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Qwen3:
    shape = dataclasses.replace(DENSE, num_hidden_layers=LAYERS)
    folder = write_checkpoint(Path(tmp_path_factory.mktemp("deep")), shape, dtype="float32")
    return load_model(folder, options=LoadOptions(kv_bits=request.param))


def grow(row: KVRow, capacity: int) -> int:
    """Return the peak of memory, beyond that before."""
    pool = row._layout
    mx.synchronize()
    before = mx.get_active_memory()
    mx.reset_peak_memory()
    pool.move(row, capacity)
    return mx.get_peak_memory() - before


def test_from_4k_to_36k_it_takes_one_layer_more_than_the_final_size(model: Qwen3) -> None:
    pool = KVPool(model)
    row = pool.allocate(4096)
    while row.capacity < 36 * 1024:
        row.advance(row.capacity - row.offset)
        before, capacity = pool.nbytes, stack_capacity(row.offset + 1)
        told = pool.bytes_to_move(row, capacity)
        peak = grow(row, capacity)
        final = pool.nbytes
        assert peak + before <= final + final / LAYERS + SMALL
        assert peak <= told + SMALL


@settings(max_examples=examples(40), deadline=None)
@given(
    others=st.lists(st.sampled_from([200, 300, 1100, 2900, 5000]), max_size=5),
    size=st.integers(1, 5000),
    to=st.integers(1, 6000),
)
def test_no_move_takes_more_than_was_told(
    model: Qwen3, others: list[int], size: int, to: int
) -> None:
    pool = KVPool(model)
    for other in others:
        pool.allocate(other)
    row = pool.allocate(size)
    row.advance(min(size, to))
    marked = mx.random.normal(row.layer(0)[0].shape).astype(row.layer(0)[0].dtype)
    row.write(0, 0, (marked, *row.layer(0)[1:]))
    mx.eval(row.stack.layers)
    capacity = stack_capacity(max(size, to))
    told, before = pool.bytes_to_move(row, capacity), pool.nbytes
    peak = grow(row, capacity)
    # A stack whose slots double is held once more, layer by layer.
    assert peak <= told + pool.nbytes / LAYERS + SMALL
    assert pool.nbytes - before <= told
    assert row.stack.capacity == capacity
    assert mx.array_equal(row.layer(0)[0], marked)


@given(
    num_tokens=st.integers(1, 5000),
    num_layers=st.integers(1, 94),
    at_least=st.integers(1, 40_000),
)
def test_a_row_alone_grows_within_its_limit(
    num_tokens: int, num_layers: int, at_least: int
) -> None:
    """By numbers alone, for any depth."""
    layout: KVLayout[Row, Stack] = KVLayout(num_layers, num_layers, Row, Stack)
    row = layout.allocate(num_tokens)
    before, capacity = layout.nbytes, stack_capacity(num_tokens + at_least)
    told = layout.bytes_to_move(row, capacity)
    layout.move(row, capacity)
    assert told <= max(0, layout.nbytes - before) + before // num_layers
    assert layout.nbytes == capacity * num_layers
    assert capacity % CAPACITY_STEP == 0
