"""How much of the time goes to prompts, with times that are told, not measured."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen3mlx.engine.pace import IDLE_GAP, LEAST_CHUNK, PREFILL_SHARE, SHORT, STREAM_GAP, Pace

SPEEDS = st.floats(10, 1e6)


@given(speed=SPEEDS, step_s=st.floats(0.001, 0.2))
def test_a_long_prompt_takes_its_share_of_the_time_while_streams_run(speed, step_s):
    pace = Pace(2048)
    prefilling = decoding = 0.0
    for _ in range(2000):
        pace.decoded(step_s)
        decoding += step_s
        if pace.may_prefill(10**6, streaming=True):
            chunk = pace.chunk(streaming=True)
            pace.prefilled(chunk, chunk / speed, streaming=True)
            prefilling += chunk / speed
    largest_piece = max(STREAM_GAP, 128 / speed)
    share = PREFILL_SHARE * (prefilling + decoding)
    assert prefilling <= share + largest_piece
    assert prefilling > 0


@given(speed=SPEEDS, streaming=st.booleans())
def test_a_piece_takes_no_longer_than_the_gap(speed, streaming):
    pace = Pace(2048)
    for _ in range(3):
        pace.prefilled(1000, 1000 / speed, streaming=streaming)
    size = pace.chunk(streaming=streaming)
    assert LEAST_CHUNK <= size <= 2048
    assert size & (size - 1) == 0
    gap = STREAM_GAP if streaming else IDLE_GAP
    assert size == LEAST_CHUNK or size / speed <= gap * 1.001


def test_where_nothing_streams_nothing_waits():
    pace = Pace(512)
    pace.prefilled(512, 100.0, streaming=True)
    assert not pace.may_prefill(1, streaming=True)
    assert pace.may_prefill(10**6, streaming=False)
    assert pace.may_prefill(10**6, streaming=True), "the debt is forgotten"


def test_a_short_prompt_goes_first_while_its_debt_is_small():
    pace = Pace(512)
    pace.prefilled(40, 0.5, streaming=True)
    assert pace.may_prefill(SHORT, streaming=True)
    assert not pace.may_prefill(SHORT + 1, streaming=True)
    pace.prefilled(40, 0.6, streaming=True)
    assert not pace.may_prefill(SHORT, streaming=True)


def test_few_tokens_say_nothing_of_the_speed():
    pace = Pace(512)
    pace.prefilled(LEAST_CHUNK - 1, 1.0, streaming=False)
    assert pace.tokens_per_second is None
    pace.prefilled(100, 1.0, streaming=False)
    assert pace.tokens_per_second == pytest.approx(100)
