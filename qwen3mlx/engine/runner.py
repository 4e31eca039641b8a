"""Executes plans on the model, the KV pool and the cached prefixes, and returns the tokens."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import cast

import mlx.core as mx

from ..generate import Decoder, SampledTokens, SamplingBatch
from ..model import KVPool, KVRoomError, KVRow
from .live_row import NOBODY, UNDRAWN, BatchCache, InFlight, LiveRow, tokens_to_feed
from .outputs import Token
from .plan import (
    CacheBlocks,
    CloseRow,
    DecodeRow,
    Draw,
    DropBlocks,
    Fault,
    FillRow,
    GrowRow,
    LateDraw,
    OpenRow,
    PoolChange,
    PrefillChunk,
    Reset,
    StepOutputs,
    StepPlan,
    TrimRow,
)
from .prefix_blocks import PrefixBlocks

# Steps after which MLX's cache of freed memory is emptied: sizes that no longer occur stay in it.
CLEAR_EVERY = 512


@dataclass(slots=True, eq=False)
class _Progress:
    """A plan's results so far; `rows` are those of the part being executed."""

    rows: tuple[int, ...] = ()
    decoded: list[tuple[int, tuple[Token, ...]]] = field(default_factory=list)
    sampled: tuple[Token, ...] = ()
    scores: tuple[Token, ...] = ()
    decode_s: float = 0.0
    prefill_s: float = 0.0
    not_finite: list[int] = field(default_factory=list)


class Runner:
    """Executes one model's plans. It decides nothing: its state follows from the plans alone.

    All methods belong to the thread that loaded the model.
    """

    def __init__(self, decoder: Decoder) -> None:
        self.pool = KVPool(decoder.model)
        self.prefixes = PrefixBlocks()
        self.rows: dict[int, LiveRow] = {}
        self._decoder = decoder
        self._vocab_size = decoder.model.config.vocab_size
        self._batches = BatchCache(self._vocab_size)
        self._in_flight: list[InFlight] = []
        self._num_steps = 0
        self._dropped: set[int] = set()  # rows whose tokens in flight are discarded

    @property
    def bytes_per_token(self) -> int:
        return self.pool.bytes_per_token

    @property
    def num_layers(self) -> int:
        return self.pool.num_layers

    @property
    def max_chunk(self) -> int:
        return self._decoder.max_chunk

    def run(self, plan: StepPlan) -> StepOutputs:
        """Execute `plan` up to its first fault, which the outputs report; it is not raised."""
        done, fault = _Progress(), None
        try:
            for change in plan.changes:
                done.rows = () if isinstance(change, DropBlocks | Reset) else (change.row,)
                self._change(change)
            if plan.collects:
                self._decode(plan, done)
            if plan.prefill is not None:
                self._prefill(plan.prefill, done)
        except Exception as error:
            fault = Fault(done.rows, error)
        return StepOutputs(
            tuple(done.decoded),
            done.sampled,
            done.scores,
            done.decode_s,
            done.prefill_s,
            fault,
            tuple(done.not_finite),
        )

    # Pool changes

    def _change(self, change: PoolChange) -> None:
        match change:
            case OpenRow(number, capacity, sampling):
                kv = self.pool.open(capacity)
                self.rows[number] = LiveRow(kv, sampling, self._vocab_size)
            case GrowRow(number, capacity):
                self.pool.move(self.rows[number].kv, capacity)
            case TrimRow(number, num_tokens):
                self.rows[number].trim(num_tokens)
                self._dropped.add(number)
            case CloseRow(number, spoilt):
                kv = self.rows.pop(number).kv
                if spoilt:
                    kv.wipe()
                kv.release()
                self._dropped.add(number)
                self._batches.clear()
            case FillRow(number, filled):
                self.prefixes.fill(self.rows[number].kv, filled)
            case CacheBlocks(number, copied):
                self.prefixes.copy(self.rows[number].kv, copied)
            case DropBlocks(blocks):
                self.prefixes.drop(blocks)
            case Reset(kept_blocks):
                self._reset(kept_blocks)

    def _reset(self, kept_blocks: tuple[int, ...]) -> None:
        self.pool.clear()
        self.rows.clear()
        self._in_flight.clear()
        self._dropped.clear()
        self._batches.clear()
        self.prefixes.keep(kept_blocks)

    # Decode

    def _decode(self, plan: StepPlan, done: _Progress) -> None:
        """Launch the batches and, while they run, read the tokens that earlier plans launched."""
        start = time.perf_counter()
        self._num_steps += 1
        if self._num_steps % CLEAR_EVERY == 0:
            mx.clear_cache()
        before, self._in_flight = self._in_flight, []
        for ahead in before:
            late = [one for one in plan.draws if one.row in ahead.numbers]
            if late:
                done.rows = tuple(one.row for one in late)
                self._draw_late(late, ahead)
        for batch in plan.decode:
            done.rows = tuple(row.row for row in batch.rows)
            self._in_flight.append(self._launch(self._in_order(batch.rows), before))
        self._read(before, done)
        self._dropped.clear()
        if plan.prefill is not None:
            self._settle(done)
        done.decode_s = time.perf_counter() - start

    def _in_order(self, fed: tuple[DecodeRow, ...]) -> list[DecodeRow]:
        """Order rows by their places: the pool reads neighbours together."""
        return sorted(fed, key=lambda each: self.pool.place(self.rows[each.row].kv))

    def _launch(self, fed: list[DecodeRow], before: list[InFlight]) -> InFlight:
        """Feed the rows of a batch, and start computing their next tokens.

        Those without a draw get a token, too, which nobody reads.
        """
        numbers = tuple(each.row for each in fed)
        rows = [self.rows[number] for number in numbers]
        kv = [row.kv for row in rows]
        _check_positions(kv, [each.position for each in fed])
        draws = [each.draw or UNDRAWN for each in fed]
        fed_ids = [each.tokens for each in fed]
        sampling, uniform, counts = self._sampling(numbers, draws, fed_ids)
        tokens, logits, counts = self._decoder.step(
            tokens_to_feed(numbers, fed, before), kv, sampling, uniform, counts
        )
        mx.async_eval(tokens.arrays())  # type: ignore[no-untyped-call]  # mlx 0.32 has no stub
        if counts is not None:
            for index, row in enumerate(rows):
                row.counts = counts[index : index + 1]
        return InFlight(numbers, tokens, logits, [each.draw is not None for each in fed])

    def _draw_late(self, late: list[LateDraw], ahead: InFlight) -> None:
        """Choose the tokens of rows that were fed before, beside the forward pass under way."""
        numbers = tuple(one.row for one in late)
        sampling, uniform, counts = self._sampling(numbers, [one.draw for one in late])
        tokens = sampling.choose(ahead.logits_of(numbers), uniform, counts)
        mx.async_eval(tokens.arrays())  # type: ignore[no-untyped-call]  # mlx 0.32 has no stub
        ahead.drawn(numbers, tokens)

    def _sampling(
        self,
        numbers: tuple[int, ...],
        draws: Sequence[Draw],
        fed: Sequence[tuple[int, ...] | None] | None = None,
    ) -> tuple[SamplingBatch, mx.array, mx.array | None]:
        """Return how these rows' tokens are chosen: with their random numbers, and with the counts
        before the tokens that are `fed`.
        """
        rows = [self.rows[number] for number in numbers]
        sampling = self._batches.batch(numbers, rows, draws)
        uniform = mx.array([[draw.uniform] for draw in draws])
        if sampling.penalties is None:
            return sampling, uniform, None
        each = zip(rows, draws, fed or [None] * len(rows), strict=True)
        counts = mx.concatenate([row.counted(draw, tokens) for row, draw, tokens in each])
        return sampling, uniform, counts

    def _read(self, launched: list[InFlight], done: _Progress) -> None:
        """Wait for launched tokens, unless all of them are discarded."""
        dropped = self._dropped | {NOBODY}
        for ahead in launched:
            for numbers, tokens in ahead.chosen:
                if dropped.issuperset(numbers):
                    continue
                done.rows = ahead.numbers
                for number, token in zip(numbers, read_tokens(tokens), strict=True):
                    if number in dropped:
                        continue
                    if token is None:
                        done.not_finite.append(number)
                    else:
                        done.decoded.append((number, (token,)))

    def _settle(self, done: _Progress) -> None:
        """Wait for work in flight, so that it does not count as prefill time."""
        done.rows = tuple(number for ahead in self._in_flight for number in ahead.numbers)
        mx.eval([ahead.token for ahead in self._in_flight])

    # Prefill

    def _prefill(self, chunk: PrefillChunk, done: _Progress) -> None:
        start = time.perf_counter()
        done.rows = (chunk.row,)
        row = self.rows[chunk.row]
        _check_positions([row.kv], [chunk.position])
        try:
            if chunk.scored:
                top = row.params.top_logprobs
                pieces = self._decoder.score(chunk.tokens, row.kv, chunk.scored, top)
                done.scores = self._chosen(chunk, pieces, done)
            elif chunk.draw is None:
                self._decoder.extend(chunk.tokens, row.kv)
            else:
                done.sampled = self._chosen(chunk, [self._sample(chunk, row)], done)
        finally:
            done.prefill_s = time.perf_counter() - start

    def _chosen(
        self, chunk: PrefillChunk, pieces: Iterable[SampledTokens], done: _Progress
    ) -> tuple[Token, ...]:
        """Read the tokens of a chunk's row, one piece after another, up to one without any."""
        tokens: list[Token] = []
        for piece in pieces:
            for token in read_tokens(piece):
                if token is None:
                    done.not_finite.append(chunk.row)
                    return ()
                tokens.append(token)
        return tuple(tokens)

    def _sample(self, chunk: PrefillChunk, row: LiveRow) -> SampledTokens:
        """Choose the token after a prompt."""
        draw = chunk.draw
        assert draw is not None
        logits = self._decoder.logits(chunk.tokens, row.kv)
        sampling, uniform, counts = self._sampling((chunk.row,), [draw])
        tokens = sampling.choose(logits, uniform, counts)
        mx.eval(tokens.arrays())
        return tokens


def _check_positions(rows: list[KVRow], positions: list[int]) -> None:
    """Raise KVRoomError if a row does not hold the tokens that the plan assumes."""
    if (offsets := [row.offset for row in rows]) != positions:
        raise KVRoomError(f"A plan feeds positions {positions} of rows that hold {offsets} tokens.")


def read_tokens(tokens: SampledTokens) -> list[Token | None]:
    """Wait for the device, and return one token per row; None if its logits are not finite."""
    totals = cast("list[list[float]]", tokens.total.tolist())
    each = zip(_values(tokens), totals, strict=True)
    return [token if math.isfinite(total) else None for token, (total,) in each]


def _values(tokens: SampledTokens) -> list[Token]:
    ids = cast("list[int]", tokens.token.tolist())
    if tokens.logprob is None:
        return [Token(token_id) for token_id in ids]
    logprobs = cast("list[float]", tokens.logprob.tolist())
    tops: list[tuple[tuple[int, float], ...]] = [()] * len(ids)
    if tokens.top_ids is not None and tokens.top_logprobs is not None:
        top_ids = cast("list[list[int]]", tokens.top_ids.tolist())
        values = cast("list[list[float]]", tokens.top_logprobs.tolist())
        tops = [tuple(zip(*row, strict=True)) for row in zip(top_ids, values, strict=True)]
    return [Token(*row) for row in zip(ids, logprobs, tops, strict=True)]
