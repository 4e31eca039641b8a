"""When memory is short: which requests wait, are recomputed, or end early."""

from __future__ import annotations

import dataclasses

import mlx.core as mx
import pytest

from qwen3mlx.errors import MemoryBudgetError
from qwen3mlx.generate import Decoder, ThinkingMeter
from qwen3mlx.model import load_model
from qwen3mlx.thought import Thought
from tests.engine.support import (
    PROMPTS,
    Request,
    bytes_per_token,
    finish,
    ids_alone,
    run,
    scheduler_for,
)
from tests.engine.traffic import TINY
from tests.support.checkpoints import write_checkpoint

# Of a stack of 256 positions in a model of two layers: a second slot takes as much meanwhile.
ONE_LAYER = 128


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
    limit = decoder.model.nbytes + (3 * 256 + ONE_LAYER) * bytes_per_token(decoder)
    scheduler = scheduler_for(decoder, limit=limit)
    requests = [Request([i % 300 for i in range(250)], max_tokens=12, seed=i) for i in range(2)]
    for request in requests:
        scheduler.submit(request.sequence)
    while not all(request.ids for request in requests):
        scheduler.step()
    scheduler._budget.weights += (300 + ONE_LAYER) * bytes_per_token(decoder)
    finish(scheduler, *requests)
    for request in requests:
        assert request.reason == "length"
        assert 0 < len(request.ids) < 12
    assert scheduler._budget.live == 0


def test_forced_tokens_that_memory_has_no_room_for_end_the_only_answer(decoder):
    limit = decoder.model.nbytes + 256 * bytes_per_token(decoder)
    meter = ThinkingMeter(Thought("inside", None, 70), budget=3, early_stop_ids=range(40, 71))
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
        return [ThinkingMeter(Thought("inside", None, 70), budget=3, early_stop_ids=forced), None]

    requests = [
        Request(prompt, max_tokens=60, meter=meter)
        for prompt, meter in zip(prompts, meters(), strict=True)
    ]
    for request in requests:
        scheduler.submit(request.sequence)
    finish(scheduler, *requests)
    for prompt, meter, request in zip(prompts, meters(), requests, strict=True):
        assert request.ids == ids_alone(decoder, prompt, max_tokens=60, meter=meter)


def test_the_only_request_ends_where_memory_does(decoder):
    limit = decoder.model.nbytes + 256 * bytes_per_token(decoder)
    request = run(scheduler_for(decoder, limit=limit), [1, 2, 3], max_tokens=1000)
    assert request.reason == "length"
    assert len(request.ids) == pytest.approx(256 - 3, abs=2)


@pytest.mark.slow
def test_a_row_grows_within_its_memory_while_a_step_is_under_way(tmp_path):
    """Of 3,500 tokens at least 95%, and the old row never beside the new one."""
    shape = dataclasses.replace(TINY, num_hidden_layers=36)
    model = load_model(write_checkpoint(tmp_path, shape, dtype="float32"))
    decoder = Decoder(model, eager_steps=10**9)
    kv_bytes = 3500 * bytes_per_token(decoder)
    scheduler = scheduler_for(decoder, limit=model.nbytes + kv_bytes)
    request = Request([i % 60 for i in range(3060)], max_tokens=10_000)
    scheduler.submit(request.sequence)
    while not request.ids:
        scheduler.step()
    while scheduler.prefixes.evict():  # they are in the way, and would be evicted later
        pass
    scheduler.step()
    row = request.sequence.row
    mx.synchronize()
    before, capacity = mx.get_active_memory(), row.capacity
    mx.reset_peak_memory()
    while row.capacity == capacity:
        scheduler.step()
    peak, used = mx.get_peak_memory(), scheduler.runner.pool.nbytes
    assert used <= kv_bytes
    assert peak - before <= used - (capacity + 1) * bytes_per_token(decoder) + used / 36 + 2 * 10**6
    finish(scheduler, request)
    assert request.reason == "length"
    assert 0.95 * 3500 <= len(request.sequence.ids) <= 3500
