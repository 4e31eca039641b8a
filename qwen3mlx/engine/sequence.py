"""One request on its way through the engine: token ids and numbers, no text and no arrays."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator
from collections.abc import Sequence as SequenceOf
from enum import Enum
from typing import Protocol

from ..config import SamplingParams
from ..generate.thinking import ThinkingMeter
from ..model.kv_layout import Row
from .outputs import ErrorOutput, Output, ScoreOutput, Token
from .plan import Draw, RowSampling

_log = logging.getLogger(__name__)


class Constraint(Protocol):
    """A grammar's view of one answer."""

    def mask(self) -> bytes | None:
        """A bit for each id that may come next; None: all may."""

    @property
    def is_unchecked(self) -> bool:
        """The last tokens may be taken back."""

    def announce(self, token_id: int) -> None:
        """The next token to observe: what may follow it can be found out meanwhile."""

    def observe(self, token_id: int) -> int:
        """A token was generated; returns how many are taken back, this one among them."""


class Status(Enum):
    """Where a sequence is. It has a row of the KV pool unless it is waiting or ended."""

    WAITING = "waiting"
    PREFILLING = "prefilling"
    RUNNING = "running"
    # Decodes by itself after a fault in its batch, until it has shown that it can.
    QUARANTINED = "quarantined"
    ENDED = "ended"


class Sequence:
    """A prompt, what has been generated, and the state of its sampling.

    `ids` are the prompt and the tokens that have been read; `row` is the place of the first
    `row.offset` of them, `row_number` its number in plans. `sink` is called with each output, on
    the engine's thread. `uniforms` gives the random number of each place of the answer. `stop_ids`
    end the answer and are part of it; `never_ids` are not drawn. Nothing computed is shared with
    sequences that have another `salt`.
    """

    def __init__(
        self,
        prompt_ids: SequenceOf[int],
        params: SamplingParams,
        *,
        max_tokens: int,
        stop_ids: Collection[int],
        meter: ThinkingMeter,
        sink: Callable[[Output], None],
        uniforms: Iterator[float],
        constraint: Constraint | None = None,
        never_ids: Collection[int] = (),
        salt: str = "",
    ) -> None:
        self.prompt_ids = prompt_ids
        self.salt = salt
        self.num_prompt = len(prompt_ids)
        self.ids = list(prompt_ids)
        self.params = params
        self.sampling = RowSampling.of(params, prompt_ids, never_ids, stop_ids)
        self._has_penalties = self.sampling.has_penalties
        self.max_tokens = max_tokens
        self.stop_ids = frozenset(stop_ids)
        self.meter = meter
        self.sink = sink
        self.constraint = constraint
        self.mask = constraint.mask() if constraint else None
        # The next mask is likely to be this one: the step after the next can be planned with it.
        self.mask_is_stable = self.mask is None
        self.status = Status.WAITING
        self.arrived = 0.0
        self.row: Row | None = None
        self.row_number = -1
        self.num_in_flight = 0  # tokens that a plan chooses and that have not been accepted
        self.num_cached = 0
        # Tokens of the prompt whose logprobs were told, or nobody wants to know.
        self.num_scored = 0 if params.prompt_logprobs else self.num_prompt
        self._held: list[Token] = []  # that may be taken back
        self._is_counted = False  # the runner goes on counting what is generated
        self._uniforms = uniforms
        self._drawn: list[float] = []  # of each place: the same one where a token is chosen again

    @property
    def num_generated(self) -> int:
        return len(self.ids) - self.num_prompt

    @property
    def num_computed(self) -> int:
        return self.row.offset if self.row else 0

    @property
    def num_remaining(self) -> int:
        return len(self.ids) - self.num_computed

    @property
    def is_decoding(self) -> bool:
        return self.status is Status.RUNNING or self.status is Status.QUARANTINED

    @property
    def next_index(self) -> int:
        """Place, from 0, of the token that a step planned now would choose."""
        return len(self.ids) - self.num_prompt + self.num_in_flight

    @property
    def has_next(self) -> bool:
        """A step planned now has a token to choose."""
        return len(self.ids) - self.num_prompt + self.num_in_flight < self.max_tokens

    @property
    def reusable(self) -> list[int]:
        """The ids whose keys and values may come from a cache: a token is scored by its forward."""
        return self.ids if self.num_scored >= self.num_prompt else self.ids[: self.num_scored]

    def score(self, tokens: SequenceOf[Token]) -> None:
        """Tell of the next tokens of the prompt."""
        self.num_scored += len(tokens)
        self.sink(ScoreOutput(tuple(tokens)))

    def draw(self) -> Draw:
        """How the next token is chosen."""
        index = self.next_index
        generated = None
        if self._has_penalties and not self._is_counted:
            generated = tuple(self.ids[self.num_prompt :])
            self._is_counted = True
        # A mask says itself where the answer may end.
        is_early = self.mask is None and index < self.params.min_tokens
        drawn = self._drawn
        while len(drawn) <= index:
            drawn.append(next(self._uniforms))
        return Draw(drawn[index], is_early, self.mask, generated)

    def announce(self, token: Token) -> None:
        """The next one to accept: the grammars of a batch work side by side."""
        if self.constraint is not None:
            self.constraint.announce(token.id)

    def accept(self, token: Token) -> list[int] | None:
        """Take a token that was generated; returns the ids that must follow it (see the meter).

        None: it, and perhaps some before it, are taken back, and others must be chosen. Tokens are
        handed out when that can no longer come to them.
        """
        self.ids.append(token.id)
        self._held.append(token)
        forced = list(self.meter.observe(token.id))
        taken_back = 0
        if self.constraint is not None:
            taken_back = self.constraint.observe(token.id)
            before, self.mask = self.mask, self.constraint.mask()
            self.mask_is_stable = self.mask is before
        if taken_back:
            del self.ids[-taken_back:], self._held[-taken_back:]
            return None
        if self.constraint is None or not self.constraint.is_unchecked:
            self.hand_out()
        return forced

    def hand_out(self) -> None:
        """Tell of the tokens that were held back."""
        held, self._held = self._held, []
        for token in held:
            self.sink(token.reported(self.params))

    def fail(self, error: Exception) -> None:
        """Say that nothing more comes, and why; nothing is raised where nobody listens."""
        self.status = Status.ENDED
        try:
            self.sink(ErrorOutput(error))
        except Exception:
            _log.exception("Could not deliver a request's error: %s", error)

    def drop_in_flight(self) -> None:
        """Nothing that was chosen or counted beyond `ids` is of use."""
        self.num_in_flight = 0
        self._is_counted = False
