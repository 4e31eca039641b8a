"""Logits processors: penalties for tokens that occurred, and biases."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import mlx.core as mx

from ..config import SamplingParams


@dataclass(frozen=True, slots=True, eq=False)
class Penalties:
    """Per row [B, 1]: repetition (CTRL, arXiv:1909.05858), presence and frequency (OpenAI).

    As in Hugging Face and vLLM, repetition counts the prompt's tokens too: `in_prompt` [B, vocab].
    """

    repetition: mx.array
    presence: mx.array
    frequency: mx.array
    in_prompt: mx.array

    @classmethod
    def for_requests(
        cls,
        requests: Sequence[SamplingParams],
        prompts: Sequence[Sequence[int]],
        vocab_size: int,
    ) -> Penalties | None:
        """Return None if no request sets any. `prompts` are token ids, one list per request."""
        if all(
            r.repetition_penalty == 1 and not r.presence_penalty and not r.frequency_penalty
            for r in requests
        ):
            return None
        return cls(
            mx.array([r.repetition_penalty for r in requests])[:, None],
            mx.array([r.presence_penalty for r in requests])[:, None],
            mx.array([r.frequency_penalty for r in requests])[:, None],
            mx.concatenate(
                [
                    _occurring(ids if r.repetition_penalty != 1 else (), vocab_size)
                    for r, ids in zip(requests, prompts, strict=True)
                ]
            ),
        )

    def arrays(self) -> tuple[mx.array, ...]:
        return self.repetition, self.presence, self.frequency, self.in_prompt

    def __call__(self, logits: mx.array, counts: mx.array) -> mx.array:
        """Penalize logits [B, vocab]; counts [B, vocab] say how often each token was generated."""
        generated = counts > 0
        repeated = mx.where(logits > 0, logits / self.repetition, logits * self.repetition)
        logits = mx.where(generated | self.in_prompt, repeated, logits)
        return logits - self.frequency * counts - self.presence * generated


def _occurring(ids: Iterable[int], vocab_size: int) -> mx.array:
    """Return [1, vocab] bool: the tokens in `ids`."""
    flags = bytearray(vocab_size)
    for token_id in ids:
        flags[token_id] = 1
    return mx.array(memoryview(flags)).astype(mx.bool_)[None]  # type: ignore[arg-type]  # a buffer


def bias_array(biases: Mapping[int, float], vocab_size: int) -> mx.array | None:
    """Return the biases to add to the logits, as a row [1, vocab]; None if there are none.

    A tokenizer may know more ids than the model; those are left out.
    """
    known = {token_id: float(bias) for token_id, bias in biases.items() if token_id < vocab_size}
    if not known:
        return None
    row = mx.zeros((1, vocab_size))
    row[0, mx.array(list(known))] = mx.array(list(known.values()))
    return row


def mask_bias(mask: bytes, vocab_size: int) -> mx.array:
    """Turn a bit per id, in 32-bit words, into a row [1, vocab]: 0 if set, else -infinity."""
    words = mx.array(memoryview(mask).cast("I"))  # type: ignore[arg-type]  # accepts any buffer
    bits = (words[:, None] >> mx.arange(32, dtype=mx.uint32)) & 1
    return mx.where(bits.reshape(1, -1)[:, :vocab_size] > 0, 0.0, -math.inf)
