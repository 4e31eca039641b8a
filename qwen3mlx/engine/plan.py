"""What one step does, as a value: the schedule makes a plan, a runner carries it out.

A plan holds nothing but numbers, strings, bytes and tuples of them, so another process could carry
it out: runners that got the same plans hold the same keys, values and cached prefixes. A `row` is
the number of a place in the KV pool; each place that is opened gets a number of its own.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

from ..config import SamplingParams
from .outputs import Token


@dataclass(frozen=True, slots=True)
class RowSampling:
    """How the tokens of one row are chosen: what does not change from step to step.

    `bias` is added to the logits of these ids, `early_bias` as well while a draw is `is_early`.
    `prompt_ids` are those that the repetition penalty counts.
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
        """`never_ids` are not drawn at all, `stop_ids` not before `params.min_tokens`."""
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
        """The same for the sampler, which takes biases as arrays of their own."""
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


# Changes to the KV pool and to the cached prefixes, in the order in which they are made.


class OpenRow(NamedTuple):
    """Allocate a row that holds nothing, with room for `num_tokens`."""

    row: int
    num_tokens: int
    sampling: RowSampling


class GrowRow(NamedTuple):
    """Move a row to where it has room for `num_tokens` in all."""

    row: int
    num_tokens: int


class TrimRow(NamedTuple):
    """Keep the first `num_tokens` of a row; what was chosen or counted for it is dropped."""

    row: int
    num_tokens: int


class CloseRow(NamedTuple):
    """Give the place of a row back."""

    row: int


class FillRow(NamedTuple):
    """Copy cached blocks into a row that holds nothing: (block, number of its tokens) each."""

    row: int
    blocks: tuple[tuple[int, int], ...]


class CacheBlocks(NamedTuple):
    """Copy tokens of a row into new blocks: (block, first token, number of tokens) each."""

    row: int
    blocks: tuple[tuple[int, int, int], ...]


class DropBlocks(NamedTuple):
    """Let cached blocks go."""

    blocks: tuple[int, ...]


class Reset(NamedTuple):
    """Drop all rows, and all cached blocks but these."""

    kept_blocks: tuple[int, ...]


PoolChange = OpenRow | GrowRow | TrimRow | CloseRow | FillRow | CacheBlocks | DropBlocks | Reset


class Draw(NamedTuple):
    """How one token is chosen: what changes from step to step.

    `uniform` is its random number in [0, 1); `mask` has a bit for each id that may come, lowest
    first, in words of 32 (None: all may). `generated` are the ids that penalties count, those fed
    in this step among them; None goes on from the counts of the step before.
    """

    uniform: float
    is_early: bool = False
    mask: bytes | None = None
    generated: tuple[int, ...] | None = None


class DecodeRow(NamedTuple):
    """Feed a row that holds `position` tokens, and choose the token that follows.

    `tokens` are the ids to feed: one today, several once tokens are proposed ahead of time. None
    stands for the token that the step before chose for this row, which nobody has read yet.
    """

    row: int
    position: int
    tokens: tuple[int, ...] | None
    draw: Draw


class DecodeBatch(NamedTuple):
    """Rows that one forward pass feeds.

    The tokens come with the outputs of a later plan (see `StepPlan.collects`), while that one's
    batches are computed; with `is_awaited` they come with the outputs of this one.
    """

    rows: tuple[DecodeRow, ...]
    is_awaited: bool


class PrefillChunk(NamedTuple):
    """Feed the next tokens of a prompt to a row that holds `position` tokens.

    `scored` are the tokens that follow each of `tokens`, where their log probabilities are wanted.
    `draw` chooses the token that follows them all; it comes with the outputs of this plan.
    """

    row: int
    position: int
    tokens: tuple[int, ...]
    scored: tuple[int, ...] = ()
    draw: Draw | None = None


class StepPlan(NamedTuple):
    """The changes come first, then the batches, then the chunk.

    With `collects`, the tokens that earlier plans launched come with the outputs of this one.
    """

    changes: tuple[PoolChange, ...] = ()
    decode: tuple[DecodeBatch, ...] = ()
    prefill: PrefillChunk | None = None
    collects: bool = True


class Fault(NamedTuple):
    """A piece of a plan that fed or changed these rows raised `error`; the rest was left undone."""

    rows: tuple[int, ...]
    error: Exception


class StepOutputs(NamedTuple):
    """What came of a plan. `decoded` and `sampled` pair a row with the tokens chosen for it.

    `scores` are the prompt's own tokens of a chunk with `scored`. Times are in seconds.
    """

    decoded: tuple[tuple[int, tuple[Token, ...]], ...] = ()
    sampled: tuple[Token, ...] = ()
    scores: tuple[Token, ...] = ()
    decode_s: float = 0.0
    prefill_s: float = 0.0
    fault: Fault | None = None
