from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen3mlx.errors import MemoryBudgetError
from qwen3mlx.generate import Decoder, ThinkingMeter
from tests.engine.support import (
    Request,
    Ticks,
    bytes_per_token,
    finish,
    ids_alone,
    run,
    scheduler_for,
)

PROMPTS = [[5, 17, 200, 31, 8], [i * 7 % 300 for i in range(300)], [9], [44, 45, 46] * 30]

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
    kept = [r for r in requests if r[0].is_done or not r[0].sequence.ended]
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
    meters = [ThinkingMeter(None, 70, inside=True, budget=3, early_stop_ids=forced), None]
    requests = [Request(PROMPTS[0], meter=meter, max_tokens=12) for meter in meters]
    for request in requests:
        scheduler.submit(request.sequence)
    finish(scheduler, *requests)
    meter = ThinkingMeter(None, 70, inside=True, budget=3, early_stop_ids=forced)
    assert requests[0].ids == ids_alone(decoder, PROMPTS[0], meter=meter, max_tokens=12)
    assert requests[0].ids[3:6] == list(forced)
    assert requests[1].ids == ids_alone(decoder, PROMPTS[0], max_tokens=12)


def test_a_budget_for_thinking_may_force_a_single_token(decoder):
    meter = ThinkingMeter(None, 70, inside=True, budget=3, early_stop_ids=(70,))
    request = run(scheduler_for(decoder), PROMPTS[0], meter=meter, max_tokens=12)
    assert request.ids[3] == 70
    # What follows is what follows the forced token, not the one that was under way.
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


class Odd:
    """A constraint that lets odd ids through, from the third token on."""

    is_unchecked = False

    def __init__(self, fails_at: int | None = None) -> None:
        self.seen = 0
        self.fails_at = fails_at

    def mask(self) -> bytes | None:
        if self.fails_at == self.seen:
            raise RuntimeError("a broken processor")
        return b"\xaa" * 40 if self.seen >= 2 else None

    def observe(self, token_id: int) -> int:
        self.seen += 1
        return 0


class SecondThoughts:
    """A constraint that takes the first token back, once."""

    is_unchecked = False

    def __init__(self) -> None:
        self.seen = 0

    def mask(self) -> bytes | None:
        return None

    def observe(self, token_id: int) -> int:
        self.seen += 1
        return int(self.seen == 1)


def test_after_all_was_taken_back_the_prompt_counts_as_nothing_generated(decoder):
    """The step that goes on feeds the prompt's last token."""
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


def test_a_fault_of_one_request_fails_that_request(decoder, scheduler):
    good, bad = Request(PROMPTS[0]), Request(PROMPTS[1], constraint=Odd(fails_at=4))
    for request in (good, bad):
        scheduler.submit(request.sequence)
    finish(scheduler, good, bad)
    assert good.ids == ids_alone(decoder, PROMPTS[0])
    assert str(bad.error) == "a broken processor"
    assert len(bad.ids) == 3  # the fourth was not handed out yet


def test_a_fault_in_the_common_step_fails_only_the_one_that_has_it(
    decoder, scheduler, monkeypatch, caplog
):
    good = Request(PROMPTS[0], max_tokens=60)
    other = Request(PROMPTS[3], max_tokens=60, temperature=1.0, seed=1)
    bad = Request(PROMPTS[2], max_tokens=60)
    step = decoder.step

    def fail_with_the_bad_one(token, caches, *rest):
        if len(bad.ids) > 3 and bad.sequence.row in caches:
            raise RuntimeError("a broken row")
        return step(token, caches, *rest)

    monkeypatch.setattr(decoder, "step", fail_with_the_bad_one)
    for request in (good, bad, other):
        scheduler.submit(request.sequence)
    finish(scheduler, good, bad, other)
    assert str(bad.error) == "a broken row"
    assert good.ids == ids_alone(decoder, PROMPTS[0], max_tokens=60)
    assert other.ids == ids_alone(decoder, PROMPTS[3], max_tokens=60, temperature=1.0, seed=1)
    assert "trying each alone" in caplog.text


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


def test_a_prompt_that_cannot_fit_is_refused_before_any_work(decoder):
    limit = decoder.model.nbytes + 512 * bytes_per_token(decoder)
    scheduler = scheduler_for(decoder, limit=limit)
    with pytest.raises(MemoryBudgetError, match="1,000 tokens"):
        scheduler.submit(Request(list(range(300)) * 3 + [1] * 100).sequence)
    assert scheduler.is_idle
    assert run(scheduler, PROMPTS[0]).ids == ids_alone(decoder, PROMPTS[0])


def test_requests_wait_for_memory_and_all_are_answered(decoder):
    limit = decoder.model.nbytes + 600 * bytes_per_token(decoder)
    scheduler = scheduler_for(decoder, limit=limit)
    requests = [Request([i + 1, 2, 3], max_tokens=5) for i in range(5)]
    for request in requests:
        scheduler.submit(request.sequence)
    while not all(request.is_done for request in requests):
        scheduler.step()
        assert scheduler._budget.live + scheduler._budget.prefixes <= 600 * bytes_per_token(decoder)
    for i, request in enumerate(requests):
        assert request.ids == ids_alone(decoder, [i + 1, 2, 3], max_tokens=5)


def test_where_memory_runs_out_the_last_to_come_starts_over_later(decoder):
    """Both need a second step of capacity; there is room for three steps."""
    limit = decoder.model.nbytes + 3 * 256 * bytes_per_token(decoder)
    scheduler = scheduler_for(decoder, limit=limit)
    prompts = [[i % 300 for i in range(250)], [i * 3 % 300 for i in range(250)]]
    requests = [Request(prompt, max_tokens=12) for prompt in prompts]
    for request in requests:
        scheduler.submit(request.sequence)
    finish(scheduler, *requests)
    for prompt, request in zip(prompts, requests, strict=True):
        assert request.ids == ids_alone(decoder, prompt, max_tokens=12)
    assert scheduler._budget.live == 0


def test_a_request_whose_memory_went_to_another_model_is_refused(decoder):
    scheduler = scheduler_for(decoder, limit=decoder.model.nbytes + 900 * bytes_per_token(decoder))
    running = Request(PROMPTS[0], max_tokens=20)
    waiting = Request([i % 300 for i in range(700)], max_tokens=2)
    scheduler.submit(running.sequence)
    scheduler.step()
    scheduler.submit(waiting.sequence)
    scheduler._budget.weights += 300 * bytes_per_token(decoder)
    finish(scheduler, running, waiting)
    assert isinstance(waiting.error, MemoryBudgetError)
    assert len(running.ids) == 20


def test_an_answer_that_outgrew_the_memory_while_it_waited_ends_there(decoder):
    limit = decoder.model.nbytes + 3 * 256 * bytes_per_token(decoder)
    scheduler = scheduler_for(decoder, limit=limit)
    requests = [Request([i % 300 for i in range(250)], max_tokens=12, seed=i) for i in range(2)]
    for request in requests:
        scheduler.submit(request.sequence)
    while not all(request.ids for request in requests):
        scheduler.step()
    scheduler._budget.weights += 300 * bytes_per_token(decoder)
    finish(scheduler, *requests)
    for request in requests:
        assert request.reason == "length"
        assert 0 < len(request.ids) < 12
    assert scheduler._budget.live == 0


def test_forced_tokens_that_memory_has_no_room_for_end_the_only_answer(decoder):
    limit = decoder.model.nbytes + 256 * bytes_per_token(decoder)
    meter = ThinkingMeter(None, 70, inside=True, budget=3, early_stop_ids=range(40, 71))
    request = Request([i % 300 for i in range(240)], max_tokens=60, meter=meter)
    scheduler = scheduler_for(decoder, limit=limit)
    scheduler.submit(request.sequence)
    finish(scheduler, request)
    assert request.reason == "length"
    assert request.ids[3:] == list(range(40, 71))
    assert scheduler._budget.live == 0


def test_forced_tokens_make_the_last_to_come_start_over(decoder):
    """The first needs the second step of capacity in the middle of the other's answer."""
    limit = decoder.model.nbytes + 3 * 256 * bytes_per_token(decoder)
    scheduler = scheduler_for(decoder, limit=limit)
    forced = [*range(40, 70), 70]
    prompts = [[i % 300 for i in range(240)], [i * 3 % 300 for i in range(200)]]

    def meters():
        return [ThinkingMeter(None, 70, inside=True, budget=3, early_stop_ids=forced), None]

    requests = [
        Request(prompt, max_tokens=60, meter=meter)
        for prompt, meter in zip(prompts, meters(), strict=True)
    ]
    for request in requests:
        scheduler.submit(request.sequence)
    finish(scheduler, *requests)
    for prompt, meter, request in zip(prompts, meters(), requests, strict=True):
        assert request.ids == ids_alone(decoder, prompt, max_tokens=60, meter=meter)


def test_a_fault_while_a_request_leaves_is_no_fault_of_its_answer(
    decoder, scheduler, monkeypatch, caplog
):
    """What is kept for others could not be: the answer is whole, and the others go on."""
    short, long = Request(PROMPTS[0], max_tokens=4), Request(PROMPTS[1], max_tokens=20)
    for request in (short, long):
        scheduler.submit(request.sequence)
    put = scheduler.prefixes.put

    def fail_at_the_end_of_the_short_one(ids, row, *, whole):
        if row is short.sequence.row and short.sequence.ended:
            raise RuntimeError("no memory")
        put(ids, row, whole=whole)

    monkeypatch.setattr(scheduler.prefixes, "put", fail_at_the_end_of_the_short_one)
    finish(scheduler, short, long)
    assert short.reason == "length"
    assert short.ids == ids_alone(decoder, PROMPTS[0], max_tokens=4)
    assert long.ids == ids_alone(decoder, PROMPTS[1], max_tokens=20)
    assert "start over" in caplog.text
    assert scheduler._budget.live == 0


def test_all_requests_can_be_failed_whatever_the_pool_holds(scheduler, monkeypatch):
    requests = [Request(prompt) for prompt in PROMPTS]
    for request in requests:
        scheduler.submit(request.sequence)
    scheduler.step()

    def broken(row):
        raise RuntimeError("the arrays are broken")

    monkeypatch.setattr(scheduler.pool, "release", broken)
    scheduler.fail_all(RuntimeError("a fault"))
    assert [str(request.error) for request in requests] == ["a fault"] * len(requests)
    assert scheduler.is_idle
    assert scheduler._budget.live == 0


def test_the_only_request_ends_where_memory_does(decoder):
    limit = decoder.model.nbytes + 256 * bytes_per_token(decoder)
    request = run(scheduler_for(decoder, limit=limit), [1, 2, 3], max_tokens=1000)
    assert request.reason == "length"
    assert len(request.ids) == pytest.approx(256 - 3, abs=2)
