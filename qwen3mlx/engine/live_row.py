"""A row that a runner holds: its keys and values, and the arrays that choose its tokens."""

from __future__ import annotations

from collections.abc import Sequence

import mlx.core as mx

from ..generate import SampledTokens, SamplingBatch, bias_array, mask_bias
from ..model import KVRow
from .plan import DecodeRow, Draw, RowSampling

# In a row's place in a batch: not drawn yet. Rows have numbers from 1.
NOBODY = 0
# How a row is drawn meanwhile: by its first token, which nobody reads.
UNDRAWN = Draw(0.0)
# Groups of rows change whenever a request starts or ends; keeping some old batches is harmless.
_MAX_BATCHES = 16


class LiveRow:
    """Holds a row's arrays. `counts` [1, vocab] count the generated tokens that were fed, if
    needed.
    """

    def __init__(self, kv: KVRow, sampling: RowSampling, vocab_size: int) -> None:
        self.kv = kv
        self.sampling = sampling
        self.params = sampling.params
        self.counts: mx.array | None = None
        self._vocab_size = vocab_size
        self._biases: dict[bool, mx.array | None] = {}
        self._masked: tuple[bytes, mx.array] | None = None

    def trim(self, num_tokens: int) -> None:
        """Keep the first `num_tokens`. The next draw must provide the counts again."""
        self.kv.trim(self.kv.offset - num_tokens)
        self.counts = None

    def bias(self, draw: Draw) -> mx.array | None:
        """Return the biases and the mask to add to the next token's logits [1, vocab]."""
        early = draw.is_early
        if early not in self._biases:
            pairs = dict(self.sampling.bias) | dict(self.sampling.early_bias if early else ())
            self._biases[early] = bias_array(pairs, self._vocab_size)
        fixed = self._biases[early]
        if draw.mask is None:
            return fixed
        if self._masked is None or self._masked[0] != draw.mask:
            self._masked = draw.mask, mask_bias(draw.mask, self._vocab_size)
        masked = self._masked[1]
        return masked if fixed is None else masked + fixed

    def counted(self, draw: Draw, fed: Sequence[int] | None = None) -> mx.array:
        """Return the counts before `fed`; the step that feeds those tokens counts them.

        A count drops below zero if the prompt's last token is fed again because no generated token
        is left.
        """
        if draw.generated is not None or self.counts is None:
            counts = mx.zeros((1, self._vocab_size))
            if draw.generated:
                counts = counts.at[0, mx.array(draw.generated)].add(1)
            if fed:
                counts = counts.at[0, mx.array(list(fed))].add(-1)
            self.counts = counts
        return self.counts


class BatchCache:
    """Caches how the tokens of a batch are chosen while its rows stay the same."""

    def __init__(self, vocab_size: int) -> None:
        self._vocab_size = vocab_size
        self._batches: dict[tuple[int, ...], SamplingBatch] = {}

    def batch(
        self, numbers: tuple[int, ...], rows: Sequence[LiveRow], draws: Sequence[Draw]
    ) -> SamplingBatch:
        if numbers not in self._batches:
            if len(self._batches) > _MAX_BATCHES:
                self._batches.clear()
            self._batches[numbers] = SamplingBatch.for_requests(
                [row.params for row in rows],
                [row.sampling.prompt_ids for row in rows],
                self._vocab_size,
            )
        biases = [row.bias(draw) for row, draw in zip(rows, draws, strict=True)]
        return self._batches[numbers].biased(biases)

    def clear(self) -> None:
        self._batches.clear()


class InFlight:
    """Tokens still being computed for some rows; the next plan reads and feeds them.

    `token` [B] are the ones to feed. `chosen` are the ones to read: the rows that have been drawn,
    NOBODY for the others, and their tokens.
    """

    def __init__(
        self,
        numbers: tuple[int, ...],
        tokens: SampledTokens,
        logits: mx.array,
        is_drawn: Sequence[bool],
    ) -> None:
        self.numbers = numbers
        self.token = tokens.token
        drawn = zip(numbers, is_drawn, strict=True)
        self.chosen = [(tuple(one if done else NOBODY for one, done in drawn), tokens)]
        self._logits = None if all(is_drawn) else logits

    def of(self, number: int) -> mx.array:
        """Return the token [1] of one row."""
        index = self.numbers.index(number)
        return self.token[index : index + 1]

    def logits_of(self, numbers: tuple[int, ...]) -> mx.array:
        """Return the logits [n, vocab] of rows that have not been drawn."""
        assert self._logits is not None
        return self._logits if numbers == self.numbers else self._logits[self._places(numbers)]

    def drawn(self, numbers: tuple[int, ...], tokens: SampledTokens) -> None:
        """Take the tokens of rows that had not been drawn."""
        self.token = mx.put_along_axis(self.token, self._places(numbers), tokens.token, axis=0)
        self.chosen.append((numbers, tokens))

    def _places(self, numbers: tuple[int, ...]) -> mx.array:
        return mx.array([self.numbers.index(number) for number in numbers])


def tokens_to_feed(
    numbers: tuple[int, ...], rows: Sequence[DecodeRow], in_flight: Sequence[InFlight]
) -> mx.array:
    """Return the tokens [B] that a batch feeds, including those still being computed."""
    known = [token for row in rows if row.tokens is not None for token in row.tokens]
    if not known and len(in_flight) == 1:
        (ahead,) = in_flight
        if numbers == ahead.numbers:
            return ahead.token
        return ahead.token[mx.array([ahead.numbers.index(number) for number in numbers])]
    if len(known) >= len(rows):
        return mx.array(known)
    ahead_of = {number: ahead for ahead in in_flight for number in ahead.numbers}
    return mx.concatenate(
        [
            ahead_of[row.row].of(row.row) if row.tokens is None else mx.array(row.tokens)
            for row in rows
        ]
    )
