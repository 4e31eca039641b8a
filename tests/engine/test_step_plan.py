"""A step is a value: two runners that get the same plans hold the same state.

The second one gets the plans of the first as bytes and knows nothing else: no request, no schedule.
"""

from __future__ import annotations

import ast
import dataclasses
import pickle
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings

from qwen3mlx.engine import schedule as schedule_module
from qwen3mlx.engine.memory import MemoryBudget
from qwen3mlx.engine.outputs import Token
from qwen3mlx.engine.plan import CloseRow, OpenRow, PoolChange, Reset, StepOutputs, StepPlan
from qwen3mlx.engine.runner import Runner
from qwen3mlx.engine.schedule import Schedule
from qwen3mlx.engine.scheduler import Scheduler
from qwen3mlx.engine.throttle import Pace
from qwen3mlx.generate import Decoder
from tests.engine.support import PROMPTS, Request, finish, scheduler_for
from tests.engine.traffic import (
    KINDS,
    SCALES,
    TINY,
    Ask,
    Traffic,
    carry_out,
    scheduler_of,
    tiny,
    traffics,
)
from tests.support.checkpoints import write_checkpoint
from tests.support.examples import examples

SMALL = SCALES["small"]
PLAIN = (int, float, str, bytes, bool, type(None))


class Twin:
    """A second runner, which is given each plan after the first has carried it out."""

    def __init__(self, scheduler: Scheduler, decoder: Decoder) -> None:
        self.first, self.second = scheduler.runner, Runner(decoder)
        self.plans: list[StepPlan] = []
        self._compared: set[int] = set()  # blocks, which never change
        self._run = self.first.run
        self.first.run = self.run  # type: ignore[method-assign]

    def run(self, plan: StepPlan) -> StepOutputs:
        outputs = self._run(plan)
        self.plans.append(plan)
        copy: StepPlan = pickle.loads(pickle.dumps(plan))
        assert copy == plan
        assert told(self.second.run(copy)) == told(outputs)
        self.compare()
        return outputs

    def compare(self) -> None:
        """The blocks that are new, and every few plans all keys and values."""
        if len(self.plans) % 5 == 0:
            assert_same_rows(self.first, self.second)
        one, two = self.first.prefixes.blocks, self.second.prefixes.blocks
        assert one.keys() == two.keys()
        assert self.first.pool.nbytes == self.second.pool.nbytes
        for number in one.keys() - self._compared:
            assert_same_bytes(one[number], two[number])
        self._compared |= one.keys()


def told(outputs: StepOutputs) -> StepOutputs:
    """But for the times that it took."""
    return outputs._replace(decode_s=0.0, prefill_s=0.0)


def assert_same_state(one: Runner, two: Runner) -> None:
    assert one.pool.nbytes == two.pool.nbytes
    assert_same_rows(one, two)
    assert one.prefixes.blocks.keys() == two.prefixes.blocks.keys()
    for number, block in one.prefixes.blocks.items():
        assert_same_bytes(block, two.prefixes.blocks[number])


def assert_same_rows(one: Runner, two: Runner) -> None:
    assert one.rows.keys() == two.rows.keys()
    for number, row in one.rows.items():
        other = two.rows[number]
        assert (row.kv.slot, row.kv.offset) == (other.kv.slot, other.kv.offset)
        for index in range(len(row.kv.stack.layers)):
            assert_same_bytes(row.kv.layer(index), other.kv.layer(index))
        if row.counts is not None or other.counts is not None:
            assert row.counts is not None
            assert other.counts is not None
            assert_same_bytes([row.counts], [other.counts])


def assert_same_bytes(one: Any, two: Any) -> None:
    for array, other in zip(one, two, strict=True):
        assert array.shape == other.shape
        assert np.array(array).tobytes() == np.array(other).tobytes()


def check(traffic: Traffic, decoder: Decoder) -> list[StepPlan]:
    decoder.max_chunk = SMALL.max_chunk
    with SMALL.in_use():
        scheduler = scheduler_of(traffic, decoder)
        twin = Twin(scheduler, decoder)
        carry_out(traffic, scheduler)
        scheduler.close(RuntimeError("closed"))
    assert not twin.second.rows
    assert twin.second.pool.nbytes == twin.second.prefixes.nbytes == 0
    for plan in twin.plans:
        assert_plain(plan)
    return twin.plans


def assert_plain(value: Any) -> None:
    """Numbers, strings and bytes, and tuples and frozen dataclasses of them."""
    if isinstance(value, tuple):
        for item in value:
            assert_plain(item)
    elif dataclasses.is_dataclass(value):
        assert getattr(value, "__dataclass_params__").frozen  # noqa: B009  # not in typeshed
        for field in dataclasses.fields(value):
            assert_plain(getattr(value, field.name))
    else:
        assert type(value) in PLAIN, value


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_checkpoint(tmp_path_factory.mktemp("tiny"), TINY, dtype="float32"))


def ask(stem: int, length: int, max_tokens: int = 20, **options: Any) -> Ask:
    given = {"budget": None, "num_forced": 1, "constraint": "none", "seed": None, "delay": 0}
    return Ask(stem, length, max_tokens, **{**given, "cancel_at": None, **options})


# Joins, a cancel, a preemption, a prefix hit, a budget, grammars and penalties in one.
BUSY = Traffic(
    (
        ask(0, 30, 40, constraint="masks", kind="logprobs"),
        ask(1, 20, 60, budget=5, num_forced=4, seed=1, delay=2, kind="penalties"),
        ask(0, 34, 50, kind="penalties", seed=2, delay=1),
        ask(2, 9, 60, cancel_at=12, kind="biases"),
        ask(1, 26, 40, constraint="takes back", kind="biases", seed=3, delay=3),
        ask(2, 40, 30, kind="prompt logprobs"),
    ),
    max_running=4,
    spare=5,
)


@settings(max_examples=examples(30), suppress_health_check=[HealthCheck.too_slow])
@example(BUSY)
@given(traffic=traffics(SMALL, kinds=list(KINDS)))
def test_a_second_runner_follows_the_plans_alone(folder: str, traffic: Traffic) -> None:
    check(traffic, tiny(folder, None))


@pytest.mark.slow
@pytest.mark.timeout(0)
@settings(max_examples=400, suppress_health_check=list(HealthCheck), print_blob=True)
@given(traffic=traffics(SMALL, kinds=list(KINDS)))
def test_hundreds_of_second_runners_follow_the_plans_alone(folder: str, traffic: Traffic) -> None:
    check(traffic, tiny(folder, None))


def test_the_busy_traffic_has_a_bit_of_everything(folder: str) -> None:
    plans = check(BUSY, tiny(folder, None))
    changes = [change for plan in plans for change in plan.changes]
    assert {type(change) for change in changes} == set(get_args(PoolChange))
    opened = sum(isinstance(change, OpenRow) for change in changes)
    assert opened > len(BUSY.asks), "none was preempted"
    batches = [batch for plan in plans for batch in plan.decode]
    fed = [row for batch in batches for row in batch.rows]
    assert {row.draw is None for row in fed} == {True, False}
    assert max(len(batch.rows) for batch in batches) > 2
    chunks = [plan.prefill for plan in plans if plan.prefill is not None]
    draws = [row.draw for row in fed if row.draw is not None]
    draws += [late.draw for plan in plans for late in plan.draws]
    draws += [chunk.draw for chunk in chunks if chunk.draw is not None]
    assert any(draw.mask for draw in draws)
    assert any(draw.is_early for draw in draws)
    assert any(draw.generated for draw in draws)
    assert any(chunk.scored for chunk in chunks)


def test_a_runner_that_had_a_fault_is_as_one_that_had_none(
    decoder: Decoder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The schedule asks for a state that does not hang on how far a broken plan came."""
    scheduler = scheduler_for(decoder)
    requests = [Request(prompt, max_tokens=12, temperature=1.0, seed=3) for prompt in PROMPTS]
    broken, copy = Runner(decoder), scheduler.runner.run

    def fail_once(plan: StepPlan) -> StepOutputs:
        outputs = broken.run(plan)
        if len(requests[0].ids) != 4 or failed:
            assert told(copy(plan)) == told(outputs)
            return outputs
        with monkeypatch.context() as patch:
            patch.setattr(decoder, "step", fail)
            return copy(plan)

    def fail(*_: object) -> None:
        failed.append(1)
        raise RuntimeError("out of luck")

    failed: list[int] = []
    monkeypatch.setattr(scheduler.runner, "run", fail_once)
    for request in requests:
        scheduler.submit(request.sequence)
    finish(scheduler, *requests)
    assert failed == [1]
    assert_same_state(scheduler.runner, broken)
    assert {len(request.ids) for request in requests} == {12}


def test_the_schedule_decides_from_what_it_is_told() -> None:
    """No runner, no model, no clock: outputs are made up, and the same ones give the same plans."""

    def plans() -> list[StepPlan]:
        schedule = Schedule(
            bytes_per_token=8,
            num_layers=2,
            pace=Pace.for_device(64, on_cpu=True),
            budget=MemoryBudget(limit=10**6),
            max_running=3,
        )
        requests = [Request([i + 1] * 70, max_tokens=9, seed=i, temperature=1.0) for i in range(5)]
        made: list[StepPlan] = []
        for step in range(60):
            if step % 2 == 0 and requests:
                schedule.submit(requests.pop().sequence, now=step / 10)
            made.append(schedule.plan(step / 10))
            schedule.apply(made_up(made))
        assert schedule.is_idle
        return made

    assert plans() == plans()


def made_up(plans: list[StepPlan]) -> StepOutputs:
    """What a runner could have answered to the last of `plans`."""
    before = [batch for plan in plans[-2:-1] for batch in plan.decode]
    closed = {c.row for c in plans[-1].changes if isinstance(c, CloseRow)}
    chunk = plans[-1].prefill
    return StepOutputs(
        decoded=tuple(
            (row.row, (Token(row.position % 50),))
            for batch in before
            for row in batch.rows
            if row.row not in closed
        ),
        sampled=(Token(7),) if chunk is not None and chunk.draw is not None else (),
        decode_s=0.01,
        prefill_s=0.02,
    )


def test_the_schedule_imports_no_arrays_no_clock_and_no_generator() -> None:
    """Those that it imports from here are held to the same by an import contract."""
    tree = ast.parse(Path(schedule_module.__file__).read_text("utf-8"))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module]
        )
        if name is not None
    }
    assert "plan" in imported
    assert imported.isdisjoint({"mlx", "time", "random"})


def test_a_reset_is_planned_after_a_fault() -> None:
    schedule = Schedule(
        bytes_per_token=8,
        num_layers=2,
        pace=Pace.for_device(64, on_cpu=True),
        budget=MemoryBudget(limit=10**6),
    )
    request = Request([1, 2, 3])
    schedule.submit(request.sequence, now=0.0)
    schedule.plan(0.0)
    schedule.fail_all(RuntimeError("gone"))
    plan = schedule.plan_changes()
    assert plan is not None
    assert plan.changes == (Reset(()),)
    assert str(request.error) == "gone"
