"""Requests that come and go at any time, on the real pool of a tiny model."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from collections.abc import Sequence as SequenceOf
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Literal
from unittest import mock

from hypothesis import strategies as st

from qwen3mlx.config import LoadOptions
from qwen3mlx.engine import prefix_index, runner, schedule, scheduler
from qwen3mlx.engine.plan import StepOutputs, StepPlan
from qwen3mlx.engine.scheduler import Scheduler
from qwen3mlx.generate import Decoder, ThinkingMeter
from qwen3mlx.model import kv_layout, load_model
from qwen3mlx.thought import Thought
from tests.engine.support import Request, Ticks, bytes_per_token, scheduler_for
from tests.support.checkpoints import Shape

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


@contextmanager
def ticking() -> Iterator[None]:
    """Everything takes as long."""
    with mock.patch.object(runner, "time", Ticks()), mock.patch.object(scheduler, "time", Ticks()):
        yield


@dataclass(frozen=True)
class Scale:
    """`step`: between the capacities of rows; `longest`: of a row that shares arrays."""

    step: int
    longest: int
    max_chunk: int

    @contextmanager
    def in_use(self) -> Iterator[None]:
        with ExitStack() as stack:
            patch = functools.partial(mock.patch.object, kv_layout)
            stack.enter_context(patch("CAPACITY_STEP", self.step))
            stack.enter_context(patch("LONGEST_SHARED", self.longest))
            stack.enter_context(mock.patch.object(prefix_index, "BLOCK", self.step))
            stack.enter_context(mock.patch.object(schedule, "BLOCK", self.step))
            stack.enter_context(ticking())
            yield


# Rows as they are, and so short that each answer goes through several.
SCALES = {
    "real": Scale(step=256, longest=4096, max_chunk=128),
    "small": Scale(step=8, longest=48, max_chunk=16),
}


Kind = Literal["plain", "penalties", "logprobs", "prompt logprobs", "biases"]
KINDS: dict[Kind, dict[str, Any]] = {
    "plain": {},
    "penalties": {"presence_penalty": 0.5, "frequency_penalty": 0.2, "repetition_penalty": 1.2},
    "logprobs": {"logprobs": True, "top_logprobs": 3},
    "prompt logprobs": {"prompt_logprobs": True, "logprobs": True, "top_logprobs": 2},
    "biases": {"logit_bias": {3: 4.0, 5: -4.0}, "min_tokens": 3, "stop_ids": [3, 7]},
}


@dataclass(frozen=True)
class Ask:
    """A request; `stem` is what its prompt is the beginning of; it comes `delay` steps later.

    Without a seed it is greedy; with one, each place has its own random number.
    """

    stem: int
    length: int
    max_tokens: int
    budget: int | None
    num_forced: int
    constraint: Literal["none", "masks", "takes back"]
    seed: int | None
    delay: int
    cancel_at: int | None
    kind: Kind = "plain"
    salt: str = ""

    def request(self) -> Request:
        prompt = [(i * i * (self.stem + 1) + 7 * i) % 60 for i in range(self.length)]
        forced = [*(i % 60 for i in range(self.num_forced - 1)), CLOSE]
        # A grammar takes nothing back before the answer begins.
        budget = None if self.constraint == "takes back" else self.budget
        meter = ThinkingMeter(Thought("inside", None, CLOSE), budget, forced)
        return Request(
            prompt,
            max_tokens=self.max_tokens,
            meter=meter,
            constraint=None
            if self.constraint == "none"
            else Alternating(takes_back=self.constraint == "takes back"),
            salt=self.salt,
            **KINDS[self.kind],
            **({} if self.seed is None else {"temperature": 0.9, "top_k": 20, "seed": self.seed}),
        )


class Alternating:
    """A constraint with another mask after every third token: some masks are stable, some not.

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
class Traffic:
    """`spare`: steps of capacity that memory holds beyond the longest prompt's; None: enough."""

    asks: tuple[Ask, ...]
    max_running: int
    spare: int | None


def traffics(scale: Scale, *, kinds: SequenceOf[Kind] = ("plain",)) -> st.SearchStrategy[Traffic]:
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
        kind=st.sampled_from(kinds),
        salt=st.sampled_from(["", "", "a"]),
    )
    return st.builds(
        Traffic,
        asks=st.lists(ask, min_size=1, max_size=8).map(tuple),
        max_running=st.integers(1, 8),
        spare=st.none() | st.integers(0, 6),
    )


@functools.cache
def tiny(folder: str, kv_bits: int | None) -> Decoder:
    model = load_model(folder, options=LoadOptions(kv_bits=kv_bits))
    return Decoder(model, eager_steps=10**9)  # what is compiled cannot be watched


def scheduler_of(traffic: Traffic, decoder: Decoder) -> Scheduler:
    """With the memory that it says; each plan is followed by a look at the pool."""
    limit = 10**9
    if traffic.spare is not None:
        longest = max(ask.length for ask in traffic.asks)
        tokens = kv_layout.stack_capacity(longest + 1) + traffic.spare * kv_layout.CAPACITY_STEP
        limit = decoder.model.nbytes + tokens * bytes_per_token(decoder)
    one = scheduler_for(decoder, limit=limit, max_running=traffic.max_running)
    run = one.runner.run

    def checked(plan: StepPlan) -> StepOutputs:
        outputs = run(plan)
        assert outputs.fault is None
        assert_the_pool_is_as_planned(one)
        return outputs

    one.runner.run = checked  # type: ignore[method-assign]
    return one


def assert_the_pool_is_as_planned(scheduler: Scheduler) -> None:
    """Right after a plan, the schedule knows what the runner holds."""
    planned, rows = scheduler.schedule.pool.sequences, scheduler.runner.rows
    assert planned.keys() == rows.keys()
    for number, sequence in planned.items():
        row = rows[number].kv
        assert sequence.row is not None
        assert (sequence.row.offset, sequence.row.slot) == (row.offset, row.slot)
        assert sequence.row.stack.capacity == row.stack.capacity
        assert row.offset <= row.capacity
        assert row.stack.rows[row.slot] is row
    assert len({(id(row.kv.stack), row.kv.slot) for row in rows.values()}) == len(rows)
    assert scheduler.runner.pool.nbytes == scheduler._budget.live
    assert set(scheduler.runner.prefixes.blocks) == set(scheduler.prefixes.numbers)
    assert scheduler.runner.prefixes.nbytes == scheduler.prefixes.nbytes


def carry_out(traffic: Traffic, scheduler: Scheduler) -> list[tuple[Ask, Request]]:
    """The requests, all of them over."""
    sent: list[tuple[Ask, Request]] = []
    for ask in traffic.asks:
        for _ in range(ask.delay):
            step(scheduler, sent)
        sent.append((ask, ask.request()))
        scheduler.submit(sent[-1][1].sequence)
    for _ in range(MANY_STEPS):
        if scheduler.is_idle:
            break
        step(scheduler, sent)
    assert scheduler.is_idle
    assert scheduler._budget.live == 0
    return sent


def step(scheduler: Scheduler, sent: list[tuple[Ask, Request]]) -> None:
    scheduler.step()
    for ask, request in sent:
        if ask.cancel_at is not None and len(request.ids) >= ask.cancel_at:
            scheduler.cancel(request.sequence)
