"""What a model reads out of whole texts: embeddings, or the logits of a few tokens.

An embedding is the last token's hidden state, as the Qwen3-Embedding models define it; the
Qwen3-Reranker models answer with the logits of `yes` and `no`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from itertools import takewhile
from typing import cast

import mlx.core as mx

from ..generate import Decoder
from ..model.cache import KVCache
from .outputs import not_finite_error

Rows = list[list[float]]
Ids = Sequence[int]


def read_rows(
    decoder: Decoder,
    inputs: Sequence[Ids],
    token_ids: Ids | None = None,
    check: Callable[[], None] = lambda: None,
) -> Generator[None, None, Rows]:
    """Compute for each of `inputs` a unit vector [hidden_size], independent of the others.

    With `token_ids`, compute instead the next token's logits [len(token_ids)]; what all inputs
    begin with is then computed once. Raises CheckpointError for numbers that are not finite.
    """
    model = decoder.model
    shared = 0 if token_ids is None else _shared_length(inputs)
    common = model.make_cache()
    if shared:
        yield from _read(decoder, inputs[0][:shared], common, check)
    rows: Rows = []
    for ids in inputs:
        cache = common if shared else model.make_cache()
        cache.rewind(shared)
        hidden = yield from _read(decoder, ids[shared:], cache, check)
        if token_ids is None:
            last = hidden[0, -1].astype(mx.float32)
            row = last / mx.linalg.norm(last)
        else:
            row = model.lm_head(hidden)[0, -1][mx.array(list(token_ids))].astype(mx.float32)
        rows.append(cast("list[float]", row.tolist()))
        if not all(map(math.isfinite, rows[-1])):
            raise not_finite_error()
    return rows


def _shared_length(inputs: Sequence[Ids]) -> int:
    """Return how many tokens all inputs begin with; each keeps one of its own."""
    if len(inputs) < 2:
        return 0
    # What the first and the last in order share, all do.
    first, last = min(map(list, inputs)), max(map(list, inputs))
    pairs = zip(first[:-1], last[:-1], strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _read(
    decoder: Decoder, ids: Ids, cache: KVCache, check: Callable[[], None]
) -> Generator[None, None, mx.array]:
    """Return the hidden state of the last token [1, 1, hidden_size]."""
    model, size = decoder.model, decoder.max_chunk
    for start in range(0, len(ids), size):
        chunk = ids[start : start + size]
        hidden = model.last_hidden(mx.array([chunk]), cache)
        cache.advance(len(chunk))
        mx.eval(hidden, cache.layers)
        yield
        check()
    return hidden
