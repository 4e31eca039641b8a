"""Logits -> tokens, for all rows of a batch at once and on the device.

Randomness is one number in [0, 1) per row and step, drawn on the host from the request's own seed
and used on the sorted distribution (inverse transform sampling). So a seed gives the same text on
every device, alone or in any batch, and a step needs no random bits of its own.

Filters apply in the order temperature, top_k, top_p, min_p, as in Hugging Face's generate and vLLM.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import mlx.core as mx

from ..config import SamplingParams

Knobs = dict[str, mx.array]


@dataclass(frozen=True, slots=True)
class Sampler:
    """The shape of the computation; a decode step is compiled once for each.

    `kind`: the arg max; the whole distribution; its `num_candidates` largest; all of it, sorted.
    `num_logprobs` alternatives are reported where `logprobs` is set.
    """

    kind: Literal["greedy", "plain", "top_k", "sorted"]
    num_candidates: int = 0
    logprobs: bool = False
    num_logprobs: int = 0

    @classmethod
    def for_requests(cls, requests: Sequence[SamplingParams], vocab_size: int) -> Sampler:
        """The cheapest computation that honours every request of a batch."""
        logprobs = any(r.logprobs for r in requests)
        num_logprobs = max(r.top_logprobs for r in requests) if logprobs else 0
        sampled = [r for r in requests if not r.is_greedy]
        if not sampled:
            return cls("greedy", 0, logprobs, num_logprobs)
        if all(0 < r.top_k < vocab_size for r in sampled):
            largest = max(32, *(r.top_k for r in sampled))
            # Few distinct sizes, since a decode step is compiled for each; top_k masks the rest.
            return cls("top_k", 1 << (largest - 1).bit_length(), logprobs, num_logprobs)
        if all(not r.top_k and r.top_p == 1 and not r.min_p for r in sampled):
            return cls("plain", 0, logprobs, num_logprobs)
        return cls("sorted", 0, logprobs, num_logprobs)

    @staticmethod
    def knobs(requests: Sequence[SamplingParams], vocab_size: int) -> Knobs:
        """The requests' numbers, [B, 1] each; a greedy row has top_k 1."""
        rows = {
            "temperature": [1.0 if r.is_greedy else r.temperature for r in requests],
            "top_p": [r.top_p for r in requests],
            "min_p": [r.min_p for r in requests],
        }
        knobs = {name: mx.array(values)[:, None] for name, values in rows.items()}
        top_k = [1 if r.is_greedy else r.top_k or vocab_size for r in requests]
        knobs["top_k"] = mx.array(top_k)[:, None]
        return knobs


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """`token` int32 [B], one per row; with logprobs the token's own [B] and the best [B, n]."""

    token: mx.array
    logprob: mx.array | None = None
    top_ids: mx.array | None = None
    top_logprobs: mx.array | None = None

    def arrays(self) -> tuple[mx.array, ...]:
        extras = (self.logprob, self.top_ids, self.top_logprobs)
        return (self.token, *(extra for extra in extras if extra is not None))


def choose(
    sampler: Sampler, logits: mx.array, raw: mx.array, uniform: mx.array, knobs: Knobs
) -> Choice:
    """logits [B, vocab] float32, uniform [B, 1] in [0, 1) -> the tokens.

    Logprobs are of `raw`, the model's logits before penalties and biases.
    """
    token = _token(sampler, logits, uniform, knobs)
    if not sampler.logprobs:
        return Choice(token)
    logprobs = raw - mx.logsumexp(raw, axis=-1, keepdims=True)
    own = mx.take_along_axis(logprobs, token[:, None], axis=-1)[:, 0]
    if not sampler.num_logprobs:
        return Choice(token, own)
    best, ids = _largest(logprobs, sampler.num_logprobs)
    return Choice(token, own, ids, best)


def _token(sampler: Sampler, logits: mx.array, uniform: mx.array, knobs: Knobs) -> mx.array:
    if sampler.kind == "greedy":
        return mx.argmax(logits, axis=-1).astype(mx.int32)
    scaled = logits / knobs["temperature"]
    if sampler.kind == "plain":
        greedy = mx.argmax(logits, axis=-1)
        drawn = _invert(mx.softmax(scaled, axis=-1), uniform)[:, 0]
        return mx.where(knobs["top_k"][:, 0] == 1, greedy, drawn).astype(mx.int32)
    count = sampler.num_candidates if sampler.kind == "top_k" else logits.shape[-1]
    values, ids = _largest(scaled, count)
    probabilities = _filtered(values, knobs)
    return mx.take_along_axis(ids, _invert(probabilities, uniform), axis=-1)[:, 0].astype(mx.int32)


def _largest(values: mx.array, count: int) -> tuple[mx.array, mx.array]:
    """The `count` largest of [B, n], descending, and where they are."""
    if count >= values.shape[-1]:
        ids = mx.argsort(-values, axis=-1)
    else:
        ids = mx.argpartition(-values, kth=count - 1, axis=-1)[:, :count]
        order = mx.argsort(-mx.take_along_axis(values, ids, axis=-1), axis=-1)
        ids = mx.take_along_axis(ids, order, axis=-1)
    return mx.take_along_axis(values, ids, axis=-1), ids


def _filtered(values: mx.array, knobs: Knobs) -> mx.array:
    """Probabilities [B, n] of descending logits; 0 where top_k, top_p or min_p exclude."""
    rank = mx.arange(values.shape[-1])
    probabilities = mx.softmax(mx.where(rank < knobs["top_k"], values, -mx.inf), axis=-1)
    before = mx.cumsum(probabilities, axis=-1) - probabilities
    kept = (before < knobs["top_p"]) & (probabilities >= knobs["min_p"] * probabilities[:, :1])
    return mx.where(kept | (rank == 0), probabilities, 0.0)


def _invert(probabilities: mx.array, uniform: mx.array) -> mx.array:
    """[B, 1]: the first index whose cumulative (unnormalized) probability exceeds `uniform`."""
    cumulative = mx.cumsum(probabilities, axis=-1)
    passed = cumulative <= uniform * cumulative[:, -1:]
    # The sum may round below `uniform * total`: the last token of non-zero probability then.
    last = mx.argmax(cumulative, axis=-1, keepdims=True)
    return mx.minimum(passed.sum(axis=-1, keepdims=True), last)
