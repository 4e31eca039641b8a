"""The reference's predictions on disk: the likeliest tokens of each position, and the others' mass.

The divergence over these and "any other token" is never more than that over the whole vocabulary;
how little it is less, `benchmarks.kept_distributions` shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import mlx.core as mx

# Tokens kept of each position: 8 bytes each, less than 8 kB in all. The whole vocabulary of Qwen3
# would take 608 kB.
KEPT = 990


class Distributions(NamedTuple):
    """What a model predicts after each of `n` tokens; natural logarithms, float32.

    `ids` uint32 [n, kept] are its likeliest tokens in any order, `logprobs` [n, kept] theirs;
    `rest` [n] is that of all others together. `top` uint32 [n] is the likeliest one, `follows` [n]
    the logarithm of the token that does follow.
    """

    ids: mx.array
    logprobs: mx.array
    rest: mx.array
    top: mx.array
    follows: mx.array

    @classmethod
    def of(cls, logprobs: mx.array, ids: Sequence[int]) -> Distributions:
        """Return those of `logprobs` float32 [n, vocab], before each of `ids` but the first."""
        kept = min(KEPT, logprobs.shape[-1])
        likeliest = mx.argpartition(logprobs, kth=-kept, axis=-1)[..., -kept:]
        made = cls(
            likeliest,
            mx.take_along_axis(logprobs, likeliest, axis=-1),
            _rest(logprobs, likeliest),
            logprobs.argmax(-1),
            following(logprobs, ids),
        )
        mx.eval(made)
        return made

    def save(self, path: Path) -> None:
        """Write a safetensors file."""
        mx.save_safetensors(str(path), self._asdict())

    @classmethod
    def load(cls, path: Path) -> Distributions:
        """Read what `save` has written."""
        found = mx.load(str(path))
        assert isinstance(found, dict)
        return cls(**found)

    def divergence(self, logprobs: mx.array) -> mx.array:
        """Return the KL divergence [n] of another model's `logprobs` [n, vocab] from these."""
        others = mx.take_along_axis(logprobs, self.ids, axis=-1)
        kl = (mx.exp(self.logprobs) * (self.logprobs - others)).sum(-1)
        off = mx.where(self.rest > -mx.inf, self.rest - _rest(logprobs, self.ids), 0.0)
        return mx.maximum(kl + mx.exp(self.rest) * off, 0.0)


def following(logprobs: mx.array, ids: Sequence[int]) -> mx.array:
    """Return the logarithms [n] of the tokens that follow."""
    return mx.take_along_axis(logprobs, mx.array(list(ids[1:]))[:, None], axis=-1).squeeze(-1)


def _rest(logprobs: mx.array, ids: mx.array) -> mx.array:
    """Return the logarithm [n] of the mass of all tokens but `ids`; -inf if there are none."""
    if ids.shape[-1] == logprobs.shape[-1]:
        return mx.full(logprobs.shape[:-1], -mx.inf)
    none = mx.full(ids.shape, -mx.inf)
    return mx.logsumexp(mx.put_along_axis(logprobs, ids, none, axis=-1), axis=-1)
