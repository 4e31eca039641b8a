"""A request's output does not depend on the other requests in its batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen3mlx.generate import Decoder, ThinkingMeter
from qwen3mlx.thought import Thought
from tests.engine.support import Request, finish, run, scheduler_for

PROMPTS = [[5, 17, 200, 31, 8], [9], [44, 45, 46] * 15, [i * 7 % 300 for i in range(150)]]
SETTINGS: list[dict[str, Any]] = [
    {},
    {"temperature": 0.6, "top_p": 0.95, "top_k": 20, "seed": 1},
    {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "seed": 2},
    {"temperature": 1.2, "top_k": 0, "top_p": 0.9, "seed": -2},
    {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "min_p": 0.1, "seed": 4},
    {"temperature": 2.0, "top_k": 50, "top_p": 0.7, "min_p": 0.05, "seed": 2**64 - 1},
    {"temperature": 0.9, "top_k": 1, "seed": 6},
    {"repetition_penalty": 1.5},
    {"repetition_penalty": 0.7, "temperature": 1.0, "seed": 7},
    {"presence_penalty": 1.5, "frequency_penalty": 0.5, "temperature": 1.0, "seed": 8},
    {"logit_bias": {3: 6.0, 7: -100.0}, "temperature": 1.5, "top_k": 0, "seed": 9},
    {"min_tokens": 4, "stop_ids": [7, 9, 30], "logit_bias": {7: 8.0}},
    {"stop_ids": list(range(0, 300, 5)), "temperature": 1.0, "top_k": 0, "seed": 10},
    {"logprobs": True},
    {"logprobs": True, "top_logprobs": 3, "temperature": 0.8, "seed": 11},
    {"logprobs": True, "top_logprobs": 20, "temperature": 1.0, "top_k": 0, "seed": 12},
    {"logprobs": True, "top_logprobs": 8, "repetition_penalty": 1.2, "min_tokens": 3},
]


def request(values: Mapping[str, Any], prompt: Sequence[int]) -> Request:
    """Even ones have a budget for thinking that forces tokens on them."""
    forced = SETTINGS.index(dict(values)) % 2 == 0
    meter = ThinkingMeter(Thought("inside", None, 299), budget=3, early_stop_ids=[8, 299])
    return Request(prompt, max_tokens=8, meter=meter if forced else None, **values)


_alone: dict[str, Request] = {}


def alone(decoder: Decoder, values: Mapping[str, Any], prompt: Sequence[int]) -> Request:
    key = repr((id(decoder), values, prompt))
    if key not in _alone:
        scheduler = scheduler_for(decoder)
        _alone[key] = request(values, prompt)
        scheduler.submit(_alone[key].sequence)
        finish(scheduler, _alone[key])
    return _alone[key]


def assert_same(got: Request, expected: Request) -> None:
    """Batches of other sizes sum in another order: logprobs differ in their last digits."""
    assert got.ids == expected.ids
    assert got.reason == expected.reason
    for one, two in zip(got.tokens, expected.tokens, strict=True):
        assert one.logprob == pytest.approx(two.logprob, abs=1e-4)
        assert [i for i, _ in one.top] == [i for i, _ in two.top]
        assert [x for _, x in one.top] == pytest.approx([x for _, x in two.top], abs=1e-4)


def assert_all_as_alone(
    decoder: Decoder, asked: Sequence[tuple[Mapping[str, Any], Sequence[int], int]]
) -> None:
    """Let each of `asked` join the batch this many steps after the previous one."""
    scheduler, requests = scheduler_for(decoder), []
    for values, prompt, delay in asked:
        for _ in range(delay):
            scheduler.step()
        requests.append(request(values, prompt))
        scheduler.submit(requests[-1].sequence)
    finish(scheduler, *requests)
    for got, (values, prompt, _) in zip(requests, asked, strict=True):
        assert_same(got, alone(decoder, values, prompt))


@settings(max_examples=8)
@given(
    st.lists(
        st.tuples(st.sampled_from(SETTINGS), st.sampled_from(PROMPTS), st.integers(0, 4)),
        min_size=2,
        max_size=6,
    )
)
def test_a_request_in_any_company_is_as_alone(
    decoder: Decoder, asked: list[tuple[dict[str, Any], list[int], int]]
) -> None:
    assert_all_as_alone(decoder, asked)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("prompt", PROMPTS, ids=lambda prompt: f"{len(prompt)}-tokens")
def test_every_pair_of_settings(decoder: Decoder, prompt: list[int]) -> None:
    for one, two in combinations(SETTINGS, 2):
        assert_all_as_alone(decoder, [(one, prompt, 0), (two, PROMPTS[0], 1)])


def test_each_request_is_told_what_it_asked_for(decoder: Decoder) -> None:
    asked = {None: {}, 0: {"logprobs": True}}
    asked |= {n: {"logprobs": True, "top_logprobs": n} for n in (1, 5, 20)}
    scheduler = scheduler_for(decoder)
    requests = {n: Request(PROMPTS[0], **values) for n, values in asked.items()}
    for one in requests.values():
        scheduler.submit(one.sequence)
    finish(scheduler, *requests.values())
    for n, one in requests.items():
        assert {len(token.top) for token in one.tokens} == {n or 0}
        assert {token.logprob is None for token in one.tokens} == {n is None}
        values = [[x for _, x in token.top] for token in one.tokens]
        assert all(row == sorted(row, reverse=True) for row in values)


def test_a_seed_and_its_negative_are_two(decoder: Decoder) -> None:
    seeds = [5, -5, 2**64 - 5, 0, 2**63, -(2**63), 2**64 - 1, -1]
    texts = {
        tuple(run(scheduler_for(decoder), [9], temperature=5.0, top_k=0, top_p=1.0, seed=seed).ids)
        for seed in seeds
    }
    assert len(texts) == len(seeds)


def test_repetition_of_the_prompt_is_penalized(decoder: Decoder) -> None:
    """Such a strong penalty that greedy decoding never repeats a token."""
    prompt = PROMPTS[3]
    ids = run(scheduler_for(decoder), prompt, repetition_penalty=100.0).ids
    assert len({*prompt, *ids}) == len(prompt) + len(ids)
    assert not set(run(scheduler_for(decoder), prompt).ids).isdisjoint(prompt)
