"""Logits processors: penalties over generated tokens, and biases."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import mlx.core as mx

from ..config import SamplingParams


@dataclass(frozen=True, slots=True, eq=False)
class Penalties:
    """Per row [B, 1]: repetition (CTRL, arXiv:1909.05858), presence and frequency (OpenAI)."""

    repetition: mx.array
    presence: mx.array
    frequency: mx.array

    @classmethod
    def for_requests(cls, requests: Sequence[SamplingParams]) -> Penalties | None:
        """None where no request asks for any."""
        if all(
            r.repetition_penalty == 1 and not r.presence_penalty and not r.frequency_penalty
            for r in requests
        ):
            return None
        return cls(
            mx.array([r.repetition_penalty for r in requests])[:, None],
            mx.array([r.presence_penalty for r in requests])[:, None],
            mx.array([r.frequency_penalty for r in requests])[:, None],
        )

    def arrays(self) -> tuple[mx.array, ...]:
        return self.repetition, self.presence, self.frequency

    def __call__(self, logits: mx.array, counts: mx.array) -> mx.array:
        """logits [B, vocab]; counts [B, vocab]: how often each token was generated so far."""
        seen = counts > 0
        repeated = mx.where(logits > 0, logits / self.repetition, logits * self.repetition)
        logits = mx.where(seen, repeated, logits)
        return logits - self.frequency * counts - self.presence * seen


def bias_array(
    request: SamplingParams, vocab_size: int, forbidden: Collection[int] = ()
) -> mx.array | None:
    """logit_bias, and minus infinity for `forbidden` ids, as a row [1, vocab]; None if neither."""
    if not request.logit_bias and not forbidden:
        return None
    row = [0.0] * vocab_size
    for token_id, bias in request.logit_bias.items():
        row[token_id] = bias
    for token_id in forbidden:
        if token_id < vocab_size:  # a tokenizer may know more ids than the model
            row[token_id] = -float("inf")
    return mx.array(row)[None]
