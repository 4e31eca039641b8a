"""Embeddings: the last token's hidden state, as the Qwen3-Embedding models define them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import cast

import mlx.core as mx

from ..generate import Decoder
from ..model.kv_layout import capacity_for
from .memory import MemoryBudget
from .resident_model import ResidentModel


def embed(
    resident: ResidentModel,
    inputs: Sequence[Sequence[int]],
    budget: MemoryBudget,
    check: Callable[[], None],
) -> Generator[None, None, list[list[float]]]:
    """Compute a unit vector [hidden_size] for each of `inputs` (token ids).

    This is a generator, so that other work can run between two chunks. It calls `check` there,
    which raises an error to stop it. Raises MemoryBudgetError.
    """
    longest = max(map(len, inputs), default=0)
    resident.scheduler.check_fits(longest)
    pool = resident.scheduler.pool
    needed = min(capacity_for(longest) * pool.bytes_per_token, budget.largest_request)
    resident.num_embeddings += 1
    reserved = 0
    try:
        while not budget.make_room(needed):
            yield
            check()
        reserved = needed
        budget.live += reserved
        vectors = []
        for ids in inputs:
            vectors.append((yield from _vector(resident.loaded.decoder, ids, check)))
        return vectors
    finally:
        budget.live -= reserved
        resident.num_embeddings -= 1


def _vector(
    decoder: Decoder, ids: Sequence[int], check: Callable[[], None]
) -> Generator[None, None, list[float]]:
    model, size = decoder.model, decoder.max_chunk
    cache = model.make_cache()
    for start in range(0, len(ids), size):
        chunk = ids[start : start + size]
        hidden = model.last_hidden(mx.array([chunk]), cache)
        cache.advance(len(chunk))
        mx.eval(hidden, cache.layers)
        yield
        check()
    last = hidden[0, -1].astype(mx.float32)
    return cast("list[float]", (last / mx.linalg.norm(last)).tolist())
