"""Rotary position embedding, plain and scaled: by static YaRN, or linearly."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import mlx.core as mx

from ..config import RopeConfig


class Turns(NamedTuple):
    """How the next position of each row is rotated: factors [B, 2, head_dim / 2] float32 of the
    `first` and of the `second` half of a head; the two products add up to both halves.
    """

    first: mx.array
    second: mx.array


@dataclass(frozen=True, slots=True, eq=False)
class Rope:
    """Rotates [B, heads, L, head_dim]; `wavelengths` [head_dim / 2] are None if it is not scaled.

    YaRN also scales queries and keys by the same factor; the attention's `score_scale` includes it,
    which is equivalent and saves two products per layer.
    """

    head_dim: int
    theta: float
    wavelengths: mx.array | None
    score_scale: float

    @classmethod
    def from_config(cls, config: RopeConfig, head_dim: int) -> Rope:
        if config.kind in ("default", "dynamic"):
            return cls(head_dim, config.theta, None, 1.0)
        if config.kind == "linear":
            plain = (config.theta ** (2 * i / head_dim) for i in range(head_dim // 2))
            waves = mx.array([config.factor * wave for wave in plain])
            return cls(head_dim, config.theta, waves, 1.0)
        wavelengths = mx.array([1.0 / f for f in _yarn_frequencies(config, head_dim)])
        return cls(head_dim, config.theta, wavelengths, _attention_factor(config) ** 2)

    def __call__(self, x: mx.array, offset: int | mx.array) -> mx.array:
        """`offset` is the position of x[..., 0, :]: one for all rows, or an array [B]."""
        return mx.fast.rope(
            x,
            self.head_dim,
            traditional=False,
            base=None if self.wavelengths is not None else self.theta,
            scale=1.0,
            offset=offset,
            freqs=self.wavelengths,
        )

    def turns(self, offset: mx.array) -> Turns:
        """`offset` [B] are the positions of one token of each row."""
        angles = offset.astype(mx.float32)[:, None] * self._frequencies()
        cos, sin = mx.cos(angles), mx.sin(angles)
        return Turns(mx.stack([cos, sin], axis=1), mx.stack([-sin, cos], axis=1))

    def _frequencies(self) -> mx.array:
        if self.wavelengths is not None:
            return 1.0 / self.wavelengths
        # As `mx.fast.rope` computes them, in float32: it rotates the keys of prompts.
        half = self.head_dim // 2
        return mx.exp(mx.arange(0.0, -half, -1.0) * (math.log(self.theta) / half))


def _yarn_frequencies(config: RopeConfig, head_dim: int) -> list[float]:
    """YaRN's "NTK by parts" (arXiv:2309.00071, 3.2): only slow rotations are interpolated."""
    low = _dimension_of(config.beta_fast, config, head_dim)
    high = _dimension_of(config.beta_slow, config, head_dim)
    if config.truncate:
        low, high = math.floor(low), math.ceil(high)
    low, high = max(low, 0), min(high, head_dim - 1)
    if low == high:
        high += 0.001
    frequencies = []
    for i in range(head_dim // 2):
        extrapolated = config.theta ** (-2 * i / head_dim)
        ramp = min(max((i - low) / (high - low), 0.0), 1.0)
        frequencies.append(extrapolated * (1 - ramp) + extrapolated / config.factor * ramp)
    return frequencies


def _dimension_of(rotations: float, config: RopeConfig, head_dim: int) -> float:
    """Return the dimension that turns `rotations` times over the original context."""
    positions = config.original_max_position_embeddings
    turns = math.log(positions / (rotations * 2 * math.pi))
    return head_dim * turns / (2 * math.log(config.theta))


def _attention_factor(config: RopeConfig) -> float:
    return _own_attention_factor(config) * config.attn_factor


def _own_attention_factor(config: RopeConfig) -> float:
    if config.attention_factor is not None:
        return config.attention_factor

    def mscale(weight: float) -> float:
        return 0.1 * weight * math.log(config.factor) + 1.0 if config.factor > 1 else 1.0

    if config.mscale and config.mscale_all_dim:
        return mscale(config.mscale) / mscale(config.mscale_all_dim)
    return mscale(1.0)
