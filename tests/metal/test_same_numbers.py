"""What only a GPU does gives the numbers of the CPU: its branches, computed by the CPU in float32.

The kernels themselves are compared in `tests/test_devices.py`, on a Mac.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

import mlx.core as mx
import pytest

from qwen3mlx.config import LoadOptions
from qwen3mlx.model import Batch, BatchView, KVPool, KVRow, Qwen3, load_model
from tests.model.conftest import GOLDEN_NAMES
from tests.model.support import GOLDENS, random_ids, relative_difference
from tests.support.checkpoints import DENSE, MOE, write_checkpoint

from .graph import on_gpu_branch

# 4, 8 and more query heads for each key head, as the larger models have.
GROUPS = {"4": (8, 2), "8": (16, 2), "16": (16, 1)}
LENGTHS = [7, 30, 300, 301, 9]
STEPS = 3


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    made = {name: GOLDENS / name for name in GOLDEN_NAMES}
    for (group, (heads, kv_heads)), base in zip(GROUPS.items(), (DENSE, MOE, DENSE), strict=True):
        shape = dataclasses.replace(
            base, head_dim=128, num_attention_heads=heads, num_key_value_heads=kv_heads
        )
        folder = tmp_path_factory.mktemp(f"groups-of-{group}")
        made[f"groups of {group}"] = write_checkpoint(folder, shape, dtype="float32")
    return made.__getitem__


NAMES = [*GOLDEN_NAMES, *(f"groups of {group}" for group in GROUPS)]


def stepped(model: Qwen3, lengths: Sequence[int], *, exact: bool = False) -> list[mx.array]:
    """Prefill rows of a pool, then take steps; return the logits of each."""
    pool, seeds = KVPool(model), count()
    rows = [pool.allocate(length + STEPS) for length in lengths]
    for row, length in zip(rows, lengths, strict=True):
        ids = random_ids((1, length), model.config.vocab_size, next(seeds))
        mx.eval(model.last_hidden(ids, row))
        row.advance(length)
    logits = []
    for _ in range(STEPS):
        ids = random_ids((len(rows), 1), model.config.vocab_size, next(seeds))
        logits.append(step(model, pool, rows, ids, exact=exact))
    return logits


def step(
    model: Qwen3, pool: KVPool, rows: Sequence[KVRow], ids: mx.array, *, exact: bool
) -> mx.array:
    batch = Batch.of(rows, exact=exact)
    turns = None if mx.default_device() == mx.Device(mx.cpu) else model.turns(batch.offset)
    view = BatchView(pool.kind, batch, turns)
    logits = model.lm_head(model.hidden(ids, view))
    stacks = list(dict.fromkeys(row.stack for row in rows))
    for stack, layers in zip(stacks, view.layers, strict=True):
        stack.layers = layers
    for row in rows:
        row.advance(1)
    mx.eval(logits)
    return logits


@pytest.mark.parametrize(
    ("name", "kv_bits"),
    [
        *(pytest.param(name, None, marks=pytest.mark.slow) for name in NAMES[1:-1]),
        *((name, None) for name in (NAMES[0], NAMES[-1])),
        ("dense_yarn", 8),
        pytest.param("groups of 4", 8, marks=pytest.mark.slow),
    ],
)
def test_steps(folders: Callable[[str], Path], name: str, kv_bits: int | None) -> None:
    options = LoadOptions(kv_bits=kv_bits)
    expected = stepped(load_model(folders(name), options=options), LENGTHS)
    with on_gpu_branch():
        computed = stepped(load_model(folders(name), options=options), LENGTHS)
    # In 8 bits, the last bit of a float32 can decide how a number is rounded.
    tolerance = 1e-5 if kv_bits is None else 1e-3
    for ours, reference in zip(computed, expected, strict=True):
        assert relative_difference(ours, reference) <= tolerance


@pytest.mark.parametrize(
    "name", ["dense_yarn", pytest.param("groups of 8", marks=pytest.mark.slow)]
)
def test_steps_of_a_lone_row_without_a_mask(folders: Callable[[str], Path], name: str) -> None:
    expected = stepped(load_model(folders(name)), [400])
    with on_gpu_branch():
        computed = stepped(load_model(folders(name)), [400], exact=True)
    for ours, reference in zip(computed, expected, strict=True):
        assert relative_difference(ours, reference) <= 1e-5


@pytest.mark.parametrize("name", NAMES)
def test_a_prompt(folders: Callable[[str], Path], name: str) -> None:
    """Long enough to sort its tokens by expert."""
    model = load_model(folders(name))
    ids = random_ids((2, 90), model.config.vocab_size)
    expected = model(ids)
    with on_gpu_branch():
        assert relative_difference(load_model(folders(name))(ids), expected) <= 1e-5
