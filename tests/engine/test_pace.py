"""The real schedule on a device that is made up: how long a prompt takes, alone and in company.

What a chunk takes depends on its size, as on a GPU: an overhead, and time per token. The first
chunk of all, or the first of each size, takes longer: kernels are compiled.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from qwen3mlx.engine import scheduler as scheduler_module
from qwen3mlx.engine.memory import MemoryBudget
from qwen3mlx.engine.outputs import Token
from qwen3mlx.engine.plan import StepOutputs, StepPlan
from qwen3mlx.engine.schedule import Schedule
from qwen3mlx.engine.throttle import PREFILL_SHARE, Pace
from qwen3mlx.generate import Decoder
from qwen3mlx.generate import decoder as decoder_module
from qwen3mlx.model import Qwen3
from tests.engine.support import Request, run, scheduler_for
from tests.support.examples import examples

PROMPT = 10_000
DENSE, EXPERTS = (Pace.for_device(most, on_cpu=False) for most in (512, 2048))
CPU = Pace.for_device(512, on_cpu=True)


@dataclass(frozen=True)
class Table:
    """Seconds of a chunk: `per_token` for each token, and those of `overhead` tokens.

    `compiling_s` are added to the very first chunk, or with `each` to the first of each size.
    """

    per_token: float
    overhead: int
    compiling_s: float = 0.0
    each: bool = False

    def seconds(self, num_tokens: int, *, is_first: bool = False) -> float:
        return self.per_token * (self.overhead + num_tokens) + self.compiling_s * is_first

    def best(self, num_tokens: int, sizes: Pace) -> float:
        """Seconds of a prompt in chunks of the best constant size."""
        constant = (size for size in (32, 64, 128, 256, 512, 1024, 2048) if size <= sizes.most)
        return min(self._in_chunks(num_tokens, size) for size in constant)

    def _in_chunks(self, num_tokens: int, size: int) -> float:
        chunks = [min(size, num_tokens - at) for at in range(0, num_tokens, size)]
        num_compiled = len(set(map(octave, chunks))) if self.each else 1
        return sum(map(self.seconds, chunks)) + num_compiled * self.compiling_s


def octave(num_tokens: int) -> int:
    """Kernels are made for sizes that are alike."""
    return num_tokens.bit_length()


# Such that 512 of 2048 tokens at once take up to twice as long each, and 128 up to 5 times.
TABLES = st.builds(
    Table,
    per_token=st.floats(2e-5, 2e-3),
    overhead=st.integers(0, 600),
    compiling_s=st.sampled_from([0.0, 0.5, 3.0]),
    each=st.booleans(),
)


@dataclass
class Device:
    """Carries out plans by adding up their time, `step_s` for each step of streams."""

    table: Table
    step_s: float = 0.05
    now: float = 0.0
    decoding: float = 0.0
    prefilling: float = 0.0
    longest_gap: float = 0.0
    sizes: list[int] = field(default_factory=list)
    _before: StepPlan = field(default_factory=StepPlan)

    def step(self, schedule: Schedule, elsewhere_s: float = 0.0) -> None:
        plan = schedule.plan(self.now, elsewhere_s)
        streamed = bool(plan.decode)
        decode_s = self.step_s if streamed else 0.0
        prefill_s = 0.0
        if plan.prefill is not None:
            size = len(plan.prefill.tokens)
            seen = set(map(octave, self.sizes))
            is_first = not seen or (self.table.each and octave(size) not in seen)
            prefill_s = self.table.seconds(size, is_first=is_first)
            self.sizes.append(size)
            self.prefilling += prefill_s
            if streamed and not is_first:
                self.longest_gap = max(self.longest_gap, prefill_s)
        self.decoding += decode_s
        self.now += decode_s + prefill_s
        rows = [row for batch in self._before.decode for row in batch.rows]
        self._before = plan
        schedule.apply(
            StepOutputs(
                decoded=tuple((row.row, (Token(1),)) for row in rows),
                sampled=(Token(1),) if plan.prefill and plan.prefill.draw else (),
                decode_s=decode_s,
                prefill_s=prefill_s,
            )
        )

    def prompt(self, schedule: Schedule, length: int, first: int) -> float:
        """Return the seconds until a prompt's token."""
        request = Request(range(first, first + length), max_tokens=1)
        begin = self.now
        schedule.submit(request.sequence, self.now)
        while not request.is_done:
            self.step(schedule)
        return self.now - begin


def schedule_for(sizes: Pace) -> Schedule:
    return Schedule(bytes_per_token=1, num_layers=1, pace=sizes, budget=MemoryBudget(limit=10**9))


def streaming(sizes: Pace, table: Table) -> tuple[Schedule, Device]:
    """With an answer that goes on."""
    schedule, device = schedule_for(sizes), Device(table)
    schedule.submit(Request([1, 2, 3], max_tokens=10**8).sequence, 0.0)
    while not schedule.running:
        device.step(schedule)
    device.sizes.clear()
    return schedule, device


@settings(max_examples=examples(40))
@given(
    table=TABLES,
    sizes=st.sampled_from([DENSE, EXPERTS]),
    before=st.lists(st.integers(1, 600), max_size=4),
)
@example(table=Table(1e-3, 600, 3.0), sizes=EXPERTS, before=[30])
def test_alone_a_prompt_takes_as_long_as_in_the_best_chunks(
    table: Table, sizes: Pace, before: list[int]
) -> None:
    schedule, device, ids = schedule_for(sizes), Device(table), count(1, 20_000)
    for length in before:
        device.prompt(schedule, length, next(ids))
    device.sizes.clear()
    seconds = device.prompt(schedule, PROMPT, next(ids))
    assert seconds <= 1.1 * table.best(PROMPT, sizes)


@settings(max_examples=examples(40), deadline=None)
@given(
    table=TABLES,
    sizes=st.sampled_from([DENSE, EXPERTS]),
    alone_before=st.booleans(),
    before=st.lists(st.integers(1, 600), max_size=2),
)
@example(table=Table(2e-4, 600), sizes=EXPERTS, alone_before=False, before=[])
@example(table=Table(2e-3, 600), sizes=EXPERTS, alone_before=False, before=[])
def test_beside_a_stream_a_prompt_takes_its_share_of_the_time(
    table: Table, sizes: Pace, alone_before: bool, before: list[int]
) -> None:
    schedule, device, ids = *streaming(sizes, table), count(1, 20_000)
    if alone_before:
        device.prompt(schedule, 4 * sizes.most, next(ids))
    for length in before:
        device.prompt(schedule, length, next(ids))
    device.decoding = device.prefilling = 0.0
    seconds = device.prompt(schedule, PROMPT, next(ids))
    idle = table.best(PROMPT, sizes) + table.each * 2 * table.compiling_s
    assert seconds <= 1.3 * idle / PREFILL_SHARE + 1
    largest = max(map(table.seconds, device.sizes))
    growing = 0.3 * max(0.0, seconds - 30)  # the share grows after half a minute of waiting
    assert device.prefilling <= PREFILL_SHARE * seconds + growing + largest + table.compiling_s
    assert device.decoding >= 0.49 * seconds - largest - table.compiling_s


@settings(max_examples=examples(20), deadline=None)
@given(table=TABLES, sizes=st.sampled_from([DENSE, EXPERTS, CPU]))
def test_streams_of_another_model_keep_their_share_too(table: Table, sizes: Pace) -> None:
    other, device = schedule_for(sizes), Device(table)
    request = Request(range(1, 4001), max_tokens=1)
    other.submit(request.sequence, 0.0)
    step_s = 0.05
    while not request.is_done:
        device.now += step_s  # of the model that streams
        device.decoding += step_s
        device.step(other, step_s)
    largest = max(map(table.seconds, device.sizes)) + table.compiling_s * (1 + table.each)
    growing = 0.3 * max(0.0, device.now - 30)
    # The schedule knows measured speeds: its share is kept within a percent.
    assert device.prefilling <= 1.01 * PREFILL_SHARE * device.now + growing + largest


def test_a_gpu_gets_the_chunks_of_its_model(model: Qwen3, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the real parts, as if there were a GPU."""
    for module in (decoder_module, scheduler_module):
        monkeypatch.setattr(module, "on_cpu", lambda: False)
    scheduler = scheduler_for(Decoder(model, eager_steps=10**9))
    size = 2048 if model.config.num_experts else 512
    prompt = [i * 7 % 300 for i in range(size + 100)]
    request = run(scheduler, prompt, max_tokens=1)
    assert [each.done for each in request.progress] == [size, len(prompt)]


@given(per_token=st.floats(2e-5, 2e-3))
def test_on_the_cpu_streams_wait_for_small_chunks(per_token: float) -> None:
    schedule, device = streaming(CPU, Table(per_token, 5))
    device.prompt(schedule, 3000, 1)
    assert device.longest_gap <= max(0.16, 140 * per_token)
