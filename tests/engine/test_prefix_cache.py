from __future__ import annotations

import dataclasses

import mlx.core as mx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen3mlx.config import LoadOptions
from qwen3mlx.engine.prefix_blocks import PrefixBlocks
from qwen3mlx.engine.prefix_index import BLOCK
from qwen3mlx.generate import Decoder
from qwen3mlx.model import KVPool, KVRoomError, load_model
from tests.engine.support import (
    Request,
    bytes_per_token,
    finish,
    ids_alone,
    run,
    scheduler_for,
)
from tests.support.checkpoints import DENSE, write_checkpoint

LONG = [i * 7 % 300 for i in range(BLOCK + 60)]


@settings(max_examples=10)
@given(
    turns=st.lists(
        st.tuples(st.integers(0, 400), st.lists(st.integers(0, 319), min_size=1, max_size=9)),
        min_size=1,
        max_size=6,
    )
)
def test_it_never_changes_an_answer(decoder, turns):
    """Continue from a point in earlier text with each prompt, as edited and stripped chats do."""
    scheduler = scheduler_for(decoder)
    past = LONG
    for keep, new in turns:
        prompt = [*past[:keep], *new]
        request = run(scheduler, prompt, max_tokens=4)
        assert request.ids == ids_alone(decoder, prompt, max_tokens=4)
        assert request.cached_tokens < len(prompt)
        past = [*prompt, *request.ids, *past]


def test_the_next_turn_computes_only_what_is_new(scheduler):
    first = run(scheduler, LONG)
    turn = run(scheduler, [*LONG, *first.ids, 1, 2, 3])
    assert turn.cached_tokens == len(LONG) + len(first.ids) - 1


def test_a_turn_that_was_rewritten_is_used_up_to_the_last_common_token(scheduler):
    """Remove the thinking of an earlier answer, as the template does."""
    run(scheduler, [*LONG, 1, 2, 3, 4, 5, 6, 7])
    assert run(scheduler, [*LONG, 1, 2, 99, 7, 8]).cached_tokens == len(LONG) + 2


def test_several_conversations_stay_hot(scheduler):
    starts = [[i, *LONG] for i in range(3)]
    for start in starts:
        run(scheduler, start)
    for start in starts:
        assert run(scheduler, [*start, 5]).cached_tokens >= len(start)


def test_the_whole_prompt_again_leaves_one_token_to_compute(scheduler):
    first = run(scheduler, LONG)
    again = run(scheduler, LONG)
    assert again.cached_tokens == len(LONG) - 1
    assert again.ids == first.ids


def test_nothing_is_found_under_another_salt(scheduler):
    first = run(scheduler, LONG, salt="ada")
    other = run(scheduler, LONG, salt="bob")
    assert (first.cached_tokens, other.cached_tokens) == (0, 0)
    assert other.ids == first.ids
    for salt in ("ada", "bob"):
        assert run(scheduler, LONG, salt=salt).cached_tokens == len(LONG) - 1
    assert run(scheduler, LONG).cached_tokens == 0


@pytest.mark.parametrize(("salts", "waits"), [(("ada", "bob"), False), (("ada", "ada"), True)])
def test_nobody_waits_for_the_prompt_of_another_salt(decoder, salts, waits):
    """A request with the same prefix as one being computed waits for its blocks, which takes time
    too.
    """
    scheduler = scheduler_for(decoder)
    one, other = (Request(LONG * 4, max_tokens=1, salt=salt) for salt in salts)
    scheduler.submit(one.sequence)
    scheduler.step()
    assert one.sequence.row is not None
    assert one.sequence.num_remaining
    scheduler.submit(other.sequence)
    assert scheduler.schedule._may_start(other.sequence) is not waits
    finish(scheduler, one, other)
    assert (other.cached_tokens > 0) is waits
    assert other.ids == one.ids


def test_a_salt_leaves_nothing_behind(scheduler):
    for number in range(5):
        run(scheduler, [number, *LONG[:50]], max_tokens=1, salt=str(number))
    while scheduler.prefixes.evict():
        pass
    assert scheduler.prefixes._roots == {}
    assert scheduler.prefixes.nbytes == 0


def test_common_beginnings_are_kept_once(decoder):
    scheduler = scheduler_for(decoder)
    for last in range(4):
        run(scheduler, [*LONG[:BLOCK], last], max_tokens=1)
    blocks = list(scheduler.prefixes._blocks())
    assert sum(len(block.ids) == BLOCK for block in blocks) == 1
    assert sum(len(block.ids) < BLOCK for block in blocks) == 4


def test_it_stays_within_its_bytes_and_lets_the_least_recently_used_go(scheduler):
    per_token = scheduler.runner.bytes_per_token
    scheduler._budget.prefix_limit = 2 * 120 * per_token
    prompts = [[i, *range(100)] for i in range(3)]
    for prompt in (prompts[0], prompts[1], prompts[0], prompts[2]):
        run(scheduler, prompt, max_tokens=2)
        assert scheduler._budget.prefixes <= scheduler._budget.prefix_limit
    assert scheduler.prefixes.match(prompts[1]) <= 1
    assert scheduler.prefixes.match(prompts[0]) >= 100
    assert scheduler.prefixes.match(prompts[2]) >= 100


def test_the_bytes_counted_are_those_of_the_arrays(decoder):
    scheduler = scheduler_for(decoder)
    for last in range(3):
        run(scheduler, [*LONG, last], max_tokens=3)
    assert scheduler.prefixes.nbytes == scheduler.runner.prefixes.nbytes > 0
    assert scheduler._budget.prefixes == scheduler.prefixes.nbytes
    assert set(scheduler.runner.prefixes.blocks) == set(scheduler.prefixes.numbers)
    scheduler.close(RuntimeError("closed"))
    assert scheduler._budget.prefixes == scheduler.runner.prefixes.nbytes == 0


def test_live_requests_take_memory_back_from_it(decoder):
    per_token = bytes_per_token(decoder)
    limit = decoder.model.nbytes + 1700 * per_token
    scheduler = scheduler_for(decoder, limit=limit)
    for i in range(4):
        run(scheduler, [i, *range(120)], max_tokens=1)
    assert scheduler._budget.prefixes > 400 * per_token
    big = [i * 3 % 300 for i in range(1000)]
    assert run(scheduler, big, max_tokens=1).ids == ids_alone(decoder, big, max_tokens=1)
    assert scheduler._budget.live + scheduler._budget.prefixes <= 1700 * per_token


def test_what_could_not_be_copied_is_not_kept(decoder, monkeypatch):
    scheduler = scheduler_for(decoder)
    concatenate, calls = mx.concatenate, []

    def run_out(arrays):
        calls.append(1)
        if len(calls) > 1:
            raise RuntimeError("no memory")
        return concatenate(arrays)

    request = Request(LONG, max_tokens=2)
    scheduler.submit(request.sequence)
    monkeypatch.setattr(mx, "concatenate", run_out)
    finish(scheduler, request)
    assert calls
    assert scheduler.prefixes.match(LONG) == 0
    assert scheduler._budget.prefixes == scheduler.prefixes.nbytes == 0
    assert scheduler.runner.prefixes.blocks == {}


@pytest.mark.parametrize("kv_bits", [None, 8])
def test_a_block_is_few_arrays_whatever_the_depth(kv_bits, tmp_path):
    shape = dataclasses.replace(DENSE, num_hidden_layers=7)
    options = LoadOptions(kv_bits=kv_bits)
    model = load_model(write_checkpoint(tmp_path, shape, dtype="float32"), options=options)
    scheduler = scheduler_for(Decoder(model))
    run(scheduler, LONG)
    blocks = scheduler.runner.prefixes.blocks.values()
    assert {len(block) for block in blocks} == {1 if kv_bits is None else 3}
    assert {array.shape[0] for block in blocks for array in block} == {2 * 7}


def test_a_row_too_short_for_a_hit_is_left_as_it_is(model, decoder):
    scheduler = scheduler_for(decoder)
    run(scheduler, LONG)
    row = scheduler.runner.pool.allocate(BLOCK - 10)
    with pytest.raises(KVRoomError):
        scheduler.runner.prefixes.fill(row, scheduler.prefixes.lookup(LONG))
    assert row.offset == 0
    assert not any(array.any().item() for layer in row.stack.layers for array in layer)


def test_a_hit_copies_what_it_reuses_once(model):
    """Into the request's own row, which is all the memory that it takes."""
    pool, prefixes = KVPool(model), PrefixBlocks()
    first = pool.allocate(len(LONG))
    model.last_hidden(mx.array([LONG]), first)
    first.advance(len(LONG))
    prefixes.copy(first, [(1, 0, BLOCK), (2, BLOCK, len(LONG) - BLOCK)])
    first.release()
    second = pool.allocate(len(LONG) + 1)
    before = mx.get_active_memory()
    mx.reset_peak_memory()
    prefixes.fill(second, [(1, BLOCK), (2, len(LONG) - BLOCK)])
    assert second.offset == len(LONG)
    assert mx.get_peak_memory() - before < 0.2 * pool.nbytes
