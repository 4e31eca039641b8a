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
    row = pool.allocate(STEADY + 2)
    sampling = SamplingBatch.for_requests([params], [()], vocab_size)
    counts = None if sampling.penalties is None else mx.zeros((1, vocab_size))
    token = mx.zeros(1, mx.int32)
    for _ in range(STEADY + 2):
        chosen, _, counts = decoder.step(token, [row], sampling, mx.zeros((1, 1)), counts)
        token = chosen.token
        mx.eval(chosen.arrays())
    row.release()
