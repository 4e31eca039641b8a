"""Projections of a base with an adapter's beside them; the base's arrays are shared.

A LoRA adds (x @ down) @ up to the product x @ weight, and a DoRA then multiplies each output
(arXiv:2106.09685, arXiv:2402.09353). `down` [in, sum of ranks] serves all the matrices that the
base's projection has side by side, and each has an `up` [rank, out], whose rank is 0 where the
adapter leaves the matrix as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

import mlx.core as mx

from .linear import ExpertProjection, Projection


@dataclass(frozen=True, slots=True, eq=False)
class Adapted:
    """A projection with an adapter; a DoRA's `gain` [out] is 1 where a matrix has none."""

    base: Projection
    down: mx.array
    ups: tuple[mx.array, ...]
    gain: mx.array | None

    def __call__(self, x: mx.array) -> mx.array:
        """x [..., in] -> [..., out]."""
        inner = _split(x @ self.down, self.ups)
        outputs = [part @ up for part, up in zip(inner, self.ups, strict=True)]
        total = self.base(x) + _joined(outputs)
        return total if self.gain is None else total * self.gain


@dataclass(frozen=True, slots=True, eq=False)
class AdaptedExperts:
    """The same per expert: `down` [experts, in, sum of ranks], `ups` [experts, rank, out]."""

    base: ExpertProjection
    down: mx.array
    ups: tuple[mx.array, ...]

    def __call__(
        self, x: mx.array, expert_ids: mx.array, *, rows: mx.array | None = None
    ) -> mx.array:
        """Same shapes as `ExpertLinear`."""
        is_sorted = rows is None
        inner = mx.gather_mm(x, self.down, rows, expert_ids, sorted_indices=is_sorted)
        outputs = [
            mx.gather_mm(part, up, None, expert_ids, sorted_indices=is_sorted)
            for part, up in zip(_split(inner, self.ups), self.ups, strict=True)
        ]
        return self.base(x, expert_ids, rows=rows) + _joined(outputs)


def _split(inner: mx.array, ups: tuple[mx.array, ...]) -> list[mx.array]:
    """[..., sum of ranks] -> [..., rank] for each of `ups`."""
    ends = accumulate(up.shape[-2] for up in ups[:-1])
    return list(mx.split(inner, list(ends), axis=-1))


def _joined(outputs: list[mx.array]) -> mx.array:
    return outputs[0] if len(outputs) == 1 else mx.concatenate(outputs, axis=-1)
