"""One step as a value: the schedule makes a plan, and a runner executes it.

A plan holds only numbers, strings, bytes and tuples of them, so another process could execute it.
Runners that execute the same plans hold the same keys, values and cached prefixes. A `row` is the
number of a place in the KV pool; each opened place gets a new number.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import NamedTuple

from ..config import SamplingParams
from .outputs import Token


class RowSampling(NamedTuple):
    """How a row's tokens are chosen: the part that stays the same from step to step.

    `bias` is added to the logits of these ids, and `early_bias` too while a draw is `is_early`.
    `prompt_ids` are the ids that the repetition penalty counts.
    """

    temperature: float
    top_p: float
    top_k: int
    min_p: float
    repetition_penalty: float
    presence_penalty: float
    frequency_penalty: float
    logprobs: bool
    top_logprobs: int
    bias: tuple[tuple[int, float], ...]
    early_bias: tuple[tuple[int, float], ...]
    prompt_ids: tuple[int, ...]

    @classmethod
    def of(
        cls,
        params: SamplingParams,
        prompt_ids: Collection[int],
        never_ids: Collection[int],
        stop_ids: Collection[int],
    ) -> RowSampling:
        """Build it so that `never_ids` are never drawn, and `stop_ids` not before
        `params.min_tokens`.
        """
        return cls(
            temperature=params.temperature,
            top_p=params.top_p,
            top_k=params.top_k,
            min_p=params.min_p,
            repetition_penalty=params.repetition_penalty,
            presence_penalty=params.presence_penalty,
            frequency_penalty=params.frequency_penalty,
            logprobs=params.logprobs,
            top_logprobs=params.top_logprobs,
            bias=(*params.logit_bias.items(), *_forbidden(never_ids)),
            early_bias=_forbidden(stop_ids) if params.min_tokens else (),
            prompt_ids=tuple(prompt_ids) if params.repetition_penalty != 1 else (),
        )

    @property
    def has_penalties(self) -> bool:
        return (
            self.repetition_penalty != 1
            or self.presence_penalty != 0
            or self.frequency_penalty != 0
        )

    @property
    def params(self) -> SamplingParams:
        """The sampler's parameters, without biases, which it takes as arrays."""
        return SamplingParams(
            temperature=self.temperature,
            top_p=self.top_p,
            top_k=self.top_k,
            min_p=self.min_p,
            repetition_penalty=self.repetition_penalty,
            presence_penalty=self.presence_penalty,
            frequency_penalty=self.frequency_penalty,
            logprobs=self.logprobs,
            top_logprobs=self.top_logprobs,
        )


def _forbidden(ids: Collection[int]) -> tuple[tuple[int, float], ...]:
    return tuple((token_id, -math.inf) for token_id in sorted(ids))


# Changes to the KV pool and the cached prefixes; a plan lists them in order.


class OpenRow(NamedTuple):
    """Allocate an empty row of `capacity` positions."""

    row: int
    capacity: int
    sampling: RowSampling


class GrowRow(NamedTuple):
    """Move a row to a place of `capacity` positions."""

    row: int
    capacity: int


class TrimRow(NamedTuple):
    """Keep the first `num_tokens` of a row; drop its tokens in flight and its counts."""

    row: int
    num_tokens: int


class CloseRow(NamedTuple):
    """Free a row's place; one that is `spoilt` holds numbers that are not finite."""

    row: int
    spoilt: bool = False


class FillRow(NamedTuple):
    """Copy cached blocks into an empty row, as pairs of a block and its number of tokens."""

    row: int
    blocks: tuple[tuple[int, int], ...]


class CacheBlocks(NamedTuple):
    """Copy tokens of a row into new blocks: (block, first token, number of tokens) for each."""

    row: int
    blocks: tuple[tuple[int, int, int], ...]


class DropBlocks(NamedTuple):
    """Free cached blocks."""

    blocks: tuple[int, ...]


class Reset(NamedTuple):
    """Drop all rows, and all cached blocks except these."""

    kept_blocks: tuple[int, ...]


PoolChange = OpenRow | GrowRow | TrimRow | CloseRow | FillRow | CacheBlocks | DropBlocks | Reset


class Draw(NamedTuple):
    """How one token is chosen: the part that changes from step to step.

    `uniform` is its random number in [0, 1). `mask` has a bit for each id that is allowed, lowest
    first, in 32-bit words; None allows all. `generated` are the ids that penalties count, including
    those fed in this step; None continues the previous step's counts.
    """

    uniform: float
    is_early: bool = False
    mask: bytes | None = None
    generated: tuple[int, ...] | None = None


class DecodeRow(NamedTuple):
    """Feed a row that holds `position` tokens, and choose its next token.

    `tokens` are the ids to feed: one today, several with speculation. None feeds the token that the
    previous step chose for this row and that has not been read yet. Without a `draw`, the next
    plan's `draws` have it: what may follow depends on a token that has not been read yet.
    """

    row: int
    position: int
    tokens: tuple[int, ...] | None
    draw: Draw | None


class LateDraw(NamedTuple):
    """The draw of a row that the previous plan fed without one."""

    row: int
    draw: Draw


class DecodeBatch(NamedTuple):
    """Rows that one forward pass feeds.

    The tokens arrive with the outputs of the next plan (see `StepPlan.collects`), while that plan's
    batches run.
    """

    rows: tuple[DecodeRow, ...]


class PrefillChunk(NamedTuple):
    """Feed the next tokens of a prompt to a row that holds `position` tokens.

    If log probabilities are requested, `scored` are the successors of `tokens`. `draw` chooses the
    token after the last one, which arrives with this plan's outputs.
    """

    row: int
    position: int
    tokens: tuple[int, ...]
    scored: tuple[int, ...] = ()
    draw: Draw | None = None


class StepPlan(NamedTuple):
    """The changes run first, then the draws, then the batches, then the chunk.

    With `collects`, tokens that earlier plans launched arrive with this plan's outputs.
    """

    changes: tuple[PoolChange, ...] = ()
    draws: tuple[LateDraw, ...] = ()
    decode: tuple[DecodeBatch, ...] = ()
    prefill: PrefillChunk | None = None
    collects: bool = True


class Fault(NamedTuple):
    """A part of a plan that fed or changed these rows raised `error`; the rest did not run."""

    rows: tuple[int, ...]
    error: Exception


class StepOutputs(NamedTuple):
    """A plan's results. `decoded` and `sampled` pair each row with its chosen tokens.

    `scores` are the chunk's prompt tokens, if it had `scored`. Times are in seconds. Of the rows in
    `not_finite`, nothing is chosen: the model computed no numbers to choose by.
    """

    decoded: tuple[tuple[int, tuple[Token, ...]], ...] = ()
    sampled: tuple[Token, ...] = ()
    scores: tuple[Token, ...] = ()
    decode_s: float = 0.0
    prefill_s: float = 0.0
    fault: Fault | None = None
    not_finite: tuple[int, ...] = ()
