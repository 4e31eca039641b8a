"""Continuous batching for one model: requests join and leave the running batch at any step."""

from __future__ import annotations

import time
from typing import Protocol

from ..model.device import on_cpu
from .memory import MemoryBudget
from .plan import StepOutputs, StepPlan
from .prefix_index import PrefixIndex
from .schedule import MAX_RUNNING, Schedule
from .sequence import Sequence
from .throttle import Pace


class StepRunner(Protocol):
    """Executes one model's plans, here or in other processes."""

    @property
    def bytes_per_token(self) -> int:
        """The memory of one token's keys and values."""

    @property
    def num_layers(self) -> int:
        """Layers that share that memory evenly."""

    @property
    def max_chunk(self) -> int:
        """The most tokens of a prompt that are computed at once."""

    def run(self, plan: StepPlan) -> StepOutputs:
        """Execute `plan` up to its first fault, which the outputs report; it is not raised."""


class Scheduler:
    """A schedule, and the runner that executes its plans.

    All methods belong to the thread that loaded the model.
    """

    def __init__(
        self, runner: StepRunner, budget: MemoryBudget, *, max_running: int = MAX_RUNNING
    ) -> None:
        self.runner = runner
        self.schedule = Schedule(
            bytes_per_token=runner.bytes_per_token,
            num_layers=runner.num_layers,
            pace=Pace.for_device(runner.max_chunk, on_cpu=on_cpu()),
            budget=budget,
            max_running=max_running,
        )
        self._budget = budget
        self._is_planning = False
        self._decode_s = 0.0
        budget.evictors.append(self._evict)

    def step(self, elsewhere_s: float = 0.0) -> None:
        """Compute one token for each running sequence, and a chunk of a waiting one's prompt.

        `elsewhere_s` is the time that answers of other models took since the last step.
        """
        self._is_planning = True
        try:
            plan = self.schedule.plan(time.perf_counter(), elsewhere_s)
        finally:
            self._is_planning = False
        outputs = self.runner.run(plan)
        self._decode_s = outputs.decode_s
        self.schedule.apply(outputs)
        if self.schedule.is_idle:
            self._carry_out_changes()

    @property
    def decode_s(self) -> float:
        """The time that answers took in the last step, while some still run."""
        return self._decode_s if self.schedule.running else 0.0

    @property
    def sequences(self) -> list[Sequence]:
        """All sequences that have not ended, in order of arrival."""
        return list(self.schedule.sequences)

    @property
    def num_sequences(self) -> int:
        return len(self.schedule.sequences)

    @property
    def running(self) -> list[Sequence]:
        return self.schedule.running

    @property
    def waiting(self) -> list[Sequence]:
        return self.schedule.waiting

    @property
    def is_idle(self) -> bool:
        return self.schedule.is_idle

    @property
    def prefixes(self) -> PrefixIndex:
        return self.schedule.pool.prefixes

    def submit(self, sequence: Sequence) -> None:
        """Queue the sequence. Raises MemoryBudgetError if it could not run even alone."""
        self.schedule.submit(sequence, time.perf_counter())

    def check_fits(self, num_tokens: int) -> None:
        """Raise MemoryBudgetError for a prompt that cannot fit, however long it waits."""
        self.schedule.check_fits(num_tokens)

    def bytes_needed(self, num_tokens: int) -> int:
        """Return the bytes that a prompt of this many tokens takes if it runs alone."""
        return self.schedule.bytes_needed(num_tokens)

    def cancel(self, sequence: Sequence) -> None:
        """Stop the sequence now, without an output, and cache its computed tokens."""
        self.schedule.cancel(sequence)
        self._carry_out_changes()

    def fail_all(self, error: Exception) -> None:
        """Fail every sequence with `error`; the content of the pool's arrays is unknown."""
        self.schedule.fail_all(error)
        self._carry_out_changes()

    def close(self, error: Exception) -> None:
        """Fail every sequence with `error`, and free all memory."""
        self._budget.evictors.remove(self._evict)
        self.fail_all(error)
        while self.prefixes.evict():
            pass
        self._carry_out_changes()

    def _evict(self) -> bool:
        """Evict a cached block at once, because another model needs its memory."""
        evicted = self.prefixes.evict()
        if not self._is_planning:
            self._carry_out_changes()
        return evicted

    def _carry_out_changes(self) -> None:
        """Apply pending changes without waiting for the next step, which may never come."""
        while (plan := self.schedule.plan_changes()) is not None:
            self.schedule.apply(self.runner.run(plan))
