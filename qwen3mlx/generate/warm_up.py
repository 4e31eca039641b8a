"""Compile a decode step before the first answer needs it."""

from __future__ import annotations

import mlx.core as mx

from ..config import SamplingParams
from ..model import KVPool
from .decoder import STEADY, Decoder
from .sampling_batch import SamplingBatch


def warm_up(decoder: Decoder, params: SamplingParams) -> None:
    """Run decode steps on made-up tokens, the last two of them compiled.

    Without it, the first answer waits at its ninth token: a GPU takes up to a second to compile the
    kernels that a step fuses, which steps of all shapes share.
    """
    pool, vocab_size = KVPool(decoder.model), decoder.model.config.vocab_size
    rows = [pool.allocate(STEADY + 2)]
    if decoder.is_exact(rows):  # such a step is never compiled, that of two rows is
        rows.append(pool.allocate(STEADY + 2))
    num = len(rows)
    sampling = SamplingBatch.for_requests([params] * num, [()] * num, vocab_size)
    counts = None if sampling.penalties is None else mx.zeros((num, vocab_size))
    token, uniform = mx.zeros(num, mx.int32), mx.zeros((num, 1))
    for _ in range(STEADY + 2):
        chosen, _, counts = decoder.step(token, rows, sampling, uniform, counts)
        token = chosen.token
        mx.eval(chosen.arrays())
    for row in rows:
        row.release()
