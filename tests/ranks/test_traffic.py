"""Requests that come and go at any time, over two ranks and in one process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from qwen3mlx.config import LoadOptions
from qwen3mlx.engine.memory import MemoryBudget
from qwen3mlx.engine.plan import StepOutputs, StepPlan
from qwen3mlx.engine.runner import Runner
from qwen3mlx.engine.scheduler import Scheduler, StepRunner
from qwen3mlx.generate import Decoder
from qwen3mlx.model import load_model
from qwen3mlx.model.kv_layout import CAPACITY_STEP, stack_capacity
from qwen3mlx.ranks.group import Group
from qwen3mlx.ranks.hosts import LOCAL, Host, Hosts, Parallel
from qwen3mlx.ranks.shared_model import GroupRunner, chosen
from tests.engine.traffic import KINDS, SCALES, TINY, Traffic, carry_out, traffics
from tests.model.support import relative_difference
from tests.support.checkpoints import write_checkpoint
from tests.support.examples import examples

from .support import SSH, program, script
from .telling_rank import held

PAIR = replace(TINY, num_attention_heads=2, num_key_value_heads=2, num_hidden_layers=2)
# Plans between two looks at what the ranks hold.
LOOK = 8
TOLERANCE = 1e-5


class Both:
    """A group, and one process that carries out the same plans, with the same tokens."""

    def __init__(self, folder: Path, parallel: Parallel) -> None:
        hosts = tuple(self._host(folder / str(rank)) for rank in range(2))
        self.checkpoint = write_checkpoint(folder / "pair", PAIR, dtype="float32")
        self.group = Group(Hosts(hosts, parallel), "pair", self.checkpoint)
        self._shared = GroupRunner(self.group, self.group.load(LoadOptions(), lambda *_: None))
        self.alone = Decoder(load_model(self.checkpoint), eager_steps=10**9)
        self.bytes_per_token = self._shared.bytes_per_token
        self.num_layers = self._shared.num_layers
        self.max_chunk = self._shared.max_chunk
        self._single = Runner(self.alone)
        self._folder = folder
        self._is_tensor = parallel == "tensor"
        self._num_plans = 0

    def _host(self, home: Path) -> Host:
        command = program(home, module="tests.ranks.telling_rank")
        return Host(f"mac-{home.name}.local", (LOCAL,), command=command)

    def run(self, plan: StepPlan) -> StepOutputs:
        outputs = self._shared.run(plan)
        assert outputs.fault is None
        assert chosen(outputs) == chosen(self._single.run(plan))
        self._num_plans += 1
        if self._num_plans % LOOK == 0:
            self._compare()
        return outputs

    def _compare(self) -> None:
        """Put together, the ranks' keys and values are those of the one process.

        Only sums of parts depend on their order, and the first layer of `tensor` has none.
        """
        self.group.ask("held", str(self._folder))
        ranks = [np.load(self._folder / f"{rank}.npz") for rank in range(2)]
        single = held(self._single)
        assert all(set(rank) == set(single) for rank in ranks)
        for name, expected in single.items():
            parts = [rank[name] for rank in ranks]
            if not self._is_tensor:
                assert np.concatenate(parts).tobytes() == expected.tobytes(), name
                continue
            whole = np.concatenate(parts, axis=2)
            assert whole[0].tobytes() == expected[0].tobytes(), name
            assert not whole.size or relative_difference(whole, expected) <= TOLERANCE, name


class Alone:
    """One process, with the room that a rank has: a row of fewer layers grows into more."""

    def __init__(self, both: Both) -> None:
        self.bytes_per_token = both.bytes_per_token
        self.num_layers = both.num_layers
        self.max_chunk = both.max_chunk
        self.run = Runner(both.alone).run


@pytest.fixture(scope="module", params=["tensor", "pipeline"])
def both(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Both]:
    folder = tmp_path_factory.mktemp(request.param)
    script(folder / "bin" / "ssh", SSH)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{folder / 'bin'}:{os.environ['PATH']}")
        both = Both(folder, request.param)
    yield both
    both.group.close()


def tokens_of(traffic: Traffic, runner: StepRunner) -> list[list[int]]:
    """With room for the longest prompt, and for so many steps of capacity more."""
    limit = 10**9
    if traffic.spare is not None:
        longest = max(ask.length for ask in traffic.asks)
        tokens = stack_capacity(longest + 1) + traffic.spare * CAPACITY_STEP
        limit = tokens * runner.bytes_per_token
    scheduler = Scheduler(runner, MemoryBudget(limit=limit), max_running=traffic.max_running)
    sent = carry_out(traffic, scheduler)
    scheduler.close(RuntimeError("over"))  # which frees the prefixes that the ranks hold
    # What a cancelled answer has by then is a matter of time.
    return [request.ids[: ask.cancel_at] for ask, request in sent]


@pytest.mark.slow
@pytest.mark.timeout(0)
@settings(
    max_examples=examples(200, fast=10),
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
@given(traffic=traffics(SCALES["real"], kinds=list(KINDS)))
def test_tokens_and_pools_are_those_of_one_process(both: Both, traffic: Traffic) -> None:
    assert tokens_of(traffic, both) == tokens_of(traffic, Alone(both))
