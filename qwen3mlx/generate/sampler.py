"""Logits -> tokens, for all rows of a batch at once, on the device.

Tokens are ordered by logit, highest first; ties go to the lower id. Randomness is one number in [0,
1) per row and step, drawn on the host from the request's own seed and applied to the distribution
in that order, summed from its smallest probability up (inverse transform sampling). So no token is
too rare for float32 to reach, and a seed gives the same text on every device, alone or in any
batch.

Filters apply in Hugging Face's order: temperature, top_k, top_p (of what top_k left), min_p. vLLM
applies min_p before the two others; without min_p, as Qwen recommends, both keep the same tokens.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import mlx.core as mx

from ..config import SamplingParams

# A GPU sorts so many numbers with one kernel, and more with a chain of them (MLX 0.32).
SORTED_AT_ONCE = 4096
# Smaller blocks do not leave out enough.
LEAST_BLOCK = 8

FilterArrays = dict[str, mx.array]


class Sampler(NamedTuple):
    """The shape of the computation; a decode step is compiled for each shape.

    Tokens are sampled from the first `num_candidates`; 1 means argmax. If `logprobs` is set,
    `num_logprobs` alternatives are reported.
    """

    num_candidates: int
    logprobs: bool = False
    num_logprobs: int = 0

    @classmethod
    def for_requests(cls, requests: Sequence[SamplingParams], vocab_size: int) -> Sampler:
        """Return the cheapest computation that fulfills every request of a batch."""
        num_candidates = max(_top_k(r, vocab_size) for r in requests)
        if num_candidates > 1:
            # Few distinct sizes, since a decode step is compiled for each; top_k masks the rest.
            rounded = 1 << (max(32, num_candidates) - 1).bit_length()
            num_candidates = min(rounded, vocab_size)
        logprobs = any(r.logprobs for r in requests)
        return cls(num_candidates, logprobs, max(r.top_logprobs for r in requests))

    @staticmethod
    def filter_arrays(requests: Sequence[SamplingParams], vocab_size: int) -> FilterArrays:
        """Return the requests' parameters, [B, 1] each. `tail` is the probability that top_p cuts
        off.
        """
        return {
            "temperature": _column([1.0 if r.is_greedy else r.temperature for r in requests]),
            "top_k": _column([_top_k(r, vocab_size) for r in requests]),
            "tail": _column([1 - r.top_p for r in requests]),
            "min_p": _column([r.min_p for r in requests]),
        }


def _top_k(request: SamplingParams, vocab_size: int) -> int:
    """Return the number of tokens to sample from."""
    return 1 if request.is_greedy else min(request.top_k or vocab_size, vocab_size)


def _column(values: Sequence[float]) -> mx.array:
    return mx.array(list(values))[:, None]


class SampledTokens(NamedTuple):
    """`token` int32 [B], one per row; with logprobs, the token's own [B] and the best [B, n].

    `total` float32 [B, 1] is the sum of a row's logits, which is finite only if each of them is.
    """

    token: mx.array
    total: mx.array
    logprob: mx.array | None = None
    top_ids: mx.array | None = None
    top_logprobs: mx.array | None = None

    def arrays(self) -> tuple[mx.array, ...]:
        extras = (self.logprob, self.top_ids, self.top_logprobs)
        return (self.token, self.total, *(extra for extra in extras if extra is not None))


def choose(
    sampler: Sampler, logits: mx.array, raw: mx.array, uniform: mx.array, filters: FilterArrays
) -> SampledTokens:
    """Choose tokens from logits [B, vocab] float32 with uniform [B, 1] in [0, 1).

    Logprobs are of `raw`, the model's logits before penalties and biases.
    """
    token = _token(sampler, logits, uniform, filters)
    if sampler.logprobs:
        return reported(token, raw, sampler.num_logprobs)
    return SampledTokens(token, raw.sum(axis=-1, keepdims=True))


def reported(token: mx.array, raw: mx.array, num_logprobs: int) -> SampledTokens:
    """Add logprobs to token [B] from raw logits [B, vocab] float32: its own, and the best ones."""
    logprobs = raw - mx.logsumexp(raw, axis=-1, keepdims=True)
    own = mx.take_along_axis(logprobs, token[:, None], axis=-1).squeeze(-1)
    total = raw.sum(axis=-1, keepdims=True)
    if not num_logprobs:
        return SampledTokens(token, total, own)
    best, ids = _largest(logprobs, num_logprobs)
    return SampledTokens(token, total, own, ids, best)


def _token(
    sampler: Sampler, logits: mx.array, uniform: mx.array, filters: FilterArrays
) -> mx.array:
    if sampler.num_candidates == 1:
        return mx.argmax(logits, axis=-1).astype(mx.int32)
    values, ids = _largest(logits, sampler.num_candidates)
    rank = draw(filtered(values, filters), uniform)
    return mx.take_along_axis(ids, rank, axis=-1).squeeze(-1).astype(mx.int32)


def _largest(values: mx.array, count: int) -> tuple[mx.array, mx.array]:
    """Return the first `count` of [B, n] in the order of tokens, and their indices.

    MLX's argsort is stable on every device.
    """
    if count < values.shape[-1]:
        ids = _candidates(values, count)
        if ids.shape[-1] > SORTED_AT_ONCE:
            few = _first(mx.take_along_axis(values, ids, axis=-1), count)
            ids = mx.take_along_axis(ids, few, axis=-1)
        order = mx.argsort(-mx.take_along_axis(values, ids, axis=-1), axis=-1)[:, :count]
        ids = mx.take_along_axis(ids, order, axis=-1)
    else:
        ids = mx.argsort(-values, axis=-1)
    return mx.take_along_axis(values, ids, axis=-1), ids


def _candidates(values: mx.array, count: int) -> mx.array:
    """Return indices in rising order, few of them, that include the first `count` of [B, n].

    Those are in the first `count` blocks in the order of the blocks' maxima: of the blocks before
    any other one, each has a token that comes before all of that one's. So nothing longer than the
    maxima and these blocks is sorted.
    """
    length = values.shape[-1]
    size = 1 << round(math.log2(length / count) / 2)
    if length <= SORTED_AT_ONCE or size < LEAST_BLOCK:
        return _first(values, count)
    whole = length // size * size
    maxima = values[:, :whole].reshape(len(values), -1, size).max(axis=-1)
    blocks = _first(maxima, count)[:, :, None]
    ids = (blocks * size + _count(size, blocks.dtype)).reshape(len(values), -1)
    if whole == length:
        return ids
    rest = mx.arange(whole, length, dtype=ids.dtype)
    return mx.concatenate([ids, mx.broadcast_to(rest, (len(values), len(rest)))], axis=-1)


def _first(values: mx.array, count: int) -> mx.array:
    """Return the indices of the first `count` of [B, n], in rising order.

    Of equal ones, MLX's argpartition prefers the lower.
    """
    return mx.sort(mx.argpartition(-values, kth=count - 1, axis=-1)[:, :count], axis=-1)


@lru_cache(maxsize=8)
def _count(length: int, dtype: mx.Dtype) -> mx.array:
    """Return 0 to `length` - 1, computed once: a step would compute it each time."""
    numbers = mx.arange(length, dtype=dtype)
    mx.eval(numbers)
    return numbers


def filtered(values: mx.array, filters: FilterArrays) -> mx.array:
    """Return weights [B, n] of ordered logits, relative to the first; 0 if a filter excludes it."""
    weights = mx.exp((values - values[:, :1]) / filters["temperature"])
    within = _count(values.shape[-1], mx.int32) < filters["top_k"]
    mass = mx.cumsum(mx.where(within, weights, 0.0), axis=-1, reverse=True)
    kept = (mass > filters["tail"] * mass[:, :1]) & (weights >= filters["min_p"])
    return mx.where(kept, weights, 0.0)


def draw(weights: mx.array, uniform: mx.array) -> mx.array:
    """Return the first rank [B, 1] after which weights [B, n] sum to at most `uniform` of the
    total.

    If rounding made the filters exclude all, that is rank 0.
    """
    mass = mx.cumsum(weights, axis=-1, reverse=True)
    return (mass[:, 1:] > uniform * mass[:, :1]).sum(axis=-1, keepdims=True)
