"""AutoRound: how to round, and each group's scale and bias, trained by the signs of gradients.

Cheng et al., arXiv:2309.05516 (SignRound). An integer is round((w - bias) / scale + offset), with
an offset for each weight; both ends of a group's span move, too. Rounding passes gradients through
unchanged. The result are the integers, scales and biases with the least loss.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import mlx.core as mx

from qwen3mlx.config import QuantizationSpec
from qwen3mlx.model.device import on_cpu
from qwen3mlx.model.packed import packed

from ..common import TextError, number
from ..packing import PackedMatrix

# Steps, whose length falls linearly from 1 / ITERATIONS to 0; the rows of text for each.
ITERATIONS, BATCH = 200, 8
# The loss of all rows is computed once in so many steps.
COMPARED = 50
# How far an offset may move, and an end of a span as a share of it.
FARTHEST = {"offset": 0.5, "low": 0.5, "high": 0.5}

# What is trained of a matrix or stack: "offset" [..., out, groups, group]; "low" and "high", the
# ends of the span, [..., out, groups, 1].
Trained = dict[str, mx.array]
# A batch's inputs and expected outputs.
Row = tuple[mx.array, mx.array]
# (weights by module, inputs, expected outputs) -> a scalar
Loss = Callable[[Mapping[str, mx.array], mx.array, mx.array], mx.array]


class Rounding:
    """A matrix, or a stack of them, to round better than `start` does."""

    def __init__(
        self, weight: mx.array, start: PackedMatrix, spec: QuantizationSpec, moves: mx.array
    ) -> None:
        """weight [..., out, in]; moves [..., 1, 1, 1] is 0 for a matrix that stays as `start`."""
        self._weight, self._spec, self._moves = weight, spec, moves
        assert start.biases is not None
        self._scales, self._biases = start.scales[..., None], start.biases[..., None]

    def start(self) -> Trained:
        """Return what changes nothing."""
        end = mx.zeros(self._scales.shape)
        return {"offset": mx.zeros(self._groups().shape), "low": end, "high": end}

    def moved(self, trained: Trained, gradient: Trained, length: mx.array) -> Trained:
        """Return what is trained after a step of this length."""
        step = length * self._moves
        return {
            name: mx.clip(trained[name] - step * mx.sign(gradient[name]), -limit, limit)
            for name, limit in FARTHEST.items()
        }

    def values(self, trained: Trained) -> mx.array:
        """Return the rounded weights, float32 [..., out, in]."""
        integers, scales, biases = self._rounded(trained)
        return (integers * scales + biases).reshape(self._weight.shape)

    def packed(self, trained: Trained) -> PackedMatrix:
        integers, scales, biases = self._rounded(trained)
        words = packed(integers.reshape(self._weight.shape).astype(mx.uint32), self._spec.bits)
        scales, biases = (p.squeeze(-1).astype(self._weight.dtype) for p in (scales, biases))
        return PackedMatrix(words, scales, biases)

    def _groups(self) -> mx.array:
        return self._weight.reshape(*self._weight.shape[:-1], -1, self._spec.group_size)

    def _rounded(self, trained: Trained) -> tuple[mx.array, mx.array, mx.array]:
        """Return integers as floats, and scales and biases as they will be stored."""
        steps = (1 << self._spec.bits) - 1
        scales, biases = (part.astype(mx.float32) for part in (self._scales, self._biases))
        biases = biases + trained["low"] * scales * steps
        scales = scales * (1 + trained["high"] - trained["low"])
        scales, biases = (p.astype(self._weight.dtype).astype(mx.float32) for p in (scales, biases))
        safe = mx.where(scales == 0, 1.0, scales)
        exact = (self._groups().astype(mx.float32) - biases) / safe + trained["offset"]
        integers = exact + mx.stop_gradient(mx.round(exact) - exact)
        return mx.clip(integers, 0, steps), scales, biases


class Result(NamedTuple):
    """The matrices by module, and the mean loss of all rows as they were at first and are now."""

    packed: dict[str, PackedMatrix]
    before: float
    after: float


def tuned(
    roundings: Mapping[str, Rounding],
    loss: Loss,
    rows: Sequence[Row],
    seed: int,
    on_step: Callable[[int], None],
) -> Result:
    """Train the matrices of a block together; `on_step` is told the number of steps done.

    Raises TextError for a loss that is not finite.
    """

    def lost(trained: dict[str, Trained], *row: mx.array) -> mx.array:
        return loss({name: r.values(trained[name]) for name, r in roundings.items()}, *row)

    def step(trained: dict[str, Trained], length: mx.array, *row: mx.array) -> dict[str, Trained]:
        gradients = mx.grad(lost)(trained, *row)
        return {n: r.moved(trained[n], gradients[n], length) for n, r in roundings.items()}

    def result() -> Result:
        made = {name: r.packed(trained[name]) for name, r in roundings.items()}
        mx.eval([matrix.arrays() for matrix in made.values()])
        return Result(made, before, after)

    if not on_cpu():  # where compiling would wait for a C++ compiler
        lost, step = mx.compile(lost), mx.compile(step)
    draw = random.Random(seed)
    trained = {name: rounding.start() for name, rounding in roundings.items()}
    before = after = _whole(lost, trained, rows)
    if not math.isfinite(before):
        raise TextError(
            "The model's numbers overflow on the calibration text: use another text, or --method "
            "mse."
        )
    best = result()
    for iteration in range(ITERATIONS):
        on_step(iteration)
        length = mx.array((1 - iteration / ITERATIONS) / ITERATIONS)
        trained = step(trained, length, *_batch(draw.sample(rows, min(BATCH, len(rows)))))
        mx.eval(trained)
        if (iteration + 1) % COMPARED == 0:
            after = _whole(lost, trained, rows)
            best = result() if after < best.after else best
    on_step(ITERATIONS)
    return best


def _whole(
    lost: Callable[..., mx.array], trained: dict[str, Trained], rows: Sequence[Row]
) -> float:
    """Return the mean loss of all rows."""
    total = 0.0
    for first in range(0, len(rows), BATCH):
        some = rows[first : first + BATCH]
        total += number(lost(trained, *_batch(some))) * len(some)
    return total / len(rows)


def _batch(rows: Sequence[Row]) -> Row:
    inputs, expected = (mx.concatenate(list(parts)) for parts in zip(*rows, strict=True))
    return inputs, expected
