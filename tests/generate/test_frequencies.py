"""How often each token is sampled, compared with its exact probability in float64."""

from __future__ import annotations

import random
from itertools import product
from typing import Any

import mlx.core as mx
import numpy as np
import pytest

from qwen3mlx.config import SamplingParams
from qwen3mlx.generate.sampler import Sampler, draw, filtered

QWEN3_VOCAB_SIZE = 151_936
SETTINGS: list[dict[str, Any]] = [
    dict(zip(("temperature", "top_k", "top_p", "min_p"), values, strict=True))
    for values in product((0.3, 0.7, 1.0, 2.0), (0, 5, 20, 64), (1.0, 0.95, 0.5), (0.0, 0.05))
]
ONE = np.float32(1).view(np.int32)
SHAPES = {"flat": 0.0, "model": 2.5, "sharp": 6.0}


def sorted_logits(scale: float, size: int) -> np.ndarray:
    values = np.random.default_rng(7).normal(scale=scale, size=size).astype(np.float32)
    return -np.sort(-values)


def exact(logits: np.ndarray, request: SamplingParams) -> np.ndarray:
    """Hugging Face's filters, one after the other, in float64."""
    p = np.exp((logits.astype(np.float64) - logits[0]) / request.temperature)
    p[request.top_k or len(p) :] = 0
    p /= p.sum()
    p[np.cumsum(p[::-1])[::-1] <= 1 - request.top_p] = 0
    p[p < request.min_p * p[0]] = 0
    return p / p.sum()


def weights_of(logits: np.ndarray, request: SamplingParams) -> mx.array:
    return filtered(mx.array(logits)[None], Sampler.filter_arrays([request], len(logits)))


def drawn_ranks(weights: mx.array, count: int, chunk: int = 100) -> np.ndarray:
    """Return the tokens sampled with the random numbers of one seeded request."""
    source = random.Random(11)
    chunks = []
    for _ in range(count // chunk):
        uniform = mx.array([source.random() for _ in range(chunk)])[:, None]
        chunks.append(np.array(draw(weights, uniform))[:, 0])
    return np.concatenate(chunks)


def deviation(ranks: np.ndarray, p: np.ndarray) -> float:
    """Chi-square as a standard normal number (Wilson and Hilferty); few of a bin are put together.

    A rank of probability zero must not come at all.
    """
    observed = np.bincount(ranks, minlength=len(p))
    assert not observed[p == 0].any()
    expected = p * len(ranks)
    bins = np.floor(np.cumsum(expected) / 8).astype(int)
    sums = np.bincount(bins, expected), np.bincount(bins, observed)
    used = sums[0] > 0
    statistic = ((sums[1] - sums[0])[used] ** 2 / sums[0][used]).sum()
    freedom = used.sum() - 1
    if not freedom:
        return 0.0
    spread = 2 / (9 * freedom)
    return float(((statistic / freedom) ** (1 / 3) - 1 + spread) / spread**0.5)


@pytest.mark.parametrize("shape", SHAPES)
def test_each_token_is_drawn_as_often_as_it_should_be(shape: str) -> None:
    logits = sorted_logits(SHAPES[shape], 300)
    worst = 0.0
    for values in SETTINGS:
        request = SamplingParams(**values)
        ranks = drawn_ranks(weights_of(logits, request), 4_000, chunk=4_000)
        worst = max(worst, deviation(ranks, exact(logits, request)))
    assert worst < 4.5


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
def test_so_it_is_in_qwen3s_vocabulary(shape: str) -> None:
    logits = sorted_logits(SHAPES[shape], QWEN3_VOCAB_SIZE)
    settings: list[dict[str, Any]] = [
        {"top_p": 1.0},
        {"top_p": 0.95},
        {"top_p": 1.0, "min_p": 1e-4},
    ]
    for values in settings:
        request = SamplingParams(temperature=1.0, top_k=0, **values)
        ranks = drawn_ranks(weights_of(logits, request), 40_000)
        assert deviation(ranks, exact(logits, request)) < 4.5


@pytest.mark.parametrize("shape", SHAPES)
def test_no_token_is_too_rare_to_be_drawn(shape: str) -> None:
    """Bisect float32's own steps: a larger number in [0, 1) samples a lower rank."""
    logits = sorted_logits(SHAPES[shape], QWEN3_VOCAB_SIZE)
    weights = weights_of(logits, SamplingParams(temperature=1.0, top_k=0, top_p=1.0))
    assert mx.all(weights > 0).item()
    ranks = np.unique(np.geomspace(1, QWEN3_VOCAB_SIZE, 15).astype(int) - 1)
    ranks = np.union1d(ranks, QWEN3_VOCAB_SIZE - 1 - ranks)
    below, above = np.zeros(len(ranks), np.int32), np.full(len(ranks), ONE)
    found = np.zeros(len(ranks), bool)
    while not found.all():
        middle = (below + above) // 2
        got = np.array(draw(weights, mx.array(middle.view(np.float32))[:, None]))[:, 0]
        found |= got == ranks
        assert (found | (above - below > 1)).all(), f"never drawn: {ranks[~found]}"
        below, above = np.where(got > ranks, middle, below), np.where(got < ranks, middle, above)
