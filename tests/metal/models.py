"""Models to build graphs with, and the steps that build them."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import mlx.core as mx

from qwen3mlx.config import LoadOptions, SamplingParams
from qwen3mlx.generate import Decoder, SamplingBatch
from qwen3mlx.generate.decoder import STEADY
from qwen3mlx.model import KVPool, KVRow, Qwen3, load_model
from tests.model.support import quantize_checkpoint
from tests.support.checkpoints import DENSE, MOE, Shape, write_checkpoint

from .graph import kernels

# The head size of all Qwen3, and eight query heads for each key head, as 32B and 30B-A3B have.
SHAPES = {
    name: dataclasses.replace(shape, head_dim=128, num_attention_heads=16, num_key_value_heads=2)
    for name, shape in (("dense", DENSE), ("moe", MOE))
}


def checkpoint(shape: Shape, num_layers: int, folder: Path) -> Path:
    """Write a checkpoint in 4 bits, as people run it."""
    deep = dataclasses.replace(shape, num_hidden_layers=num_layers)
    source = write_checkpoint(folder / "source", deep)
    return quantize_checkpoint(source, folder, {"group_size": 64, "bits": 4}).quantized


def load(folder: Path, kv_bits: int | None = None) -> Qwen3:
    return load_model(folder, options=LoadOptions(kv_bits=kv_bits))


def filled_rows(pool: KVPool, lengths: Sequence[int]) -> list[KVRow]:
    rows = [pool.allocate(length + 20) for length in lengths]
    for row, length in zip(rows, lengths, strict=True):
        row.advance(length)
    return rows


def step(decoder: Decoder, rows: Sequence[KVRow]) -> list[mx.array]:
    """Feed a token to each row, and return all that the step computes."""
    vocab_size, greedy = decoder.model.config.vocab_size, SamplingParams(temperature=0)
    sampling = SamplingBatch.for_requests([greedy] * len(rows), [()] * len(rows), vocab_size)
    token, uniform = mx.array([7] * len(rows)), mx.array([[0.5]] * len(rows))
    chosen, _, _ = decoder.step(token, rows, sampling, uniform, None)
    return [*chosen.arrays(), *written(rows)]


def steady_step(model: Qwen3, lengths: Sequence[int]) -> Counter[str]:
    """Return the kernels of a step with rows that hold so many tokens, once it is compiled."""
    decoder, pool = Decoder(model), KVPool(model)
    rows = filled_rows(pool, lengths)
    for _ in range(STEADY):
        mx.eval(step(decoder, rows))
    return kernels(step(decoder, rows))


def written(rows: Sequence[KVRow]) -> list[mx.array]:
    stacks = {id(row.stack): row.stack for row in rows}.values()
    return [array for stack in stacks for layer in stack.layers for array in layer]
