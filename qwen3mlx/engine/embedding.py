"""Texts -> vectors: the last token's hidden state, as the Qwen3-Embedding models are used."""

from __future__ import annotations

from collections.abc import Generator, Sequence

import mlx.core as mx

from ..generate import Decoder


def embed(
    decoder: Decoder, inputs: Sequence[Sequence[int]]
) -> Generator[None, None, list[list[float]]]:
    """Unit vectors [hidden_size], one for each of `inputs` (token ids).

    A generator, so that others have their turn between two chunks.
    """
    model, size = decoder.model, decoder.max_chunk
    vectors = []
    for ids in inputs:
        cache = model.make_cache()
        for start in range(0, len(ids), size):
            chunk = ids[start : start + size]
            hidden = model.last_hidden(mx.array([chunk]), cache)
            cache.advance(len(chunk))
            mx.eval(hidden, cache.layers)
            yield
        last = hidden[0, -1].astype(mx.float32)
        vectors.append((last / mx.linalg.norm(last)).tolist())
    return vectors  # type: ignore[return-value]  # tolist() of one dimension is a list of floats
