"""Continuous batching for one model: requests join and leave the running batch at any step."""

from __future__ import annotations

import logging
import time

import mlx.core as mx

from ..errors import MemoryBudgetError
from ..generate import Choice, Decoder
from ..model import KVPool, KVRow
from ..quoting import size_text
from .memory import MemoryBudget
from .pace import Pace
from .prefix_cache import BLOCK, PrefixCache, common_length
from .sampling import Sampling
from .sequence import (
    Ahead,
    Ended,
    Prefilled,
    Sequence,
    StopReason,
    Token,
    read_tokens,
)

MAX_RUNNING = 16
# A second of waiting weighs as much as this share of a second of prefill work still to do.
PATIENCE = 0.5
# So many tokens in common with a prompt that is being computed are worth waiting for.
SHARED = 32

_log = logging.getLogger(__name__)


class Scheduler:
    """Waiting sequences have tokens to prefill; running ones decode one token per step, together.

    `step` does a piece of each. All methods belong to the thread that loaded the model.
    """

    def __init__(
        self, decoder: Decoder, budget: MemoryBudget, *, max_running: int = MAX_RUNNING
    ) -> None:
        self.waiting: list[Sequence] = []
        self.running: list[Sequence] = []
        self.pool = KVPool(decoder.model)
        self.prefixes = PrefixCache(self.pool.bytes_per_token, budget)
        self._decoder = decoder
        self._budget = budget
        self._max_running = max_running
        self._sampling = Sampling(decoder)
        self._pace = Pace(decoder.max_chunk)
        self._arrived: dict[Sequence, float] = {}
        self._live_bytes = 0

    @property
    def sequences(self) -> list[Sequence]:
        """All that have not ended, in the order in which they came."""
        return list(self._arrived)

    @property
    def is_idle(self) -> bool:
        return not self.waiting and not self.running

    def submit(self, sequence: Sequence) -> None:
        """Queue it. Raises MemoryBudgetError if it could not even run alone."""
        self.check_fits(len(sequence.ids))
        self._arrived[sequence] = time.perf_counter()
        self.waiting.append(sequence)

    def bytes_needed(self, num_tokens: int) -> int:
        """What a prompt of so many tokens takes if it runs alone."""
        return self.pool.bytes_alone(num_tokens + 1)

    def check_fits(self, num_tokens: int) -> None:
        """Raises MemoryBudgetError for a prompt that no waiting would make room for."""
        needed = self.bytes_needed(num_tokens)
        largest = self._budget.largest_request
        if needed > largest:
            raise MemoryBudgetError(
                f"The prompt's {num_tokens:,} tokens need {size_text(needed)} of memory "
                f"and {size_text(largest)} are left beside the model: shorten it, load the model "
                "with quantized keys and values (kv_bits), or take a smaller model."
            )

    def cancel(self, sequence: Sequence) -> None:
        """Stop working on it now; what was computed is kept for others. No output is sent."""
        if sequence in self._arrived:
            self._leave(sequence)

    def step(self) -> None:
        """One token for each running sequence, and a piece of a waiting one's prompt."""
        self._decode()
        sequence = self._next_waiting()
        if sequence is None:
            if not self.running:
                self._refuse_hopeless()
            return
        streaming = bool(self.running)
        if self._pace.may_prefill(sequence.num_unfed, streaming=streaming):
            self._prefill(sequence, streaming=streaming)

    def fail_all(self, error: Exception) -> None:
        """End every sequence with `error`; what the pool's arrays hold is not known."""
        self.pool.clear()
        for sequence in self.sequences:
            sequence.row = None
            self._fail(sequence, error)

    # Prefill

    def _next_waiting(self) -> Sequence | None:
        """The one with the least work left, waiting counted in its favour."""
        ready = [s for s in self.waiting if s.row is not None or self._may_start(s)]
        return min(ready, key=self._rank, default=None)

    def _refuse_hopeless(self) -> None:
        """End what no waiting would make room for.

        A prompt was let in before another model took the memory, or an answer that gave its row up
        has become longer than the memory.
        """
        for sequence in list(self.waiting):
            try:
                self.check_fits(len(sequence.ids))
            except MemoryBudgetError as error:
                if sequence.num_generated:
                    self._end(sequence, "length")
                else:
                    self._fail(sequence, error)

    def _rank(self, sequence: Sequence) -> float:
        waited = time.perf_counter() - self._arrived[sequence]
        return sequence.num_unfed - waited * PATIENCE * (self._pace.tokens_per_second or 0.0)

    def _may_start(self, sequence: Sequence) -> bool:
        """There is a place and memory for it, and nobody is computing the same beginning."""
        started = [s for s in self.waiting if s.row is not None]
        if len(self.running) + len(started) >= self._max_running:
            return False
        if any(_in_common(s, sequence) - s.num_fed >= SHARED for s in started):
            return False
        return self._budget.make_room(self.pool.bytes_for(len(sequence.ids) + 1))

    def _prefill(self, sequence: Sequence, *, streaming: bool) -> None:
        start = time.perf_counter()
        before = sequence.num_fed
        try:
            self._prefill_chunk(sequence, streaming=streaming)
        except Exception as error:
            self._recover([sequence], error)
        done = sequence.num_fed - before
        self._pace.prefilled(done, time.perf_counter() - start, streaming=streaming)

    def _prefill_chunk(self, sequence: Sequence, *, streaming: bool) -> None:
        row = sequence.row or self._start(sequence)
        # Forced tokens come after the row was made for a shorter text.
        if not self._with_room([sequence], sequence.num_unfed):
            return
        size = self._pace.chunk(streaming=streaming)
        if sequence.num_scored < sequence.num_prompt:
            self._score(sequence, row, size)
            return
        ids = sequence.ids[row.offset : row.offset + size]
        if row.offset + len(ids) < len(sequence.ids) or sequence.max_tokens < 1:
            self._decoder.extend(ids, row)
            self._report(sequence, row)
            if not sequence.num_unfed:
                self._end(sequence, "length")  # only the prompt was to be computed, for later ones
            return
        choice = self._sampling.first(sequence, self._decoder.logits(ids, row))
        self._report(sequence, row)
        self.waiting.remove(sequence)
        self.running.append(sequence)
        self._accept(sequence, read_tokens(choice)[0])

    def _start(self, sequence: Sequence) -> KVRow:
        row = sequence.row = self.pool.allocate(len(sequence.ids) + 1)
        self._count_live()
        if not sequence.num_scored:
            sequence.score([Token(sequence.ids[0])])
        self.prefixes.fill(row, sequence.reusable, sequence.salt)
        if not sequence.num_generated:
            sequence.num_cached = row.offset
        return row

    def _score(self, sequence: Sequence, row: KVRow, size: int) -> None:
        """A piece of a prompt whose own logprobs are asked for; its last token is left to feed."""
        start, end = row.offset, min(row.offset + size, sequence.num_prompt - 1)
        lost = sequence.num_scored - 1 - start
        if lost > 0:  # it starts over: these were told before
            self._decoder.extend(sequence.ids[start : min(end, start + lost)], row)
        else:
            ids, following = sequence.ids[start:end], sequence.ids[start + 1 : end + 1]
            top = sequence.params.top_logprobs
            for choice in self._decoder.score(ids, row, following, top):
                sequence.score(read_tokens(choice))
        self._report(sequence, row)

    def _report(self, sequence: Sequence, row: KVRow) -> None:
        """Tell how far the prompt is, and let others have what is computed of it."""
        if not sequence.num_generated:
            sequence.sink(Prefilled(row.offset, sequence.num_prompt, sequence.num_cached))
            least = row.offset // BLOCK * BLOCK + SHARED
            others = [s for s in self.waiting if s.row is None]
            awaited = any(_in_common(s, sequence) >= least for s in others)
            self.prefixes.put(sequence.ids, row, sequence.salt, whole=not awaited)

    # Decode

    def _decode(self) -> None:
        start = time.perf_counter()
        for group in self._groups():
            try:
                self._decode_group(group)
            except Exception as error:
                self._recover(group, error)
        if self.running:
            if self.waiting:
                self._settle()
            self._pace.decoded(time.perf_counter() - start)

    def _settle(self) -> None:
        """Wait for what is under way: it is not to be counted as a prompt's time."""
        try:
            mx.eval([s.ahead.choice.token for s in self.running if s.ahead])
        except Exception as error:
            self._recover(list(self.running), error)

    def _groups(self) -> list[list[Sequence]]:
        """The batch; and each sequence by itself that is under suspicion."""
        together = [s for s in self.running if not s.alone]
        return [*([together] if together else []), *([s] for s in self.running if s.alone)]

    def _decode_group(self, group: list[Sequence]) -> None:
        """Read one token of each, and launch the computation of the next.

        The next step is under way while tokens are read and sent, unless a grammar must see a token
        to say what may follow.
        """
        lookahead = all(s.steady for s in group)
        under_way = [(s, s.ahead) for s in group if s.ahead is not None]
        if not lookahead:
            for sequence in group:
                sequence.ahead = None
            self._collect(under_way)
        self._launch([s for s in group if s in self.running and s.next_index < s.max_tokens])
        if lookahead:
            self._collect(under_way)

    def _launch(self, group: list[Sequence]) -> None:
        group = self._with_room(group, 1)
        if not group:
            return
        choice, counts = self._sampling.step(group)
        for index, sequence in enumerate(group):
            sequence.ahead = Ahead(choice, index)
            sequence.counts = None if counts is None else counts[index : index + 1]

    def _with_room(self, group: list[Sequence], num_tokens: int) -> list[Sequence]:
        """Those whose rows can take so many more; others make way where memory is short."""
        for sequence in group:
            while sequence.row is not None and not self._has_room(sequence.row, num_tokens):
                self._preempt()
        return [s for s in group if s.row is not None]

    def _has_room(self, row: KVRow, num_tokens: int) -> bool:
        needed = row.offset + num_tokens
        if needed <= row.capacity:
            return True
        if not self._budget.make_room(self.pool.bytes_for(needed)):
            return False
        row.grow(num_tokens)
        self._count_live()
        return True

    def _preempt(self) -> None:
        """The one that came last gives its memory up and starts over later from its tokens.

        Where it is the only one, memory is what its answer's length ends at.
        """
        started = [s for s in self._arrived if s.row is not None]
        last = max(started, key=lambda s: self._arrived[s])
        if len(started) == 1:
            self._end(last, "length")
        else:
            self._start_over(last)

    def _start_over(self, sequence: Sequence) -> None:
        sequence.forget()
        self._count_live()
        if sequence in self.running:
            self.running.remove(sequence)
            self.waiting.append(sequence)

    def _collect(self, under_way: list[tuple[Sequence, Ahead]]) -> None:
        """Wait for the tokens and hand them out."""
        tokens: dict[Choice, list[Token]] = {}
        for sequence, ahead in under_way:
            if self._is_running(sequence):
                if ahead.choice not in tokens:
                    tokens[ahead.choice] = read_tokens(ahead.choice)
                sequence.announce(tokens[ahead.choice][ahead.index])
        for sequence, ahead in under_way:
            if self._is_running(sequence):
                sequence.alone = False
                self._accept(sequence, tokens[ahead.choice][ahead.index])

    def _is_running(self, sequence: Sequence) -> bool:
        return not sequence.ended and sequence in self.running

    def _accept(self, sequence: Sequence, token: Token) -> None:
        try:
            forced = sequence.accept(token)
            if forced is None:
                return
            reason = self._reason_to_end(sequence)
            for token_id in forced:
                if reason is None:
                    sequence.accept(Token(token_id))
                    reason = self._reason_to_end(sequence)
        except Exception as error:
            self._fail(sequence, error)
            return
        if reason is not None:
            self._end(sequence, reason)
        elif forced:
            sequence.rewind()
            self.running.remove(sequence)
            self.waiting.append(sequence)
        elif not sequence.steady and sequence.ahead is not None:
            sequence.rewind()  # it was computed with another mask

    def _reason_to_end(self, sequence: Sequence) -> StopReason | None:
        if sequence.ids[-1] in sequence.stop_ids:
            return "stop"
        return "length" if sequence.num_generated >= sequence.max_tokens else None

    # Both

    def _recover(self, group: list[Sequence], error: Exception) -> None:
        """A fault of a step: of its one sequence, or of an unknown one of several.

        Nobody knows what the shared arrays hold now, so all sequences start over from their tokens;
        the suspects each by itself, so that only the faulty one fails.
        """
        if len(group) > 1:
            _log.warning("A step of %d requests failed (%s); trying each alone.", len(group), error)
        self.pool.clear()
        for sequence in [*self.running, *self.waiting]:
            sequence.row = None
            self._start_over(sequence)
        for sequence in group:
            if len(group) > 1:
                sequence.alone = True
            elif not sequence.ended:
                self._fail(sequence, error)

    def _fail(self, sequence: Sequence, error: Exception) -> None:
        self._leave(sequence, keep=False)
        sequence.fail(error)

    def _end(self, sequence: Sequence, reason: StopReason) -> None:
        self._leave(sequence)
        sequence.hand_out()
        sequence.sink(Ended(reason))

    def _leave(self, sequence: Sequence, *, keep: bool = True) -> None:
        """Give its row back; with `keep`, what was computed goes into the prefix cache."""
        sequence.ended = True
        for queue in (self.waiting, self.running):
            if sequence in queue:
                queue.remove(sequence)
        del self._arrived[sequence]
        self._sampling.forget()
        try:
            if keep and sequence.row is not None:
                self.prefixes.put(sequence.ids, sequence.row, sequence.salt, whole=False)
            sequence.forget()
        except Exception as error:
            _log.exception("The keys and values of a request were lost; the others start over.")
            sequence.row = None
            self._recover([], error)
        self._count_live()

    def _count_live(self) -> None:
        self._budget.live += self.pool.nbytes - self._live_bytes
        self._live_bytes = self.pool.nbytes


def _in_common(one: Sequence, other: Sequence) -> int:
    """How many tokens one could take over from the other."""
    return common_length(one.ids, other.ids) if one.salt == other.salt else 0
