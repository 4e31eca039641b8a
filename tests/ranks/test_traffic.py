"""Requests that come and go at any time, over two ranks and in one process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings

from qwen3mlx.config import LoadOptions
from qwen3mlx.engine.memory import MemoryBudget
from qwen3mlx.engine.runner import Runner
from qwen3mlx.engine.scheduler import Scheduler, StepRunner
from qwen3mlx.generate import Decoder
from qwen3mlx.model import load_model
from qwen3mlx.model.kv_layout import CAPACITY_STEP, stack_capacity
from qwen3mlx.ranks.group import Group
from qwen3mlx.ranks.shared_model import GroupRunner
from tests.engine.traffic import KINDS, SCALES, TINY, Traffic, carry_out, traffics
from tests.support.checkpoints import write_checkpoint
from tests.support.examples import examples

from .support import TWO

PAIR = replace(TINY, num_attention_heads=2, num_key_value_heads=2, num_hidden_layers=2)


class Both(NamedTuple):
    group: GroupRunner
    alone: Decoder


@pytest.fixture(scope="module", params=["tensor", "pipeline"])
def both(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Both]:
    folder = write_checkpoint(tmp_path_factory.mktemp("pair"), PAIR, dtype="float32")
    group = Group(TWO._replace(parallel=request.param), "pair", folder)
    held = group.load(LoadOptions(), lambda done, total: None)
    yield Both(GroupRunner(group, held), Decoder(load_model(folder), eager_steps=10**9))
    group.close()


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
@settings(max_examples=examples(20), suppress_health_check=list(HealthCheck))
@given(traffic=traffics(SCALES["real"], kinds=list(KINDS)))
def test_tokens_are_those_of_one_process(both: Both, traffic: Traffic) -> None:
    assert tokens_of(traffic, both.group) == tokens_of(traffic, Runner(both.alone))
