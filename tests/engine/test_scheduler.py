from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen3mlx.engine.sequence import Status
from qwen3mlx.generate import Decoder, ThinkingMeter
from qwen3mlx.thought import Thought
from tests.engine.support import (
    PROMPTS,
    Odd,
    Request,
    Ticks,
    finish,
    ids_alone,
    run,
    scheduler_for,
)

KINDS = [
    {},
    {"temperature": 0.9, "seed": 4},
    {"temperature": 1.2, "top_k": 0, "top_p": 0.9, "seed": 5},
    {"presence_penalty": 1.0, "repetition_penalty": 1.3, "logit_bias": {3: 4.0}},
    {"min_tokens": 5, "stop_ids": [7], "logit_bias": {7: 3.0}},
    {"temperature": 0.7, "seed": 1, "logprobs": True, "top_logprobs": 2},
]


@settings(max_examples=12)
@given(
    joins=st.lists(
        st.tuples(
            st.sampled_from(PROMPTS),
            st.sampled_from(KINDS),
            st.integers(1, 14),
            st.integers(0, 6),
            st.booleans(),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_an_answer_is_the_same_alone_and_in_any_batch(decoder, joins):
    """Requests join after some steps; some are cancelled on the way."""
    scheduler = scheduler_for(decoder)
    requests = []
    for prompt, kind, max_tokens, delay, is_cancelled in joins:
        for _ in range(delay):
            scheduler.step()
        request = Request(prompt, max_tokens=max_tokens, **kind)
        scheduler.submit(request.sequence)
        requests.append((request, prompt, kind, max_tokens))
        if is_cancelled:
            scheduler.step()
            scheduler.cancel(request.sequence)
    kept = [r for r in requests if r[0].is_done or r[0].sequence.status is not Status.ENDED]
    finish(scheduler, *(request for request, *_ in kept))
    for request, prompt, kind, max_tokens in kept:
        assert request.ids == ids_alone(decoder, prompt, max_tokens=max_tokens, **kind)
    for request, prompt, kind, max_tokens in requests:
        expected = ids_alone(decoder, prompt, max_tokens=max_tokens, **kind)
        assert request.ids == expected[: len(request.ids)]
    assert scheduler.is_idle
    assert scheduler._budget.live == 0


def test_logprobs_in_a_batch_are_those_of_the_request_alone(decoder, scheduler):
    asked = Request(PROMPTS[0], logprobs=True, top_logprobs=3)
    other = Request(PROMPTS[1], temperature=1.0, seed=3)
    for request in (other, asked):
        scheduler.submit(request.sequence)
    finish(scheduler, asked, other)
    alone = run(scheduler_for(decoder), PROMPTS[0], logprobs=True, top_logprobs=3)
    for one, two in zip(asked.tokens, alone.tokens, strict=True):
        assert one.logprob == pytest.approx(two.logprob, abs=1e-4)
        assert [i for i, _ in one.top] == [i for i, _ in two.top]


def test_running_requests_share_one_forward_pass_per_token(decoder, scheduler, monkeypatch):
    rows = []
    step = decoder.step
    monkeypatch.setattr(
        decoder, "step", lambda token, *rest: rows.append(token.shape[0]) or step(token, *rest)
    )
    requests = [Request([i + 1, 2, 3], max_tokens=20) for i in range(4)]
    for request in requests:
        scheduler.submit(request.sequence)
    finish(scheduler, *requests)
    assert max(rows) == 4
    assert len(rows) < 2 * 20


def test_at_most_max_running_are_in_memory(decoder):
    scheduler = scheduler_for(decoder, max_running=2)
    requests = [Request([i + 1, 2, 3], max_tokens=5) for i in range(5)]
    for request in requests:
        scheduler.submit(request.sequence)
    most = 0
    while not all(request.is_done for request in requests):
        scheduler.step()
        most = max(most, len(scheduler.running))
    assert most == 2


def test_a_short_prompt_passes_a_long_one(decoder, scheduler):
    long = Request([i * 7 % 300 for i in range(1200)], max_tokens=1)
    short = Request([1, 2, 3], max_tokens=1)
    scheduler.submit(long.sequence)
    scheduler.step()
    scheduler.submit(short.sequence)
    finish(scheduler, short)
    assert not long.is_done
    finish(scheduler, long)


def test_streams_go_on_while_a_long_prompt_is_computed(decoder, scheduler, monkeypatch):
    monkeypatch.setattr("qwen3mlx.engine.runner.time", Ticks())
    monkeypatch.setattr("qwen3mlx.engine.scheduler.time", Ticks())
    stream = Request([1, 2, 3], max_tokens=500)
    scheduler.submit(stream.sequence)
    while len(stream.ids) < 5:
        scheduler.step()
    long = Request([i * 7 % 300 for i in range(1500)], max_tokens=1)
    scheduler.submit(long.sequence)
    pieces = []
    while not long.is_done and not stream.is_done:
        before = len(stream.ids), len(long.progress)
        scheduler.step()
        pieces.append((len(stream.ids) - before[0], len(long.progress) - before[1]))
    # Every step brings the stream a token, and no piece of the prompt keeps it waiting for two.
    assert all(tokens == 1 for tokens, _ in pieces)
    assert len(long.progress) > 2


def test_the_same_beginning_is_computed_once(decoder, scheduler):
    prompt = [i * 7 % 300 for i in range(700)]
    first, second = Request([*prompt, 1], max_tokens=2), Request([*prompt, 2], max_tokens=2)
    for request in (first, second):
        scheduler.submit(request.sequence)
    finish(scheduler, first, second)
    assert first.cached_tokens == 0
    assert second.cached_tokens >= 512
    assert second.ids == ids_alone(decoder, [*prompt, 2], max_tokens=2)


@pytest.mark.parametrize("length", [100, 300])
def test_the_same_prompt_is_computed_once_however_short(decoder, scheduler, length):
    prompt = [5 + i % 90 for i in range(length)]
    requests = [Request(prompt, max_tokens=4, seed=seed, temperature=0.8) for seed in range(3)]
    other = Request([*prompt[:60], 7, 8, 9], max_tokens=4)
    for request in [*requests, other]:
        scheduler.submit(request.sequence)
    finish(scheduler, *requests, other)
    # The shorter one comes first.
    assert other.cached_tokens == 0
    cached = sorted(request.cached_tokens for request in requests)
    assert cached == [60, length - 1, length - 1]
    for seed, request in enumerate(requests):
        alone = ids_alone(decoder, prompt, max_tokens=4, seed=seed, temperature=0.8)
        assert request.ids == alone


def test_a_few_tokens_in_common_are_not_waited_for(scheduler):
    long = Request([5] * 20 + [6] * 3000, max_tokens=1)
    short = Request([5] * 20 + [7] * 10, max_tokens=1)
    scheduler.submit(long.sequence)
    scheduler.step()
    scheduler.submit(short.sequence)
    finish(scheduler, short)
    assert not long.is_done


def test_a_budget_for_thinking_acts_inside_a_batch(decoder, scheduler):
    forced = (50, 60, 70)
    meters = [ThinkingMeter(Thought("inside", None, 70), budget=3, early_stop_ids=forced), None]
    requests = [Request(PROMPTS[0], meter=meter, max_tokens=12) for meter in meters]
    for request in requests:
        scheduler.submit(request.sequence)
    finish(scheduler, *requests)
    meter = ThinkingMeter(Thought("inside", None, 70), budget=3, early_stop_ids=forced)
    assert requests[0].ids == ids_alone(decoder, PROMPTS[0], meter=meter, max_tokens=12)
    assert requests[0].ids[3:6] == list(forced)
    assert requests[1].ids == ids_alone(decoder, PROMPTS[0], max_tokens=12)


def test_a_budget_for_thinking_may_force_a_single_token(decoder):
    meter = ThinkingMeter(Thought("inside", None, 70), budget=3, early_stop_ids=(70,))
    request = run(scheduler_for(decoder), PROMPTS[0], meter=meter, max_tokens=12)
    assert request.ids[3] == 70
    # The next token follows the forced one, not the one that was in flight.
    assert request.ids[4:] == ids_alone(decoder, [*PROMPTS[0], *request.ids[:4]], max_tokens=8)


def test_no_tokens_asked_for_still_warms_the_prefix_cache(decoder, scheduler):
    request = run(scheduler, PROMPTS[1], max_tokens=0)
    assert (request.ids, request.reason) == ([], "length")
    assert request.progress[-1].done == len(PROMPTS[1])
    assert scheduler._budget.live == 0
    assert run(scheduler, [*PROMPTS[1], 5]).cached_tokens == len(PROMPTS[1])


@pytest.mark.parametrize("kv_bits", [8, 4])
def test_quantized_rows_share_a_batch(model, kv_bits):
    decoder = Decoder(dataclasses.replace(model, kv_bits=kv_bits))
    requests = [Request(prompt) for prompt in PROMPTS]
    scheduler = scheduler_for(decoder)
    for request in requests:
        scheduler.submit(request.sequence)
    finish(scheduler, *requests)
    for prompt, request in zip(PROMPTS, requests, strict=True):
        assert request.ids == ids_alone(decoder, prompt)


class SecondThoughts:
    """A constraint that takes the first token back, once."""

    is_unchecked = False

    def __init__(self) -> None:
        self.seen = 0

    def mask(self) -> bytes | None:
        return None

    def announce(self, token_id: int) -> None:
        pass

    def observe(self, token_id: int) -> int:
        self.seen += 1
        return int(self.seen == 1)


def test_after_all_was_taken_back_the_prompt_counts_as_nothing_generated(decoder):
    """The continuing step feeds the prompt's last token."""
    kind = {"presence_penalty": 2.0, "frequency_penalty": 2.0, "logit_bias": {8: 12.0}}
    expected = ids_alone(decoder, PROMPTS[0], **kind)
    assert expected[0] == PROMPTS[0][-1] == 8
    request = run(scheduler_for(decoder), PROMPTS[0], constraint=SecondThoughts(), **kind)
    assert request.ids == expected


def test_a_mask_binds_its_own_request_only(decoder, scheduler):
    free, bound = Request(PROMPTS[0]), Request(PROMPTS[0], constraint=Odd())
    for request in (free, bound):
        scheduler.submit(request.sequence)
    finish(scheduler, free, bound)
    assert free.ids == ids_alone(decoder, PROMPTS[0])
    assert bound.ids == ids_alone(decoder, PROMPTS[0], constraint=Odd())
    assert bound.ids[:2] == free.ids[:2]
    assert all(i % 2 for i in bound.ids[2:])
    assert not all(i % 2 for i in free.ids[2:])


def test_a_cancelled_request_leaves_at_once_and_its_work_is_kept(decoder, scheduler):
    request = Request(PROMPTS[1], max_tokens=100)
    scheduler.submit(request.sequence)
    while len(request.ids) < 3:
        scheduler.step()
    scheduler.cancel(request.sequence)
    assert scheduler.is_idle
    assert scheduler._budget.live == 0
    scheduler.cancel(request.sequence)  # twice does no harm
    again = run(scheduler, PROMPTS[1], max_tokens=4)
    assert again.cached_tokens == len(PROMPTS[1]) - 1
