"""Tokens have one total order, so a row samples the same token in any batch."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations_with_replacement
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen3mlx.config import SamplingParams
from qwen3mlx.generate import sampler as sampler_module
from qwen3mlx.generate.sampler import LEAST_BLOCK, SORTED_AT_ONCE, SampledTokens, Sampler, choose
from qwen3mlx.generate.sampling_batch import SamplingBatch

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


# Qwen3's, one that no block divides, and one just too long to be sorted at once.
LONG_VOCABULARIES = [151_936, 151_669, SORTED_AT_ONCE + 1]
QWEN3_ROWS = LONG_VOCABULARIES[0]


def random_request(rng: np.random.Generator) -> SamplingParams:
    """Anything a request can say about how tokens are drawn."""
    num_logprobs = int(rng.choice([0, 0, 1, 5, 20]))
    return SamplingParams(
        temperature=float(rng.choice([0.0, 0.3, 0.6, 1.0, 5.0])),
        top_k=int(rng.choice([1, 2, 5, 20, 40, 100, 300, 1024, 3000])),
        top_p=float(rng.choice([0.3, 0.95, 1.0])),
        min_p=float(rng.choice([0.0, 0.0, 0.05])),
        repetition_penalty=float(rng.choice([1.0, 1.0, 1.3])),
        presence_penalty=float(rng.choice([0.0, 0.0, 0.5])),
        frequency_penalty=float(rng.choice([0.0, 0.0, 0.2])),
        logprobs=num_logprobs > 0,
        top_logprobs=num_logprobs,
    )


def random_logits(shape: tuple[int, int], rng: np.random.Generator) -> mx.array:
    """Logits with more or fewer ties, and of some rows most are out of the question."""
    levels = rng.choice([2, 8, 64, 1024], size=(shape[0], 1))
    values = np.round(rng.normal(scale=2, size=shape) * levels) / levels
    masked = rng.random((shape[0], 1)) < 0.3
    values[masked & (rng.random(shape) < 0.99)] = -np.inf
    values[:, 3] = 0.0  # never all of them
    return mx.array(values.astype(np.float32))


def random_batch(
    vocab_size: int, num_rows: int, rng: np.random.Generator
) -> Iterator[tuple[SamplingBatch, mx.array, mx.array, mx.array]]:
    """Rows with settings of their own, as a decode step gets them."""
    requests = [random_request(rng) for _ in range(num_rows)]
    prompts = [rng.integers(0, vocab_size, 30).tolist() for _ in requests]
    batch = SamplingBatch.for_requests(requests, prompts, vocab_size)
    biases: list[mx.array | None] = [None] * num_rows
    biases[0] = mx.array(np.round(rng.normal(size=(1, vocab_size)))).astype(mx.float32)
    counts = mx.array(rng.integers(0, 50, (num_rows, vocab_size)) // 49)
    uniform = mx.array(rng.random((num_rows, 1)).astype(np.float32))
    logits = random_logits((num_rows, vocab_size), rng)
    yield batch.biased(biases), logits, uniform, counts
    yield batch, logits, uniform, counts


def whole_order(values: mx.array, count: int) -> tuple[mx.array, mx.array]:
    """The definition of the order of tokens: highest first, of equal ones the lower id."""
    ids = mx.array(np.argsort(-np.array(values), axis=-1, kind="stable")[:, :count])
    return mx.take_along_axis(values, ids, axis=-1), ids


@pytest.mark.parametrize(
    ("vocab_size", "at_once", "num_batches"),
    [*((vocab_size, SORTED_AT_ONCE, 3) for vocab_size in LONG_VOCABULARIES), (VOCAB_SIZE, 64, 80)],
)
def test_draws_are_those_of_a_sorted_vocabulary(
    vocab_size: int, at_once: int, num_batches: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than 10,000 tokens, and their alternatives."""
    monkeypatch.setattr(sampler_module, "SORTED_AT_ONCE", at_once)
    monkeypatch.setattr(sampler_module, "LEAST_BLOCK", min(at_once // 32, LEAST_BLOCK))
    rng, num_rows = np.random.default_rng(vocab_size), 64 if at_once < SORTED_AT_ONCE else 8
    for _ in range(num_batches):
        for batch, logits, uniform, counts in random_batch(vocab_size, num_rows, rng):
            found = [array.tolist() for array in batch.choose(logits, uniform, counts).arrays()]
            with monkeypatch.context() as patch:
                patch.setattr(sampler_module, "_largest", whole_order)
                sorted_ = batch.choose(logits, uniform, counts)
            assert found == [array.tolist() for array in sorted_.arrays()], batch.sampler


@pytest.mark.parametrize("top_k", [2, 20, 40, 64])
@pytest.mark.parametrize("num_logprobs", [0, 20])
def test_a_large_vocabulary_is_sorted_by_few_kernels(
    top_k: int, num_logprobs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A GPU sorts more numbers than this with a chain of kernels, each waiting for the last."""
    lengths: list[int] = []
    for name in ("sort", "argsort", "argpartition"):
        original = getattr(mx, name)

        def spy(array: mx.array, *args: Any, original: Any = original, **kwargs: Any) -> mx.array:
            lengths.append(array.shape[-1])
            sorted_: mx.array = original(array, *args, **kwargs)
            return sorted_

        monkeypatch.setattr(mx, name, spy)
    request = SamplingParams(
        temperature=1.0, top_k=top_k, logprobs=num_logprobs > 0, top_logprobs=num_logprobs
    )
    choose_for([request], mx.zeros((1, QWEN3_ROWS)), [0.5])
    assert len(lengths) == (6 if num_logprobs else 3)
    assert max(lengths) <= SORTED_AT_ONCE
