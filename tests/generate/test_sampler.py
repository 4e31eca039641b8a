from __future__ import annotations

from typing import Any, cast

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen3mlx.config import SamplingParams
from qwen3mlx.generate.sampler import SampledTokens, Sampler, choose

LOGITS = [1.0, 3.0, 2.0, -1.0]


def draw(
    requests: list[SamplingParams], logits: list[list[float]], uniform: list[float]
) -> SampledTokens:
    vocab_size = len(logits[0])
    sampler = Sampler.for_requests(requests, vocab_size)
    filters = Sampler.filter_arrays(requests, vocab_size)
    values = mx.array(logits)
    return choose(sampler, values, values, mx.array(uniform)[:, None], filters)


def tokens_over_the_interval(request: SamplingParams, logits: list[float], n: int) -> list[int]:
    """Sample with `n` evenly spaced numbers in [0, 1): the distribution without noise."""
    uniform = [(i + 0.5) / n for i in range(n)]
    return cast(list[int], draw([request] * n, [logits] * n, uniform).token.tolist())


def reference(request: SamplingParams, logits: list[float]) -> np.ndarray:
    """Filtered probabilities, computed one filter after the other."""
    values = np.array(logits, np.float64) / request.temperature
    order = np.argsort(-values, kind="stable")
    if request.top_k:
        values[order[request.top_k :]] = -np.inf
    p = np.exp(values - values.max())
    p /= p.sum()
    sorted_p = p[order]
    keep = (np.cumsum(sorted_p) - sorted_p < request.top_p) & (
        sorted_p >= request.min_p * sorted_p[0]
    )
    keep[0] = True
    p[order[~keep]] = 0
    return p / p.sum()


def test_the_cheapest_computation_is_chosen() -> None:
    def candidates(**values: Any) -> int:
        return Sampler.for_requests([SamplingParams(**values)], 100).num_candidates

    assert candidates(temperature=0) == candidates(temperature=1, top_k=1) == 1
    assert candidates(temperature=1, top_k=20) == 32
    assert candidates(temperature=1, top_k=33) == 64
    assert candidates(temperature=1, top_k=0) == candidates(temperature=1, top_k=200) == 100


@pytest.mark.parametrize("mate", [{}, {"top_k": 0}, {"top_k": 0, "top_p": 1.0}])
def test_temperature_zero_is_the_arg_max_in_any_company(mate: dict[str, Any]) -> None:
    greedy = SamplingParams(temperature=0, top_k=0, top_p=1.0)
    for other in ([], [SamplingParams(temperature=5.0, **mate)]):
        requests = [greedy, *other]
        chosen = draw(requests, [LOGITS] * len(requests), [0.999] * len(requests))
        assert chosen.token[0].item() == 1


@given(
    logits=st.lists(
        st.integers(-40, 40).map(lambda i: i / 4), min_size=4, max_size=12, unique=True
    ),
    temperature=st.sampled_from([0.3, 0.7, 1.0, 2.0]),
    top_k=st.sampled_from([0, 1, 2, 3]),
    top_p=st.sampled_from([0.1, 0.5, 0.9, 1.0]),
    min_p=st.sampled_from([0.0, 0.05, 0.3]),
)
def test_draws_follow_the_filtered_distribution(
    logits: list[float], temperature: float, top_k: int, top_p: float, min_p: float
) -> None:
    request = SamplingParams(temperature=temperature, top_k=top_k, top_p=top_p, min_p=min_p)
    n = 400
    drawn = np.bincount(tokens_over_the_interval(request, logits, n), minlength=len(logits)) / n
    # Rounding at a filter's edge may let one token in or out: then its mass is next to nothing.
    assert np.abs(drawn - reference(request, logits)).max() <= 2 / n + 1e-3


@given(st.floats(0, 1, exclude_max=True, width=32))
def test_a_token_of_probability_zero_is_never_drawn(uniform: float) -> None:
    request = SamplingParams(temperature=1.0, top_k=2)
    assert draw([request], [LOGITS], [uniform]).token.item() in (1, 2)


@pytest.mark.parametrize("values", [{"top_p": 1e-12}, {"top_p": 1e-7}, {"min_p": 1.0}], ids=str)
@pytest.mark.parametrize("top_k", [0, 3])
def test_a_filter_leaves_the_best_token_at_least(top_k: int, values: dict[str, Any]) -> None:
    """1 - 1e-12 is 1 in float32."""
    request = SamplingParams(temperature=1.0, top_k=top_k, **values)
    assert tokens_over_the_interval(request, LOGITS, 20) == [1] * 20


@pytest.mark.parametrize("temperature", [1e-6, 1e-38, 1e-46])
@pytest.mark.parametrize("top_k", [0, 3])
def test_a_temperature_next_to_zero_is_greedy(temperature: float, top_k: int) -> None:
    request = SamplingParams(temperature=temperature, top_k=top_k)
    assert tokens_over_the_interval(request, LOGITS, 20) == [1] * 20


def test_steps_are_compiled_for_few_sizes_of_top_k() -> None:
    sizes = {
        Sampler.for_requests([SamplingParams(temperature=1, top_k=k)], 10_000).num_candidates
        for k in range(2, 129)
    }
    assert sizes == {32, 64, 128}


def test_logprobs_are_of_the_models_own_distribution() -> None:
    request = SamplingParams(temperature=0.1, top_k=1, logprobs=True, top_logprobs=3)
    chosen = draw([request], [LOGITS], [0.5])
    expected = np.array(LOGITS) - np.log(np.exp(LOGITS).sum())
    assert chosen.logprob is not None
    assert chosen.top_ids is not None
    assert chosen.logprob.item() == pytest.approx(expected[1], abs=1e-5)
    assert chosen.top_ids.tolist() == [[1, 2, 0]]
    np.testing.assert_allclose(np.array(chosen.top_logprobs)[0], expected[[1, 2, 0]], atol=1e-5)


def test_no_logprobs_are_computed_unasked() -> None:
    chosen = draw([SamplingParams()], [LOGITS], [0.5])
    assert chosen.logprob is None
    assert len(chosen.arrays()) == 2  # the token, and the sum of the logits
