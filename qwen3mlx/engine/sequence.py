"""One request in the engine: token ids and numbers, no text and no arrays."""

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
    """Follows one answer with a grammar."""

    def mask(self) -> bytes | None:
        """Return a bit for each id that is allowed next; None allows all."""

    @property
    def is_unchecked(self) -> bool:
        """Whether the last tokens can still be taken back."""

    def announce(self, token_id: int) -> None:
        """Announce the token that `observe` gets next, so that work on it can start now."""

    def observe(self, token_id: int) -> int:
        """Take a generated token. Return how many tokens are taken back, including this one."""


class Status(Enum):
    """A sequence's state. It holds a row of the KV pool unless it is waiting or has ended."""

    WAITING = "waiting"
    PREFILLING = "prefilling"
    RUNNING = "running"
    # Decodes alone after a fault in its batch, until a step succeeds.
    QUARANTINED = "quarantined"
    ENDED = "ended"


class Sequence:
    """A prompt, its answer so far, and the state of its sampling.

    `ids` are the prompt and the tokens read so far. `row` holds the first `row.offset` of them, and
    plans call it `row_number`. `sink` is called with each output on the engine's thread. `uniforms`
    yields the random number of each position. `stop_ids` end the answer and are part of it;
    `never_ids` are never drawn. Cached prefixes are shared only among sequences with the same
    `salt`.
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
        # The next mask is probably the same one, so a further step can be planned with it.
        self.mask_is_stable = self.mask is None
        self.status = Status.WAITING
        self.arrived = 0.0
        self.row: Row | None = None
        self.row_number = -1
        self.num_in_flight = 0  # chosen by plans, and not accepted yet
        self.awaits_draw = False  # the last one in flight is computed, but its draw is left open
        self.num_cached = 0
        # Prompt tokens whose logprobs are reported, or were not requested.
        self.num_scored = 0 if params.prompt_logprobs else self.num_prompt
        self._held: list[Token] = []  # can still be taken back
        self._is_counted = False  # the runner's counts are current
        self._uniforms = uniforms
        # By position: a token that is chosen again gets the same number.
        self._drawn: list[float] = []

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
        """Index, from 0, of the token that a step planned now would choose."""
        return len(self.ids) - self.num_prompt + self.num_in_flight

    @property
    def has_next(self) -> bool:
        """Whether a step planned now has a token to choose."""
        return len(self.ids) - self.num_prompt + self.num_in_flight < self.max_tokens

    @property
    def is_outdated(self) -> bool:
        """Whether a token in flight was chosen under a mask that is not the current one."""
        return bool(self.num_in_flight) and not (self.mask_is_stable or self.awaits_draw)

    @property
    def reusable(self) -> list[int]:
        """The ids whose keys and values can come from the cache; tokens yet to be scored must be
        computed.
        """
        return self.ids if self.num_scored >= self.num_prompt else self.ids[: self.num_scored]

    def score(self, tokens: SequenceOf[Token]) -> None:
        """Report the next tokens of the prompt."""
        self.num_scored += len(tokens)
        self.sink(ScoreOutput(tuple(tokens)))

    def draw(self) -> Draw:
        """Return how the next token is chosen."""
        return self._draw_of(self.next_index)

    def next_draw(self) -> Draw | None:
        """As `draw`; None if a token in flight decides what may follow, to be drawn late."""
        if self.mask_is_stable or not self.num_in_flight:
            return self.draw()
        self.awaits_draw = True
        return None

    def late_draw(self) -> Draw:
        """Return how the token is chosen whose draw was left open."""
        self.awaits_draw = False
        return self._draw_of(self.next_index - 1)

    def _draw_of(self, index: int) -> Draw:
        generated = None
        if self._has_penalties and not self._is_counted:
            generated = tuple(self.ids[self.num_prompt :])
            self._is_counted = True
        # A mask decides by itself where the answer can end.
        is_early = self.mask is None and index < self.params.min_tokens
        drawn = self._drawn
        while len(drawn) <= index:
            drawn.append(next(self._uniforms))
        return Draw(drawn[index], is_early, self.mask, generated)

    def announce(self, token: Token) -> None:
        """Announce the next token to accept, so that the batch's grammars work in parallel."""
        if self.constraint is not None:
            self.constraint.announce(token.id)

    def accept(self, token: Token) -> list[int] | None:
        """Take a generated token; return the ids that must follow it (see the meter).

        Returns None if it, and perhaps some before it, are taken back and must be chosen again.
        Tokens reach the sink once they can no longer be taken back.
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
        """Report the tokens held back."""
        held, self._held = self._held, []
        for token in held:
            self.sink(token.reported(self.params))

    def fail(self, error: Exception) -> None:
        """End with `error`. An exception that the sink raises is logged."""
        self.status = Status.ENDED
        try:
            self.sink(ErrorOutput(error))
        except Exception:
            _log.exception("Could not deliver a request's error: %s", error)

    def drop_in_flight(self) -> None:
        """Discard everything chosen or counted beyond `ids`."""
        self.num_in_flight = 0
        self.awaits_draw = False
        self._is_counted = False
