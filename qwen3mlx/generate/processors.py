"""Logits processors: penalties over generated tokens, and biases."""

from __future__ import annotations

import math
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
    biases = dict(request.logit_bias)
    # A tokenizer may know more ids than the model.
    biases.update({token_id: -math.inf for token_id in forbidden if token_id < vocab_size})
    if not biases:
        return None
    row = mx.zeros((1, vocab_size))
    row[0, mx.array(list(biases))] = mx.array([float(bias) for bias in biases.values()])
    return row


def mask_bias(mask: bytes, vocab_size: int) -> mx.array:
    """A bit for each id, in words of 32 -> a row [1, vocab]: 0 where it is set, else -infinity."""
    words = mx.array(memoryview(mask).cast("I"))  # type: ignore[arg-type]  # any buffer will do
    bits = (words[:, None] >> mx.arange(32, dtype=mx.uint32)) & 1
    return mx.where(bits.reshape(1, -1)[:, :vocab_size] > 0, 0.0, -math.inf)
