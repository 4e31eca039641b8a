"""Everything that turns one batch's logits into tokens, as arrays for a compiled step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import mlx.core as mx

from ..config import SamplingParams
from .processors import Penalties
from .sampler import FilterArrays, SampledTokens, Sampler, choose

# FilterArrays, penalties and bias; the latter two may be empty.
SamplingArrays = tuple[FilterArrays, list[mx.array], list[mx.array]]
BatchShape = tuple[Sampler, bool, bool]


class SamplingBatch(NamedTuple):
    """How a batch's logits become tokens: the shape of the computation, and its numbers."""

    sampler: Sampler
    filters: FilterArrays
    penalties: Penalties | None
    bias: mx.array | None

    @classmethod
    def for_requests(
        cls,
        requests: Sequence[SamplingParams],
        prompts: Sequence[Sequence[int]],
        vocab_size: int,
    ) -> SamplingBatch:
        """Build one row per request, with `prompts` as token ids; `biased` adds biases."""
        return cls(
            sampler=Sampler.for_requests(requests, vocab_size),
            filters=Sampler.filter_arrays(requests, vocab_size),
            penalties=Penalties.for_requests(requests, prompts, vocab_size),
            bias=None,
        )

    def biased(self, rows: Sequence[mx.array | None]) -> SamplingBatch:
        """Return the same batch with a bias [1, vocab] for each row that has one."""
        given = next((row for row in rows if row is not None), None)
        if given is None:
            return self
        none = mx.zeros_like(given)
        bias = mx.concatenate([none if row is None else row for row in rows])
        return self._replace(bias=bias)

    @property
    def shape(self) -> BatchShape:
        """The part that a compiled step depends on."""
        return self.sampler, self.penalties is not None, self.bias is not None

    def arrays(self) -> SamplingArrays:
        """All numbers as a tree, for a compiled function's arguments; `from_arrays` reverses it."""
        penalties = list(self.penalties.arrays()) if self.penalties else []
        return self.filters, penalties, [] if self.bias is None else [self.bias]

    @classmethod
    def from_arrays(cls, sampler: Sampler, tree: SamplingArrays) -> SamplingBatch:
        filters, penalties, bias = tree
        return cls(
            sampler,
            filters,
            Penalties(*penalties) if penalties else None,
            bias[0] if bias else None,
        )

    def choose(self, logits: mx.array, uniform: mx.array, counts: mx.array | None) -> SampledTokens:
        """Choose tokens from logits [B, vocab]; penalties use `counts` [B, vocab] of generated
        tokens.
        """
        raw = logits = logits.astype(mx.float32)
        if self.penalties is not None and counts is not None:
            logits = self.penalties(logits, counts)
        if self.bias is not None:
            logits = logits + self.bias
        return choose(self.sampler, logits, raw, uniform, self.filters)
