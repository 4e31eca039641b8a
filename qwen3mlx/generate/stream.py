"""The decode loop: one request's prompt in, its tokens out. Text is made elsewhere."""

from __future__ import annotations

import random
from collections.abc import Collection, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, cast

import mlx.core as mx

from ..config import SamplingParams
from .decoder import Decoder
from .policy import Policy
from .prompt_cache import PromptCache
from .sampler import Choice
from .thinking import ThinkingMeter


@dataclass(frozen=True, slots=True)
class Token:
    """A generated token. `top` pairs the most likely ids with their log probabilities."""

    id: int
    logprob: float | None = None
    top: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Prefilled:
    """Prompt tokens that need no more work (cached ones included), of all of them."""

    done: int
    total: int


class TokenStream:
    """Iterate to generate; closing the iterator ends the request and keeps what can be reused.

    `stop_ids` end the answer and are part of it. After the last token `finish_reason` says why it
    was the last.
    """

    def __init__(
        self,
        decoder: Decoder,
        prompt_ids: Sequence[int],
        request: SamplingParams,
        *,
        max_tokens: int,
        stop_ids: Collection[int],
        meter: ThinkingMeter,
        prompt_cache: PromptCache | None = None,
    ) -> None:
        self.finish_reason: Literal["stop", "length"] = "length"
        self.cached_tokens = 0
        self._decoder = decoder
        self._request = request
        self._prompt_ids = list(prompt_ids)
        self._generated: list[int] = []
        self._max_tokens = max_tokens
        self._stop_ids = frozenset(stop_ids)
        self._meter = meter
        self._prompt_cache = prompt_cache or PromptCache()
        self._random = random.Random(request.seed)
        vocab_size = decoder.model.config.vocab_size
        self._policy = Policy.for_request(request, vocab_size)
        self._early_policy = (
            Policy.for_request(request, vocab_size, sorted(self._stop_ids))
            if request.min_tokens
            else self._policy
        )
        self._counts = mx.zeros((1, vocab_size)) if self._policy.penalties is not None else None

    def __iter__(self) -> Generator[Token | Prefilled, None, None]:
        if self._max_tokens < 1:
            return
        self._cache, self.cached_tokens = self._prompt_cache.take(
            self._decoder.model, self._prompt_ids
        )
        try:
            yield from self._generate()
        except GeneratorExit:
            self._keep()
            raise
        self._keep()

    def _keep(self) -> None:
        self._prompt_cache.put(self._cache, self._prompt_ids + self._generated)

    def _generate(self) -> Iterator[Token | Prefilled]:
        choice = yield from self._prefill()
        while True:
            is_first, is_last = not self._generated, len(self._generated) + 1 >= self._max_tokens
            # The next step is under way while this token is read, printed and sent; but the very
            # first token does not wait for that.
            following = None if is_first or is_last else self._step(choice, ahead=1)
            token = _read(choice)
            self._generated.append(token.id)
            forced = self._meter.observe(token.id)
            yield token
            if token.id in self._stop_ids:
                self.finish_reason = "stop"
                return
            if is_last:
                return
            if forced:
                following = yield from self._force(forced)
            elif is_first:
                following = self._step(choice, ahead=0)
            if following is None:
                return
            choice = following

    def _prefill(self) -> Generator[Prefilled, None, Choice]:
        done, total = self.cached_tokens, len(self._prompt_ids)
        *chunks, last = self._decoder.chunks(self._prompt_ids[done:])
        for chunk in chunks:
            self._decoder.extend(chunk, self._cache)
            done += len(chunk)
            yield Prefilled(done, total)
        choice = self._choose(self._decoder.logits(last, self._cache))
        mx.eval(choice.arrays())
        yield Prefilled(total, total)
        return choice

    def _force(self, ids: Sequence[int]) -> Generator[Token, None, Choice | None]:
        """Feed `ids` as if they had been generated, in one pass.

        Returns the choice after them; None where `max_tokens` leaves no room for one.
        """
        room = self._max_tokens - len(self._generated)
        forced = list(ids)[:room]
        fed = self._cache.offset - len(self._prompt_ids)
        for token_id in forced:
            self._generated.append(token_id)
            self._meter.observe(token_id)
            yield Token(token_id)
        if len(forced) == room:
            return None
        pending = self._generated[fed:]
        if self._counts is not None:
            self._counts = self._counts.at[0, mx.array(pending)].add(1)
        return self._choose(self._decoder.logits(pending, self._cache))

    def _choose(self, logits: mx.array) -> Choice:
        choice = self._policy_for(0).choose(logits, self._uniform(), self._counts)
        _start(choice)
        return choice

    def _step(self, choice: Choice, *, ahead: int) -> Choice:
        policy = self._policy_for(ahead)
        following, self._counts = self._decoder.step(
            choice.token, self._cache, policy, self._uniform(), self._counts
        )
        _start(following)
        return following

    def _policy_for(self, ahead: int) -> Policy:
        """The rule for the token that comes `ahead` places after those generated so far."""
        early = len(self._generated) + ahead < self._request.min_tokens
        return self._early_policy if early else self._policy

    def _uniform(self) -> mx.array:
        return mx.array([[self._random.random()]])


def _start(choice: Choice) -> None:
    mx.async_eval(choice.arrays())  # type: ignore[no-untyped-call]  # mlx 0.32 has no stub for it


def _read(choice: Choice) -> Token:
    """Wait for the device and take the values."""
    token_id = cast(int, choice.token.item())
    if choice.logprob is None:
        return Token(token_id)
    logprob = cast(float, choice.logprob.item())
    if choice.top_ids is None or choice.top_logprobs is None:
        return Token(token_id, logprob)
    ids = cast("list[int]", choice.top_ids[0].tolist())
    values = cast("list[float]", choice.top_logprobs[0].tolist())
    return Token(token_id, logprob, tuple(zip(ids, values, strict=True)))
