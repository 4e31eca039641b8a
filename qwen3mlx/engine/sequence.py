"""One request on its way through the engine: token ids and numbers, no text."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Collection
from collections.abc import Sequence as SequenceOf
from dataclasses import dataclass
from typing import Literal, Protocol, cast

import mlx.core as mx

from ..config import SamplingParams
from ..generate import Choice, ThinkingMeter, bias_array, mask_bias
from ..model import KVRow

StopReason = Literal["stop", "length"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Prefilled:
    """Prompt tokens that need no more work (cached ones included), of all of them."""

    done: int
    total: int
    cached: int


@dataclass(frozen=True, slots=True)
class Token:
    """A generated token. `top` pairs the most likely ids with their log probabilities."""

    id: int
    logprob: float | None = None
    top: tuple[tuple[int, float], ...] = ()

    def reported(self, params: SamplingParams) -> Token:
        """What the request asked to know: a batch computes what any of its requests did."""
        if not params.logprobs:
            return Token(self.id)
        return Token(self.id, self.logprob, self.top[: params.top_logprobs])


@dataclass(frozen=True, slots=True)
class Scored:
    """The next tokens of the prompt, as if they had been drawn; the first of all has no logprob."""

    tokens: tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """No more tokens will come; `stop` if the last one was a stop token."""

    reason: StopReason


@dataclass(frozen=True, slots=True)
class Failed:
    """No more tokens will come, because of `error`."""

    error: Exception


Output = Prefilled | Scored | Token | Ended | Failed


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


@dataclass(frozen=True, slots=True, eq=False)
class Ahead:
    """A token that is being computed: number `index` of `choice`."""

    choice: Choice
    index: int


class Sequence:
    """A prompt, what has been generated, and the state of its sampling.

    `ids` are the prompt and the tokens that have been read; `row` holds keys and values of the
    first `row.offset` of them. `sink` is called with each output, on the engine's thread.
    `stop_ids` end the answer and are part of it; `never_ids` are not drawn. Nothing computed is
    shared with sequences that have another `salt`.
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
        constraint: Constraint | None = None,
        never_ids: Collection[int] = (),
        salt: str = "",
    ) -> None:
        self.prompt_ids = prompt_ids
        self.salt = salt
        self.num_prompt = len(prompt_ids)
        self.ids = list(prompt_ids)
        self.params = params
        self.max_tokens = max_tokens
        self.stop_ids = frozenset(stop_ids)
        self._never_ids = frozenset(never_ids)
        self.meter = meter
        self.sink = sink
        self.constraint = constraint
        self.mask = constraint.mask() if constraint else None
        self._held: list[Token] = []  # that may be taken back
        # The next mask is likely to be this one: the step after the next can be launched with it.
        self.steady = self.mask is None
        self.row: KVRow | None = None
        self.ahead: Ahead | None = None
        self.counts: mx.array | None = None
        self.num_cached = 0
        # Tokens of the prompt whose logprobs were told, or nobody wants to know.
        self.num_scored = 0 if params.prompt_logprobs else self.num_prompt
        self.ended = False
        # After a fault in a batch, its rows decode alone until each has shown that it can.
        self.alone = False
        self._random = _random(params.seed)
        self._uniforms: list[float] = []
        self._biases: dict[bool, mx.array | None] = {}
        self._masked: tuple[bytes, mx.array] | None = None

    @property
    def num_generated(self) -> int:
        return len(self.ids) - self.num_prompt

    @property
    def num_fed(self) -> int:
        return self.row.offset if self.row else 0

    @property
    def num_unfed(self) -> int:
        return len(self.ids) - self.num_fed

    @property
    def next_index(self) -> int:
        """Place, from 0, of the token that a step launched now would choose."""
        return self.num_generated + (self.ahead is not None)

    @property
    def reusable(self) -> list[int]:
        """The ids whose keys and values may come from a cache: a token is scored by its forward."""
        return self.ids if self.num_scored >= self.num_prompt else self.ids[: self.num_scored]

    def score(self, tokens: SequenceOf[Token]) -> None:
        """Tell of the next tokens of the prompt."""
        self.num_scored += len(tokens)
        self.sink(Scored(tuple(tokens)))

    def uniform(self) -> float:
        """The random number of the next token; always the same one for one place."""
        index = self.next_index
        while len(self._uniforms) <= index:
            self._uniforms.append(self._random.random())
        return self._uniforms[index]

    def bias(self, vocab_size: int) -> mx.array | None:
        """What is added to the logits [1, vocab] of the next token: biases, and the mask."""
        # A mask says itself where the answer may end.
        early = self.mask is None and self.next_index < self.params.min_tokens
        if early not in self._biases:
            forbidden = sorted(self._never_ids | (self.stop_ids if early else set()))
            self._biases[early] = bias_array(self.params, vocab_size, forbidden)
        fixed = self._biases[early]
        if self.mask is None:
            return fixed
        if self._masked is None or self._masked[0] is not self.mask:
            self._masked = self.mask, mask_bias(self.mask, vocab_size)
        masked = self._masked[1]
        return masked if fixed is None else masked + fixed

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
            self.steady = self.mask is before
        if taken_back:
            del self.ids[-taken_back:], self._held[-taken_back:]
            self.rewind()
            return None
        if self.constraint is None or not self.constraint.is_unchecked:
            self.hand_out()
        return forced

    def hand_out(self) -> None:
        """What was held back."""
        held, self._held = self._held, []
        for token in held:
            self.sink(token.reported(self.params))

    def fail(self, error: Exception) -> None:
        """Say that nothing more comes, and why; nothing is raised where nobody listens."""
        self.ended = True
        try:
            self.sink(Failed(error))
        except Exception:
            _log.exception("Nobody could be told that a request failed: %s", error)

    def rewind(self) -> None:
        """Drop what was computed beyond `ids`; at least the last of them is fed again."""
        self.ahead = None
        self.counts = None
        if self.row is not None:
            self.row.trim(max(0, self.row.offset - len(self.ids) + 1))

    def forget(self) -> None:
        """Drop all that was computed: the ids are enough to go on."""
        self.rewind()
        if self.row is not None:
            self.row.release()
            self.row = None

    def count_generated(self, vocab_size: int, *, but_last: bool = False) -> mx.array:
        """Sets `counts` [1, vocab]: how often each token was generated.

        `but_last`: one less of the last token, the prompt's where all others were taken back, since
        the step that feeds it counts it.
        """
        ids = self.ids[self.num_prompt :]
        counts = mx.zeros((1, vocab_size))
        if ids:
            counts = counts.at[0, mx.array(ids)].add(1)
        if but_last:
            counts = counts.at[0, mx.array(self.ids[-1:])].add(-1)
        self.counts = counts
        return counts


def _random(seed: int | None) -> random.Random:
    """None: another one each time. `random.Random` drops the sign of a seed; seeds have 64 bits."""
    return random.Random(2**64 - seed if seed is not None and seed < 0 else seed)


def tokens_to_feed(group: SequenceOf[Sequence]) -> mx.array:
    """The tokens [B] to feed: on their way still, or known."""
    choices = {s.ahead.choice for s in group if s.ahead is not None}
    if len(choices) == 1 and all(s.ahead is not None for s in group):
        (choice,) = choices
        rows = [s.ahead.index for s in group if s.ahead is not None]
        if rows == list(range(choice.token.shape[0])):
            return choice.token
        return choice.token[mx.array(rows)]
    return mx.concatenate(
        [
            mx.array([s.ids[-1]]) if s.ahead is None else s.ahead.choice.token[s.ahead.index, None]
            for s in group
        ]
    )


def read_tokens(choice: Choice) -> list[Token]:
    """Wait for the device and take the values, a token for each row."""
    ids = cast("list[int]", choice.token.tolist())
    if choice.logprob is None:
        return [Token(token_id) for token_id in ids]
    logprobs = cast("list[float]", choice.logprob.tolist())
    tops: list[tuple[tuple[int, float], ...]] = [()] * len(ids)
    if choice.top_ids is not None and choice.top_logprobs is not None:
        top_ids = cast("list[list[int]]", choice.top_ids.tolist())
        values = cast("list[list[float]]", choice.top_logprobs.tolist())
        tops = [tuple(zip(*row, strict=True)) for row in zip(top_ids, values, strict=True)]
    return [Token(*row) for row in zip(ids, logprobs, tops, strict=True)]
