"""How much of the time goes to prompts, with times that are told, not measured."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen3mlx.engine.throttle import (
    IDLE_GAP,
    LEAST_CHUNK,
    PREFILL_SHARE,
    SHORT_PROMPT,
    STREAM_GAP,
    PrefillThrottle,
)

SPEEDS = st.floats(10, 1e6)


@given(speed=SPEEDS, step_s=st.floats(0.001, 0.2))
def test_a_long_prompt_takes_its_share_of_the_time_while_streams_run(speed, step_s):
    throttle = PrefillThrottle(2048)
    prefilling = decoding = 0.0
    for _ in range(2000):
        throttle.decoded(step_s)
        decoding += step_s
        if throttle.may_prefill(10**6, streaming=True):
            chunk = throttle.chunk(streaming=True)
            throttle.prefilled(chunk, chunk / speed, streaming=True)
            prefilling += chunk / speed
    largest_piece = max(STREAM_GAP, 128 / speed)
    share = PREFILL_SHARE * (prefilling + decoding)
    assert prefilling <= share + largest_piece
    assert prefilling > 0


@given(speed=SPEEDS, streaming=st.booleans())
def test_a_piece_takes_no_longer_than_the_gap(speed, streaming):
    throttle = PrefillThrottle(2048)
    for _ in range(3):
        throttle.prefilled(1000, 1000 / speed, streaming=streaming)
    size = throttle.chunk(streaming=streaming)
    assert LEAST_CHUNK <= size <= 2048
    assert size & (size - 1) == 0
    gap = STREAM_GAP if streaming else IDLE_GAP
    assert size == LEAST_CHUNK or size / speed <= gap * 1.001


def test_where_nothing_streams_nothing_waits():
    throttle = PrefillThrottle(512)
    throttle.prefilled(512, 100.0, streaming=True)
    assert not throttle.may_prefill(1, streaming=True)
    assert throttle.may_prefill(10**6, streaming=False)
    assert throttle.may_prefill(10**6, streaming=True), "the debt is forgotten"


def test_a_short_prompt_goes_first_while_its_debt_is_small():
    throttle = PrefillThrottle(512)
    throttle.prefilled(40, 0.5, streaming=True)
    assert throttle.may_prefill(SHORT_PROMPT, streaming=True)
    assert not throttle.may_prefill(SHORT_PROMPT + 1, streaming=True)
    throttle.prefilled(40, 0.6, streaming=True)
    assert not throttle.may_prefill(SHORT_PROMPT, streaming=True)


def test_few_tokens_say_nothing_of_the_speed():
    throttle = PrefillThrottle(512)
    throttle.prefilled(LEAST_CHUNK - 1, 1.0, streaming=False)
    assert throttle.tokens_per_second is None
    throttle.prefilled(100, 1.0, streaming=False)
    assert throttle.tokens_per_second == pytest.approx(100)
