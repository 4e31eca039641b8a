"""How much of the time goes to prompts, with times that are told, not measured."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen3mlx.engine.throttle import (
    IDLE_GAP,
    LARGEST_SHARE,
    LEAST_CHUNK,
    PATIENCE,
    PREFILL_SHARE,
    SHORT_PROMPT,
    STREAM_GAP,
    Pace,
    PrefillThrottle,
)

SPEEDS = st.floats(10, 1e6)
CPU = Pace.for_device(2048, on_cpu=True)
DENSE = Pace.for_device(512, on_cpu=False)
EXPERTS = Pace.for_device(2048, on_cpu=False)


@given(
    speed=SPEEDS,
    step_s=st.floats(0.001, 0.2),
    waited=st.sampled_from([0.0, 45.0, 1000.0]),
    pace=st.sampled_from([CPU, DENSE, EXPERTS]),
)
def test_a_long_prompt_takes_its_share_of_the_time_while_streams_run(speed, step_s, waited, pace):
    throttle = PrefillThrottle(pace)
    prefilling = decoding = 0.0
    for _ in range(2000):
        throttle.decoded(step_s, waited)
        decoding += step_s
        if throttle.may_prefill(10**6, streaming=True):
            chunk = throttle.chunk(streaming=True)
            throttle.prefilled(chunk, chunk / speed, streaming=True)
            prefilling += chunk / speed
    largest_piece = max(STREAM_GAP, 128 / speed) if pace is CPU else pace.most / speed
    share = {0.0: PREFILL_SHARE, 45.0: (PREFILL_SHARE + LARGEST_SHARE) / 2, 1000.0: LARGEST_SHARE}
    largest_share = PREFILL_SHARE if pace is CPU else share[waited]
    assert prefilling <= largest_share * (prefilling + decoding) + largest_piece
    assert prefilling > 0


@given(speed=SPEEDS, streaming=st.booleans())
def test_a_piece_takes_no_longer_than_the_gap(speed, streaming):
    throttle = PrefillThrottle(CPU)
    for _ in range(3):
        throttle.prefilled(1000, 1000 / speed, streaming=streaming)
    size = throttle.chunk(streaming=streaming)
    assert LEAST_CHUNK <= size <= 2048
    assert size & (size - 1) == 0
    gap = STREAM_GAP if streaming else IDLE_GAP
    assert size == LEAST_CHUNK or size / speed <= gap * 1.001


@given(
    measured=st.lists(st.tuples(st.integers(1, 2048), st.floats(1e-3, 100))),
    sizes=st.sampled_from([DENSE, EXPERTS]),
    streaming=st.booleans(),
)
def test_on_a_gpu_chunks_are_full_alone_and_never_below_the_floor_beside_others(
    measured, sizes, streaming
):
    throttle = PrefillThrottle(sizes)
    for num_tokens, seconds in measured:
        throttle.prefilled(num_tokens, seconds, streaming=streaming)
    assert throttle.chunk(streaming=False) == sizes.most
    floor = 256 if sizes is DENSE else 512
    assert floor <= throttle.chunk(streaming=True) <= sizes.most
    assert floor <= throttle.chunk(streaming=False, others_wait=True) <= sizes.most


@pytest.mark.parametrize("first_s", [0.001, 60.0])
def test_the_first_measurement_of_each_size_counts_only_until_the_next(first_s):
    throttle = PrefillThrottle(CPU)
    throttle.prefilled(512, first_s, streaming=False)  # kernels are compiled
    assert throttle.tokens_per_second == pytest.approx(512 / first_s)
    assert throttle.chunk(streaming=False) == (2048 if first_s < 1 else LEAST_CHUNK)
    throttle.prefilled(512, 0.5, streaming=False)
    assert throttle.tokens_per_second == pytest.approx(1024)
    throttle.prefilled(512, 1.0, streaming=False)
    assert throttle.tokens_per_second == pytest.approx(0.7 * 1024 + 0.3 * 512)


def test_a_size_that_is_much_slower_than_a_larger_one_is_not_used_beside_streams():
    throttle = PrefillThrottle(EXPERTS)
    assert throttle.chunk(streaming=True) == 512, "nothing is known"
    for size, speed in ((512, 2000), (1024, 3000), (2048, 3200)):
        for _ in range(2):
            throttle.prefilled(size, size / speed, streaming=True)
        if size == 512:
            assert throttle.chunk(streaming=True) == 1024, "the next one is tried"
    assert throttle.chunk(streaming=True) == 1024, "2048 are hardly faster"


def test_no_chunk_above_the_floor_keeps_streams_waiting_for_long():
    throttle = PrefillThrottle(EXPERTS)
    for size, speed in ((512, 300), (2048, 1600)):
        for _ in range(2):
            throttle.prefilled(size, size / speed, streaming=True)
    assert throttle.chunk(streaming=True) == 512


def test_on_a_gpu_the_share_grows_once_a_prompt_has_waited_for_long():
    def earned(waited_s: float, pace: Pace = DENSE) -> float:
        throttle = PrefillThrottle(pace)
        throttle.decoded(0.01, waited_s)
        return throttle.budget_s / (throttle.budget_s + 0.01)

    assert earned(1000, CPU) == pytest.approx(PREFILL_SHARE)
    assert earned(0) == earned(PATIENCE) == pytest.approx(PREFILL_SHARE)
    assert earned(PATIENCE * 1.5) == pytest.approx((PREFILL_SHARE + LARGEST_SHARE) / 2)
    assert earned(PATIENCE * 2) == earned(PATIENCE * 99) == pytest.approx(LARGEST_SHARE)


def test_where_nothing_streams_nothing_waits():
    throttle = PrefillThrottle(CPU)
    throttle.prefilled(512, 100.0, streaming=True)
    assert not throttle.may_prefill(1, streaming=True)
    assert throttle.may_prefill(10**6, streaming=False)
    assert throttle.may_prefill(10**6, streaming=True), "the debt is forgotten"


def test_a_short_prompt_goes_first_while_its_debt_is_small():
    throttle = PrefillThrottle(CPU)
    throttle.prefilled(40, 0.5, streaming=True)
    assert throttle.may_prefill(SHORT_PROMPT, streaming=True)
    assert not throttle.may_prefill(SHORT_PROMPT + 1, streaming=True)
    throttle.prefilled(40, 0.6, streaming=True)
    assert not throttle.may_prefill(SHORT_PROMPT, streaming=True)


def test_few_tokens_say_nothing_of_the_speed():
    throttle = PrefillThrottle(CPU)
    throttle.prefilled(LEAST_CHUNK - 1, 1.0, streaming=False)
    assert throttle.tokens_per_second is None
    throttle.prefilled(100, 1.0, streaming=False)
    assert throttle.tokens_per_second == pytest.approx(100)
