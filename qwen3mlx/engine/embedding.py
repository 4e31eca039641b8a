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
    vectors = []
    for ids in inputs:
        cache = decoder.model.make_cache()
        cache.planned = len(ids)
        last = (len(ids) - 1) // decoder.max_chunk * decoder.max_chunk
        for start in range(0, last, decoder.max_chunk):
            decoder.extend(ids[start : start + decoder.max_chunk], cache)
            yield
        hidden = decoder.model.last_hidden(mx.array([ids[last:]]), cache)[0, -1]
        hidden = hidden.astype(mx.float32)
        vectors.append((hidden / mx.linalg.norm(hidden)).tolist())
        yield
    return vectors  # type: ignore[return-value]  # tolist() of one dimension is a list of floats
