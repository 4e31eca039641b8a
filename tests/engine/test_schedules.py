"""Random schedules: requests of any length join and leave at any step, on the real pool."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Literal
from unittest import mock

import mlx.core as mx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from qwen3mlx.config import LoadOptions
from qwen3mlx.engine import prefix_cache, scheduler
from qwen3mlx.engine.scheduler import Scheduler
from qwen3mlx.generate import Decoder, ThinkingMeter
from qwen3mlx.model import kv_pool, load_model
from tests.engine.support import Request, Ticks, bytes_per_token, scheduler_for
from tests.support.checkpoints import Shape, write_checkpoint

TINY = Shape(
    hidden_size=32,
    intermediate_size=32,
    num_hidden_layers=1,
    num_attention_heads=1,
    num_key_value_heads=1,
    vocab_size=64,
)
CLOSE = 63
# No schedule takes so many.
MANY_STEPS = 3000


@dataclass(frozen=True)
class Scale:
    """`step`: between the capacities of rows; `longest`: of a row that shares arrays."""

    step: int
    longest: int
    max_chunk: int

    @contextmanager
    def in_use(self) -> Iterator[None]:
        with ExitStack() as stack:
            patch = functools.partial(mock.patch.object, kv_pool)
            stack.enter_context(patch("CAPACITY_STEP", self.step))
            stack.enter_context(patch("LONGEST_SHARED", self.longest))
            stack.enter_context(mock.patch.object(prefix_cache, "BLOCK", self.step))
            stack.enter_context(mock.patch.object(scheduler, "BLOCK", self.step))
            stack.enter_context(mock.patch.object(scheduler, "time", Ticks()))
            yield


# Rows as they are, and so short that each answer goes through several.
SCALES = {
    "real": Scale(step=256, longest=4096, max_chunk=128),
    "small": Scale(step=8, longest=48, max_chunk=16),
}


@dataclass(frozen=True)
class Ask:
    """A request whose prompt is a prefix of `stem`, and which arrives `delay` steps later."""

    stem: int
    length: int
    max_tokens: int
    budget: int | None
    num_forced: int
    constraint: Literal["none", "masks", "takes back"]
    seed: int | None
    delay: int
    cancel_at: int | None

    def request(self) -> Request:
        prompt = [(i * i * (self.stem + 1) + 7 * i) % 60 for i in range(self.length)]
        forced = [*(i % 60 for i in range(self.num_forced - 1)), CLOSE]
        # A grammar takes nothing back before the answer begins.
        budget = None if self.constraint == "takes back" else self.budget
        meter = ThinkingMeter(None, CLOSE, True, budget, forced)
        return Request(
            prompt,
            max_tokens=self.max_tokens,
            meter=meter,
            constraint=None
            if self.constraint == "none"
            else Alternating(takes_back=self.constraint == "takes back"),
            **({} if self.seed is None else {"temperature": 0.9, "top_k": 20, "seed": self.seed}),
        )


class Alternating:
    """A constraint with another mask after every third token: some steps are steady, some not.

    With `takes_back` it does so twice with every fifth token and the four before it.
    """

    masks = (b"\xff" * 8, b"\x55" * 8)

    def __init__(self, *, takes_back: bool) -> None:
        self.takes_back = takes_back
        self.seen = 0
        self.tries = 0

    def mask(self) -> bytes:
        return self.masks[(self.seen // 3 + self.tries) % 2]

    @property
    def is_unchecked(self) -> bool:
        return self.takes_back and self.seen % 5 != 0

    def announce(self, token_id: int) -> None:
        pass

    def observe(self, token_id: int) -> int:
        self.seen += 1
        if not self.takes_back or self.seen % 5:
            return 0
        self.tries = (self.tries + 1) % 3
        taken_back = 5 if self.tries else 0
        self.seen -= taken_back
        return taken_back


@dataclass(frozen=True)
class Schedule:
    """`spare`: steps of capacity that memory holds beyond the longest prompt's; None: enough."""

    asks: tuple[Ask, ...]
    max_running: int
    spare: int | None


def schedules(scale: Scale) -> st.SearchStrategy[Schedule]:
    # Prompts that end, and forced tokens that begin, on either side of a row's end.
    near = st.builds(
        lambda rows, left: max(1, rows * scale.step - 1 - left),
        st.integers(1, 4),
        st.integers(-2, 70),
    )
    ask = st.builds(
        Ask,
        stem=st.integers(0, 2),
        length=st.one_of(near, st.integers(1, 5 * scale.step)),
        max_tokens=st.integers(1, 20) | st.integers(1, 80),
        budget=st.none() | st.integers(0, 12) | st.integers(0, 64),
        num_forced=st.integers(1, 30),
        constraint=st.sampled_from(["none", "none", "none", "masks", "takes back"]),
        seed=st.none() | st.integers(0, 3),
        delay=st.integers(0, 4),
        cancel_at=st.none() | st.integers(0, 80),
    )
    return st.builds(
        Schedule,
        asks=st.lists(ask, min_size=1, max_size=8).map(tuple),
        max_running=st.integers(1, 8),
        spare=st.none() | st.integers(0, 6),
    )


class Writes:
    """Record everything written to keys and values."""

    def __init__(self) -> None:
        self.count = 0
        self._slice_update = mx.slice_update
        self._put = mx.put_along_axis

    @contextmanager
    def watched(self) -> Iterator[None]:
        with (
            mock.patch.object(mx, "slice_update", self.slice_update),
            mock.patch.object(mx, "put_along_axis", self.put_along_axis),
        ):
            yield

    def slice_update(
        self, old: mx.array, new: mx.array, start: mx.array, axes: tuple[int, ...]
    ) -> mx.array:
        firsts = start.tolist()  # nothing is to be computed for it
        assert isinstance(firsts, list)
        for first, axis in zip(firsts, axes, strict=True):
            scratch = axis == 2
            assert 0 <= first <= old.shape[axis] - new.shape[axis] - scratch
        self.count += 1
        return self._slice_update(old, new, start, axes)

    def put_along_axis(self, old: mx.array, index: mx.array, new: mx.array, axis: int) -> mx.array:
        positions = index.reshape(-1).tolist()
        assert min(positions) >= 0
        assert max(positions) < old.shape[axis]
        self.count += 1
        return self._put(old, index, new, axis)


@functools.cache
def tiny(folder: str, kv_bits: int | None) -> Decoder:
    model = load_model(folder, options=LoadOptions(kv_bits=kv_bits))
    return Decoder(model, eager_steps=10**9)  # what is compiled cannot be watched


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_checkpoint(tmp_path_factory.mktemp("tiny"), TINY, dtype="float32"))


def carry_out(schedule: Schedule, decoder: Decoder) -> list[tuple[Ask, Request]]:
    """The requests, all of them over."""
    limit = 10**9
    if schedule.spare is not None:
        longest = max(ask.length for ask in schedule.asks)
        tokens = kv_pool.stack_capacity(longest + 1) + schedule.spare * kv_pool.CAPACITY_STEP
        limit = decoder.model.nbytes + tokens * bytes_per_token(decoder)
    scheduler = scheduler_for(decoder, limit=limit, max_running=schedule.max_running)
    sent: list[tuple[Ask, Request]] = []
    for ask in schedule.asks:
        for _ in range(ask.delay):
            step(scheduler, sent)
        sent.append((ask, ask.request()))
        scheduler.submit(sent[-1][1].sequence)
    for _ in range(MANY_STEPS):
        if scheduler.is_idle:
            break
        step(scheduler, sent)
    assert scheduler.is_idle
    assert scheduler.pool.nbytes == scheduler._budget.live == 0
    return sent


def step(scheduler: Scheduler, sent: list[tuple[Ask, Request]]) -> None:
    scheduler.step()
    for ask, request in sent:
        if ask.cancel_at is not None and len(request.ids) >= ask.cancel_at:
            scheduler.cancel(request.sequence)
    rows = [s.row for s in [*scheduler.running, *scheduler.waiting] if s.row is not None]
    assert len({(id(row.stack), row.slot) for row in rows}) == len(rows)
    for row in rows:
        assert row.offset <= row.capacity
        assert row.stack.rows[row.slot] is row
    assert scheduler.pool.nbytes == scheduler._budget.live


@functools.lru_cache(4096)
def alone(decoder: Decoder, ask: Ask) -> list[int]:
    with mock.patch.object(scheduler, "time", Ticks()):
        request = ask.request()
        one = scheduler_for(decoder)
        one.submit(request.sequence)
        while not request.is_done:
            one.step()
    return request.ids


def check(schedule: Schedule, decoder: Decoder, scale: Scale, *, text: bool) -> None:
    writes = Writes()
    decoder.max_chunk = scale.max_chunk
    with scale.in_use(), writes.watched():
        sent = carry_out(schedule, decoder)
    assert writes.count
    for ask, request in sent:
        assert request.is_done or ask.cancel_at is not None
        if request.is_done:
            assert request.reason == "length"
            assert len(request.ids) == ask.max_tokens or schedule.spare is not None
        if text:
            ids = request.ids
            if ask.constraint == "takes back" and len(ids) < ask.max_tokens:
                ids = ids[: len(ids) // 5 * 5]  # memory ended it before the rest was checked
            assert ids == alone(decoder, ask)[: len(ids)]


def at_a_rows_end(scale: Scale, num_forced: int) -> Schedule:
    """Forced tokens whose row is one position too short, beside an answer that continues."""
    length = scale.step - 1 - num_forced
    ask = Ask(0, length, 60, 0, num_forced, "none", None, delay=0, cancel_at=None)
    other = Ask(1, 3, 60, None, 1, "none", None, delay=0, cancel_at=None)
    return Schedule((other, ask), max_running=8, spare=None)


SMALL, REAL = SCALES["small"], SCALES["real"]
few = settings(suppress_health_check=[HealthCheck.too_slow])
many = settings(few, suppress_health_check=list(HealthCheck), print_blob=True)


@settings(few, max_examples=20)
@example(at_a_rows_end(SMALL, 4))
@given(schedule=schedules(SMALL))
def test_short_rows(folder: str, schedule: Schedule) -> None:
    check(schedule, tiny(folder, None), SMALL, text=True)


@settings(few, max_examples=5)
@example(at_a_rows_end(REAL, 25))
@given(schedule=schedules(REAL))
def test_rows_of_real_lengths(folder: str, schedule: Schedule) -> None:
    check(schedule, tiny(folder, None), REAL, text=True)


@settings(few, max_examples=5)
@given(schedule=schedules(SMALL))
def test_quantized_rows(folder: str, schedule: Schedule) -> None:
    """The text may differ where the last bit of a number decides the rounding."""
    check(schedule, tiny(folder, 8), SMALL, text=False)


@pytest.mark.slow
@pytest.mark.timeout(0)
@settings(many, max_examples=14_000)
@given(schedule=schedules(SMALL))
def test_thousands_of_schedules_write_into_their_rows(folder: str, schedule: Schedule) -> None:
    check(schedule, tiny(folder, None), SMALL, text=False)


@pytest.mark.slow
@pytest.mark.timeout(0)
@settings(many, max_examples=4_000)
@given(schedule=schedules(SMALL))
def test_thousands_of_schedules_give_the_text_of_each_alone(
    folder: str, schedule: Schedule
) -> None:
    check(schedule, tiny(folder, None), SMALL, text=True)


@pytest.mark.slow
@pytest.mark.timeout(0)
@settings(many, max_examples=2_000)
@given(schedule=schedules(REAL))
def test_thousands_of_schedules_with_rows_of_real_lengths(folder: str, schedule: Schedule) -> None:
    check(schedule, tiny(folder, None), REAL, text=True)
