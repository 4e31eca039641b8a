"""Decides what each request does in the next step: continuous batching.

The schedule reads no clock, draws no random number and touches no array. Its decisions follow from
its inputs: requests, the time, and the outputs of its own plans.
"""

from __future__ import annotations

import logging

from ..errors import MemoryBudgetError, UnavailableError
from ..model.kv_layout import Row
from ..quoting import size_text
from .memory import MemoryBudget
from .outputs import EndOutput, PrefillOutput, StopReason, Token, not_finite_error
from .pieces import decode_batch, late_draws, prefill_chunk
from .plan import Fault, PrefillChunk, StepOutputs, StepPlan
from .pool_mirror import PoolMirror
from .prefix_index import BLOCK, common_length
from .sequence import Sequence, Status
from .throttle import Pace, PrefillThrottle

MAX_RUNNING = 16
# One second of waiting offsets this share of a second of remaining prefill work.
WAIT_WEIGHT = 0.5
# A shared prefix of this many tokens is worth waiting for while another prompt computes it.
MIN_SHARED_PREFIX = 32

_log = logging.getLogger(__name__)


class Schedule:
    """Prefills waiting sequences, and decodes one token per step for all running ones.

    `sequences` are all that have not ended, in order of arrival; `running` are those that decode,
    in the order of their rows.
    """

    def __init__(
        self,
        *,
        bytes_per_token: int,
        num_layers: int,
        pace: Pace,
        budget: MemoryBudget,
        max_running: int = MAX_RUNNING,
    ) -> None:
        self.sequences: list[Sequence] = []
        self.running: list[Sequence] = []
        self.pool = PoolMirror(bytes_per_token, num_layers, budget)
        self._budget = budget
        self._max_running = max_running
        self._throttle = PrefillThrottle(pace)
        self._suspects: set[Sequence] = set()  # quarantined sequences, each decoded alone
        # The oldest prompt's wait, and the time of other models' answers in this step.
        self._waited_s = self._elsewhere_s = 0.0
        self._plan = StepPlan()  # whose outputs have not been applied yet

    @property
    def waiting(self) -> list[Sequence]:
        return [s for s in self.sequences if not s.is_decoding]

    @property
    def is_idle(self) -> bool:
        return not self.sequences

    # Requests

    def submit(self, sequence: Sequence, now: float) -> None:
        """Queue the sequence. Raises MemoryBudgetError if it could not run even alone."""
        self.check_fits(len(sequence.ids))
        sequence.arrived = now
        self.sequences.append(sequence)

    def bytes_needed(self, num_tokens: int) -> int:
        """Return the bytes that a prompt of this many tokens takes if it runs alone."""
        return self.pool.layout.bytes_alone(num_tokens + 1)

    def check_fits(self, num_tokens: int) -> None:
        """Raise MemoryBudgetError for a prompt that cannot fit, however long it waits."""
        needed = self.bytes_needed(num_tokens)
        largest = self._budget.largest_request
        if needed > largest:
            raise MemoryBudgetError(
                f"The prompt's {num_tokens:,} tokens need {size_text(needed)} of memory "
                f"and {size_text(largest)} are left beside the model: shorten it, load the model "
                "with quantized keys and values (kv_bits), or use a smaller model."
            )

    def cancel(self, sequence: Sequence) -> None:
        """Stop the sequence without an output, and cache its computed tokens."""
        if sequence in self.sequences:
            self._leave(sequence)

    def fail_all(self, error: Exception) -> None:
        """Fail every sequence with `error`; the content of the pool's arrays is unknown."""
        self._reset()
        for sequence in list(self.sequences):
            self._fail(sequence, error)

    # The next step

    @property
    def _is_streaming(self) -> bool:
        """Whether answers stream that a prompt must not delay, of this model or of another."""
        return bool(self.running) or self._elsewhere_s > 0

    def plan(self, now: float, elsewhere_s: float = 0.0) -> StepPlan:
        """Plan one token for each running sequence, and a chunk of a waiting sequence's prompt.

        `elsewhere_s` is the time that answers of other models took since the last plan.
        """
        self._elsewhere_s = elsewhere_s
        groups = self._groups()
        for group in groups:
            self._make_room(group, 1)
        prefill = self._plan_prefill(now)
        changes = self.pool.take_changes()
        if changes:  # rows were closed or moved, and a batch follows the pool's order
            self.running.sort(key=_place)
            groups = [sorted((s for s in g if s.is_decoding), key=_place) for g in groups]
        draws = late_draws(self.running)
        decode = tuple(decode_batch(group) for group in groups if group)
        self._plan = StepPlan(changes, draws, decode, prefill)
        return self._plan

    def plan_changes(self) -> StepPlan | None:
        """Return pending changes as a plan without a step; None if there are none."""
        changes = self.pool.take_changes()
        if not changes:
            return None
        self._elsewhere_s = 0.0
        self._plan = StepPlan(changes, collects=False)
        return self._plan

    def apply(self, outputs: StepOutputs) -> None:
        """Apply the outputs of the last plan."""
        for row in outputs.not_finite:
            if (spoilt := self.pool.sequences.get(row)) is not None:
                self._fail(spoilt, not_finite_error(), spoilt=True)
        self._accept_all(outputs)
        streaming = self._is_streaming
        if streaming:
            self._throttle.decoded(outputs.decode_s + self._elsewhere_s, self._waited_s)
        if (chunk := self._plan.prefill) is not None:
            num_tokens = 0 if outputs.fault else len(chunk.tokens)
            self._throttle.prefilled(num_tokens, outputs.prefill_s, streaming=streaming)
            sequence = self.pool.sequences.get(chunk.row)
            if sequence is not None and outputs.fault is None:
                self._apply_prefill(sequence, outputs)
        if outputs.fault is not None:
            self._recover(outputs.fault)

    # Prefill

    def _plan_prefill(self, now: float) -> PrefillChunk | None:
        waiting, streaming = self.waiting, self._is_streaming
        self._waited_s = now - waiting[0].arrived if waiting else 0.0
        if not waiting:
            return None
        sequence = self._next_waiting(waiting, now)
        if sequence is None:
            if not self.running:
                self._refuse_hopeless(waiting)
            return None
        if not self._throttle.may_prefill(sequence.num_remaining, streaming=streaming):
            return None
        row = sequence.row or self._start(sequence)
        # Forced tokens can exceed the room that the row was opened with.
        self._make_room([sequence], sequence.num_remaining)
        if sequence.row is None:
            return None
        size = self._throttle.chunk(streaming=streaming, others_wait=len(waiting) > 1)
        return prefill_chunk(sequence, row, size)

    def _next_waiting(self, waiting: list[Sequence], now: float) -> Sequence | None:
        """Return the sequence with the least work left, minus a credit for its waiting time."""
        tokens_per_second = self._throttle.tokens_per_second or 0.0

        def rank(sequence: Sequence) -> float:
            waited = now - sequence.arrived
            return sequence.num_remaining - waited * WAIT_WEIGHT * tokens_per_second

        ready = [s for s in waiting if s.row is not None or self._may_start(s)]
        return min(ready, key=rank, default=None)

    def _may_start(self, sequence: Sequence) -> bool:
        """Return whether a row and memory are free, and no other sequence is computing the same
        prefix.
        """
        started = self.pool.sequences.values()
        if len(started) >= self._max_running:
            return False
        for other in started:
            shared = _in_common(other, sequence) if other.status is Status.PREFILLING else 0
            if shared - other.num_computed >= MIN_SHARED_PREFIX:
                return False
        return self.pool.may_open(len(sequence.ids))

    def _refuse_hopeless(self, waiting: list[Sequence]) -> None:
        """Fail sequences that cannot fit, however long they wait.

        That happens if another model took memory after a prompt was accepted, or if a preempted
        answer has outgrown the memory.
        """
        for sequence in waiting:
            try:
                self.check_fits(len(sequence.ids))
            except MemoryBudgetError as error:
                if sequence.num_generated:
                    self._end(sequence, "length")
                else:
                    self._fail(sequence, error)

    def _start(self, sequence: Sequence) -> Row:
        row = self.pool.open(sequence)
        self._set_status(sequence, Status.PREFILLING)
        if not sequence.num_generated:
            sequence.num_cached = row.offset
        try:
            if not sequence.num_scored:  # nothing precedes the first token
                sequence.score([Token(sequence.ids[0])])
        except Exception as error:
            self._fail(sequence, error)
        return row

    def _apply_prefill(self, sequence: Sequence, outputs: StepOutputs) -> None:
        try:
            if outputs.scores:
                sequence.score(outputs.scores)
            if not sequence.num_generated:
                self._report(sequence)
        except Exception as error:
            self._fail(sequence, error)
            return
        if outputs.sampled:
            is_suspect = sequence in self._suspects
            self._set_status(sequence, Status.QUARANTINED if is_suspect else Status.RUNNING)
        elif not sequence.num_remaining:
            self._end(sequence, "length")  # the request only fills the prefix cache
        for token in outputs.sampled:
            self._accept(sequence, token)

    def _report(self, sequence: Sequence) -> None:
        """Report the prompt's progress, and cache what has been computed of it."""
        done = sequence.num_computed
        sequence.sink(PrefillOutput(done, sequence.num_prompt, sequence.num_cached))
        least = done // BLOCK * BLOCK + MIN_SHARED_PREFIX
        others = (s for s in self.sequences if s.status is Status.WAITING)
        awaited = any(_in_common(s, sequence) >= least for s in others)
        self.pool.cache(sequence, whole=not awaited)

    # Decode

    def _groups(self) -> list[list[Sequence]]:
        """Return the batch, and each quarantined sequence alone, if they have tokens to come."""
        ready = [s for s in self.running if s.has_next]
        together = [s for s in ready if s.status is Status.RUNNING]
        return [together, *([s] for s in ready if s.status is Status.QUARANTINED)]

    def _accept_all(self, outputs: StepOutputs) -> None:
        """Deliver the chosen tokens."""
        chosen = [
            (sequence, tokens)
            for row, tokens in outputs.decoded
            if (sequence := self.pool.sequences.get(row)) is not None
        ]
        for sequence, tokens in chosen:
            sequence.announce(tokens[0])
        chosen.sort(key=lambda one: one[0].constraint is not None)  # grammars have time meanwhile
        for sequence, tokens in chosen:
            if sequence.status is Status.QUARANTINED:
                self._suspects.discard(sequence)
                self._set_status(sequence, Status.RUNNING)
            for token in tokens:
                if sequence.num_in_flight and sequence.is_decoding:
                    sequence.num_in_flight -= 1
                    self._accept(sequence, token)

    def _accept(self, sequence: Sequence, token: Token) -> None:
        try:
            forced = sequence.accept(token)
            reason = _reason_to_end(sequence) if forced is not None else None
            for token_id in forced or ():
                if reason is None:
                    sequence.accept(Token(token_id))
                    reason = _reason_to_end(sequence)
        except Exception as error:
            self._fail(sequence, error)
            return
        if reason is not None:
            self._end(sequence, reason)
        elif forced is None:
            self.pool.rewind(sequence)
        elif forced:
            self.pool.rewind(sequence)
            self._set_status(sequence, Status.PREFILLING)
        elif sequence.is_outdated:
            self.pool.rewind(sequence)

    # Memory

    def _make_room(self, group: list[Sequence], num_tokens: int) -> None:
        """Make room for this many more tokens in each row, preempting sequences if necessary."""
        for sequence in group:
            while sequence.row is not None and not self.pool.make_room(sequence, num_tokens):
                self._preempt()

    def _preempt(self) -> None:
        """Preempt the most recent sequence, which starts over later from its tokens.

        If it is the only one, its answer ends with the finish reason `length`.
        """
        started = [s for s in self.sequences if s.row is not None]
        if len(started) == 1:
            self._end(started[-1], "length")
        else:
            self._start_over(started[-1])

    def _start_over(self, sequence: Sequence) -> None:
        """Drop everything computed for the sequence; its ids are enough to continue."""
        self.pool.close(sequence)
        self._set_status(sequence, Status.WAITING)

    # Ends and faults

    def _end(self, sequence: Sequence, reason: StopReason) -> None:
        self._leave(sequence)
        try:
            sequence.hand_out()
            sequence.sink(EndOutput(reason))
        except Exception as error:
            sequence.fail(error)

    def _fail(self, sequence: Sequence, error: Exception, *, spoilt: bool = False) -> None:
        self._leave(sequence, keep=False, spoilt=spoilt)
        sequence.fail(error)

    def _leave(self, sequence: Sequence, *, keep: bool = True, spoilt: bool = False) -> None:
        """Free its row; with `keep`, cache its computed tokens."""
        self.sequences.remove(sequence)
        self._suspects.discard(sequence)
        if keep and sequence.row is not None:
            self.pool.cache(sequence, whole=False)
        self.pool.close(sequence, spoilt=spoilt)
        self._set_status(sequence, Status.ENDED)

    def _recover(self, fault: Fault) -> None:
        """Handle a fault caused by its one sequence, or by an unknown one of several.

        The content of the shared arrays is unknown, so all sequences start over from their tokens.
        Suspects run alone, so that only the faulty one fails.
        """
        rows, error = self.pool.sequences, fault.error
        if isinstance(error, UnavailableError):  # there is nothing left to try again with
            self.fail_all(error)
            return
        suspects = [rows[number] for number in fault.rows if number in rows]
        self._reset()
        if not suspects:
            _log.error("Keys and values were lost; all requests start over.", exc_info=error)
        elif len(fault.rows) == 1:
            self._fail(suspects[0], error)
        else:
            count = len(fault.rows)
            _log.warning("A step of %d requests failed (%s); trying each alone.", count, error)
            self._suspects.update(suspects)

    def _reset(self) -> None:
        self.pool.reset(self._plan.changes)
        for sequence in self.sequences:
            self._set_status(sequence, Status.WAITING)

    def _set_status(self, sequence: Sequence, status: Status) -> None:
        was_decoding = sequence.is_decoding
        sequence.status = status
        if sequence.is_decoding and not was_decoding:
            self.running.append(sequence)
        elif was_decoding and not sequence.is_decoding:
            self.running.remove(sequence)


def _in_common(one: Sequence, other: Sequence) -> int:
    """Return how many cached tokens one sequence could take over from the other."""
    return common_length(one.ids, other.ids) if one.salt == other.salt else 0


def _place(sequence: Sequence) -> tuple[int, int]:
    """Return where its row is: rows of a stack follow one another."""
    assert sequence.row is not None
    return sequence.row.stack.capacity, sequence.row.slot


def _reason_to_end(sequence: Sequence) -> StopReason | None:
    if sequence.ids[-1] in sequence.stop_ids:
        return "stop"
    return "length" if sequence.num_generated >= sequence.max_tokens else None
