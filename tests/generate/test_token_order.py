"""Tokens have one total order, so a row samples the same token in any batch."""

from __future__ import annotations

from itertools import combinations_with_replacement
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen3mlx.config import SamplingParams
from qwen3mlx.generate.sampler import SampledTokens, Sampler, choose

VOCAB_SIZE = 700
SETTINGS: list[dict[str, Any]] = [
    {"temperature": 0},
    {"top_k": 1},
    {"top_k": 20, "top_p": 0.95, "temperature": 0.6},
    {"top_k": 33, "top_p": 1.0},
    {"top_k": 150, "top_p": 0.8},
    {"top_k": 600, "min_p": 0.1},
    {"top_k": VOCAB_SIZE, "top_p": 0.5, "temperature": 2.0},
    {"top_k": 0, "top_p": 1.0},
    {"top_k": 0, "top_p": 1.0, "temperature": 100},
    {"top_k": 0, "top_p": 0.9, "temperature": 1.5},
    {"top_k": 0, "top_p": 1.0, "min_p": 0.02},
    {"top_k": 20, "logprobs": True},
    {"top_k": 0, "logprobs": True, "top_logprobs": 3},
    {"temperature": 0, "logprobs": True, "top_logprobs": 20},
]
UNIFORM = [0.0, 1e-7, 0.03, 0.2, 0.41, 0.63, 0.8, 0.97, 1 - 2**-25]


def choose_for(
    requests: list[SamplingParams], logits: mx.array, uniform: list[float]
) -> SampledTokens:
    sampler = Sampler.for_requests(requests, logits.shape[-1])
    filters = Sampler.filter_arrays(requests, logits.shape[-1])
    return choose(sampler, logits, logits, mx.array(uniform)[:, None], filters)


def tied_logits(num_rows: int, seed: int) -> mx.array:
    """Logits [rows, vocab] as bfloat16 rounds them: many are equal."""
    values = np.random.default_rng(seed).normal(scale=2, size=(num_rows, VOCAB_SIZE))
    return mx.array(values).astype(mx.bfloat16).astype(mx.float32)


@pytest.mark.parametrize("seed", [0, 1])
def test_every_pair_of_settings_draws_what_each_draws_alone(seed: int) -> None:
    logits = tied_logits(len(UNIFORM), seed)
    requests = [SamplingParams(**values) for values in SETTINGS]
    alone: list[Any] = [
        choose_for([one] * len(UNIFORM), logits, UNIFORM).token.tolist() for one in requests
    ]
    both_logits = mx.concatenate([logits, logits])
    for one, two in combinations_with_replacement(range(len(SETTINGS)), 2):
        rows = [requests[one]] * len(UNIFORM) + [requests[two]] * len(UNIFORM)
        together = choose_for(rows, both_logits, UNIFORM * 2).token.tolist()
        assert together == alone[one] + alone[two], (SETTINGS[one], SETTINGS[two])


@pytest.mark.parametrize("top_k", [0, 1, 5, 40, 500])
def test_of_equal_logits_the_lower_id_comes_first(top_k: int) -> None:
    """A number in each token's middle draws the tokens one after the other."""
    logits = mx.array([[0.0, 1.0] * (VOCAB_SIZE // 2)])
    count = top_k or VOCAB_SIZE
    request = SamplingParams(temperature=1e-2, top_k=top_k, top_p=1.0)
    ones = min(count, VOCAB_SIZE // 2)  # the zeros have next to no weight at this temperature
    uniform = [1 - (rank + 0.5) / ones for rank in range(ones)]
    drawn = choose_for([request] * ones, mx.repeat(logits, ones, axis=0), uniform).token.tolist()
    assert drawn == [2 * rank + 1 for rank in range(ones)]


@given(
    logits=st.lists(st.sampled_from([-2.0, 0.0, -0.0, 0.5, 3.0]), min_size=40, max_size=40),
    neighbour=st.sampled_from(SETTINGS),
)
def test_greedy_takes_the_first_of_the_best(logits: list[float], neighbour: dict[str, Any]) -> None:
    requests = [SamplingParams(temperature=0.0), SamplingParams(**neighbour)]
    chosen = choose_for(requests, mx.array([logits] * 2), [0.9, 0.1])
    assert chosen.token[0].item() == logits.index(max(logits))


@pytest.mark.parametrize("count", [1, 5, 20])
def test_alternatives_come_in_the_same_order(count: int) -> None:
    request = SamplingParams(logprobs=True, top_logprobs=count)
    logits = mx.array([[float(i % 3) for i in range(VOCAB_SIZE)]])
    chosen = choose_for([request], logits, [0.5])
    assert chosen.top_ids is not None
    assert chosen.top_ids.tolist() == [[3 * rank + 2 for rank in range(count)]]


def test_the_order_is_that_of_the_logits_before_temperature_rounds_them() -> None:
    """1 + 2**-23 and 1 are one number after a division by 3."""
    logits = mx.array([[1.0, 1.0 + 2**-23]])
    mates: list[dict[str, Any]] = [{"top_k": 0}, {"temperature": 0}]
    for mate in mates:
        requests = [SamplingParams(temperature=3.0, top_k=1), SamplingParams(**mate)]
        assert choose_for(requests, mx.repeat(logits, 2, axis=0), [0.5, 0.5]).token[0].item() == 1
