"""Continuous batching for one model: requests join and leave the running batch at any step."""

from __future__ import annotations

import time

from ..generate import Decoder
from ..model import KVPool
from .memory import MemoryBudget
from .prefix_index import PrefixIndex
from .runner import Runner
from .schedule import MAX_RUNNING, Schedule
from .sequence import Sequence


class Scheduler:
    """A schedule and the runner that carries its plans out.

    All methods belong to the thread that loaded the model.
    """

    def __init__(
        self, decoder: Decoder, budget: MemoryBudget, *, max_running: int = MAX_RUNNING
    ) -> None:
        self.runner = Runner(decoder)
        self.schedule = Schedule(
            bytes_per_token=self.runner.pool.bytes_per_token,
            max_chunk=decoder.max_chunk,
            budget=budget,
            max_running=max_running,
        )
        self._budget = budget
        self._is_planning = False
        budget.evictors.append(self._evict)

    def step(self) -> None:
        """One token for each running sequence, and a piece of a waiting one's prompt."""
        self._is_planning = True
        try:
            plan = self.schedule.plan(time.perf_counter())
        finally:
            self._is_planning = False
        outputs = self.runner.run(plan)
        self.schedule.apply(outputs)
        if self.schedule.is_idle:
            self._carry_out_changes()

    @property
    def sequences(self) -> list[Sequence]:
        """All that have not ended, in the order in which they came."""
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
    def pool(self) -> KVPool:
        return self.runner.pool

    @property
    def prefixes(self) -> PrefixIndex:
        return self.schedule.pool.prefixes

    def submit(self, sequence: Sequence) -> None:
        """Queue it. Raises MemoryBudgetError if it could not even run alone."""
        self.schedule.submit(sequence, time.perf_counter())

    def check_fits(self, num_tokens: int) -> None:
        """Raises MemoryBudgetError for a prompt that no waiting would make room for."""
        self.schedule.check_fits(num_tokens)

    def bytes_needed(self, num_tokens: int) -> int:
        """What a prompt of so many tokens takes if it runs alone."""
        return self.schedule.bytes_needed(num_tokens)

    def cancel(self, sequence: Sequence) -> None:
        """Stop working on it now; what was computed is kept for others. No output is sent."""
        self.schedule.cancel(sequence)
        self._carry_out_changes()

    def fail_all(self, error: Exception) -> None:
        """End every sequence with `error`; what the pool's arrays hold is not known."""
        self.schedule.fail_all(error)
        self._carry_out_changes()

    def close(self, error: Exception) -> None:
        """End every sequence with `error`, and give all memory back."""
        self._budget.evictors.remove(self._evict)
        self.fail_all(error)
        while self.prefixes.evict():
            pass
        self._carry_out_changes()

    def _evict(self) -> bool:
        """Let a cached block go; for another model's sake, its memory is free at once."""
        evicted = self.prefixes.evict()
        if not self._is_planning:
            self._carry_out_changes()
        return evicted

    def _carry_out_changes(self) -> None:
        """Without a step: nobody may wait for the next one."""
        while (plan := self.schedule.plan_changes()) is not None:
            self.schedule.apply(self.runner.run(plan))
