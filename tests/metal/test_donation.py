"""A step writes keys and values in place although the step before is still being computed.

A queue of work holds what it reads until it has run, and MLX copies what somebody holds. So this
depends on when the work is handed over: nothing here waits for a step, as in the engine.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import mlx.core as mx
import pytest

from qwen3mlx.config import SamplingParams
from qwen3mlx.generate import Decoder, SamplingBatch
from qwen3mlx.generate.decoder import STEADY
from qwen3mlx.model import KVPool, KVRow, load_model
from tests.support.checkpoints import Shape, write_checkpoint

from .models import filled_rows

NARROW = Shape(
    hidden_size=64,
    intermediate_size=64,
    num_attention_heads=4,
    num_key_value_heads=2,
    head_dim=16,
    vocab_size=256,
)
# Those of the eight released models.
DEPTHS = (28, 36, 40, 48, 64, 94)
ONE_ROW, ONE_STACK, TWO_STACKS = [6000], [1500] * 4, [1500, 1400, 3000]
BETWEEN = DEPTHS[1:-1]
CASES = [
    *((depth, ONE_ROW) for depth in DEPTHS if depth not in BETWEEN),
    *(pytest.param(depth, ONE_ROW, marks=pytest.mark.slow) for depth in BETWEEN),
    *((DEPTHS[0], lengths) for lengths in (ONE_STACK, TWO_STACKS)),
]


def peak_in_flight(decoder: Decoder, rows: list[KVRow]) -> int:
    """Return the peak of memory beyond that before, over steps of which one is always ahead."""
    greedy = [SamplingParams(temperature=0)] * len(rows)
    sampling = SamplingBatch.for_requests(greedy, [()] * len(rows), 256)
    token, uniform = mx.zeros(len(rows), mx.int32), mx.zeros((len(rows), 1))
    for number in range(STEADY + 6):
        if number == STEADY + 2:  # compiled by now, which takes trial runs on the CPU
            mx.synchronize()
            before = mx.get_active_memory()
            mx.reset_peak_memory()
        chosen, _, _ = decoder.step(token, rows, sampling, uniform, None)
        mx.async_eval(chosen.arrays())
        token.tolist()  # of the step before
        token = chosen.token
    return mx.get_peak_memory() - before


@pytest.mark.parametrize(
    "eager", [pytest.param(True, marks=pytest.mark.slow), False], ids=["eager", "compiled"]
)
@pytest.mark.parametrize(("depth", "lengths"), CASES)
def test_peak_memory(depth: int, lengths: list[int], eager: bool, tmp_path: Path) -> None:
    shape = dataclasses.replace(NARROW, num_hidden_layers=depth)
    model = load_model(write_checkpoint(tmp_path, shape, dtype="float32"))
    pool = KVPool(model)
    rows = filled_rows(pool, lengths)
    decoder = Decoder(model, eager_steps=10**9 if eager else 0)
    assert peak_in_flight(decoder, rows) <= 0.2 * pool.nbytes
