"""What chooses the next tokens of a group of sequences: policies, counts and random numbers."""

from __future__ import annotations

from collections.abc import Sequence as SequenceOf

import mlx.core as mx

from ..generate import Choice, Decoder, Policy
from .sequence import Sequence, tokens_to_feed

# Groups change with each request that comes or goes; some policies more do no harm.
_MAX_POLICIES = 16


class Sampling:
    """Policies are made once for a group and kept until `forget`."""

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder
        self._vocab_size = decoder.model.config.vocab_size
        self._policies: dict[tuple[int, ...], Policy] = {}

    def first(self, sequence: Sequence, logits: mx.array) -> Choice:
        """The token behind its prompt, of the prompt's last logits [1, vocab]; computed."""
        policy = self._policy([sequence])
        counts = None
        if policy.penalties is not None:
            counts = sequence.count_generated(self._vocab_size)
        choice = policy.choose(logits, mx.array([[sequence.uniform()]]), counts)
        mx.eval(choice.arrays())
        return choice

    def step(self, group: SequenceOf[Sequence]) -> tuple[Choice, mx.array | None]:
        """Feed their last tokens: the next ones, and counts [B, vocab]; under way, not computed."""
        policy = self._policy(group)
        counts = None
        if policy.penalties is not None:
            counts = mx.concatenate([self._counts(s) for s in group])
        uniform = mx.array([[s.uniform()] for s in group])
        rows = [s.row for s in group if s.row is not None]
        choice, counts = self._decoder.step(tokens_to_feed(group), rows, policy, uniform, counts)
        mx.async_eval(choice.arrays())  # type: ignore[no-untyped-call]  # mlx 0.32 has no stub
        return choice, counts

    def forget(self) -> None:
        """A sequence is gone, and its id may be another's soon."""
        self._policies.clear()

    def _counts(self, sequence: Sequence) -> mx.array:
        if sequence.counts is not None:
            return sequence.counts
        return sequence.count_generated(self._vocab_size, but_last=True)

    def _policy(self, group: SequenceOf[Sequence]) -> Policy:
        key = tuple(id(s) for s in group)
        if key not in self._policies:
            if len(self._policies) > _MAX_POLICIES:
                self._policies.clear()
            self._policies[key] = Policy.for_requests(
                [s.params for s in group], [s.prompt_ids for s in group], self._vocab_size
            )
        return self._policies[key].biased([s.bias(self._vocab_size) for s in group])
