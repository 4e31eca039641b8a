"""Random schedules: requests of any length join and leave at any step, on the real pool."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import mlx.core as mx
import pytest
from hypothesis import HealthCheck, example, given, settings

from qwen3mlx.generate import Decoder
from tests.engine.support import scheduler_for
from tests.engine.traffic import (
    SCALES,
    TINY,
    Ask,
    Scale,
    Traffic,
    carry_out,
    scheduler_of,
    ticking,
    tiny,
    traffics,
)
from tests.support.checkpoints import write_checkpoint
from tests.support.examples import examples


class Writes:
    """Check everything written to keys and values: arrays [2 * slots, heads, capacity, width]."""

    def __init__(self) -> None:
        self.count = 0
        self._set = mx.array.__setitem__

    @contextmanager
    def watched(self) -> Iterator[None]:
        def write(old: mx.array, where: Any, new: Any) -> None:
            if old.ndim == 4:
                self.count += 1
                (self.check_chunk if isinstance(where[0], slice) else self.check_step)(old, *where)
            self._set(old, where, new)

        with mock.patch.object(mx.array, "__setitem__", write):
            yield

    def check_chunk(self, old: mx.array, rows: slice, heads: slice, positions: slice) -> None:
        """The keys and the values of one row."""
        slots = old.shape[0] // 2
        key, value = range(old.shape[0])[rows]
        assert value == key + slots
        assert heads == slice(None)
        assert 0 <= positions.start < positions.stop < old.shape[2]

    def check_step(
        self, old: mx.array, places: mx.array, heads: mx.array, positions: mx.array
    ) -> None:
        """One token of each row; each has a place of its own."""
        slots = old.shape[0] // 2
        keys, values = places[..., 0].tolist()
        assert len(set(keys)) == len(keys) == len(positions)
        assert values == [key + slots for key in keys]
        assert 0 <= min(keys) <= max(keys) < slots
        assert heads.tolist() == list(range(old.shape[1]))
        assert 0 <= positions.min().item() <= positions.max().item() < old.shape[2] - 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_checkpoint(tmp_path_factory.mktemp("tiny"), TINY, dtype="float32"))


@functools.lru_cache(4096)
def alone(decoder: Decoder, ask: Ask) -> list[int]:
    with ticking():
        request = ask.request()
        one = scheduler_for(decoder)
        one.submit(request.sequence)
        while not request.is_done:
            one.step()
    return request.ids


def check(traffic: Traffic, decoder: Decoder, scale: Scale, *, text: bool) -> None:
    writes = Writes()
    decoder.max_chunk = scale.max_chunk
    with scale.in_use(), writes.watched():
        sent = carry_out(traffic, scheduler_of(traffic, decoder))
    assert writes.count
    for ask, request in sent:
        assert request.is_done or ask.cancel_at is not None
        if request.is_done:
            assert request.reason == "length"
            assert len(request.ids) == ask.max_tokens or traffic.spare is not None
        if text:
            ids = request.ids
            if ask.constraint == "takes back" and len(ids) < ask.max_tokens:
                ids = ids[: len(ids) // 5 * 5]  # memory ended it before the rest was checked
            assert ids == alone(decoder, ask)[: len(ids)]


def at_a_rows_end(scale: Scale, num_forced: int) -> Traffic:
    """Forced tokens for which a row is one position too short, beside an answer that goes on."""
    length = scale.step - 1 - num_forced
    ask = Ask(0, length, 60, 0, num_forced, "none", None, delay=0, cancel_at=None)
    other = Ask(1, 3, 60, None, 1, "none", None, delay=0, cancel_at=None)
    return Traffic((other, ask), max_running=8, spare=None)


SMALL, REAL = SCALES["small"], SCALES["real"]
few = settings(suppress_health_check=[HealthCheck.too_slow])
many = settings(few, suppress_health_check=list(HealthCheck), print_blob=True)


@settings(few, max_examples=examples(20))
@example(at_a_rows_end(SMALL, 4))
@given(traffic=traffics(SMALL))
def test_short_rows(folder: str, traffic: Traffic) -> None:
    check(traffic, tiny(folder, None), SMALL, text=True)


@settings(few, max_examples=5)
@example(at_a_rows_end(REAL, 25))
@given(traffic=traffics(REAL))
def test_rows_of_real_lengths(folder: str, traffic: Traffic) -> None:
    check(traffic, tiny(folder, None), REAL, text=True)


@settings(few, max_examples=5)
@given(traffic=traffics(SMALL))
def test_quantized_rows(folder: str, traffic: Traffic) -> None:
    """The text may differ where the last bit of a number decides how it is rounded."""
    check(traffic, tiny(folder, 8), SMALL, text=False)


@pytest.mark.slow
@pytest.mark.timeout(0)
@settings(many, max_examples=14_000)
@given(traffic=traffics(SMALL))
def test_thousands_of_schedules_write_into_their_rows(folder: str, traffic: Traffic) -> None:
    check(traffic, tiny(folder, None), SMALL, text=False)


@pytest.mark.slow
@pytest.mark.timeout(0)
@settings(many, max_examples=4_000)
@given(traffic=traffics(SMALL))
def test_thousands_of_schedules_give_the_text_of_each_alone(folder: str, traffic: Traffic) -> None:
    check(traffic, tiny(folder, None), SMALL, text=True)


@pytest.mark.slow
@pytest.mark.timeout(0)
@settings(many, max_examples=2_000)
@given(traffic=traffics(REAL))
def test_thousands_of_schedules_with_rows_of_real_lengths(folder: str, traffic: Traffic) -> None:
    check(traffic, tiny(folder, None), REAL, text=True)
