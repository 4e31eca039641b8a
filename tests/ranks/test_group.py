"""Ranks in processes of their own, served by one engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qwen3mlx.config import LoadOptions
from qwen3mlx.engine import Engine
from qwen3mlx.engine.outputs import Token
from qwen3mlx.engine.plan import StepOutputs, StepPlan
from qwen3mlx.errors import InvalidRequestError, UnavailableError
from qwen3mlx.generate import Decoder
from qwen3mlx.ranks.group import Group, Held
from qwen3mlx.ranks.shared_model import GroupRunner
from qwen3mlx.ranks.wire import packed
from tests.engine.support import ids_alone

from .support import (
    PATIENCE,
    PROMPT,
    TWO,
    Odd,
    check_answers,
    engine_of,
    resident_of,
    sent,
    wait,
    wait_for,
)


@pytest.fixture(scope="module")
def engine(demo: Path) -> Iterator[Engine]:
    with engine_of(TWO) as engine:
        engine.load("demo", demo, LoadOptions()).result(PATIENCE)
        yield engine


def test_answers_are_those_of_one_process(engine: Engine, alone: Decoder) -> None:
    check_answers(engine, alone, max_tokens=4)


def test_prefixes_are_cached_and_masks_hold(engine: Engine, alone: Decoder) -> None:
    request = sent(engine, max_tokens=4, constraint=Odd())
    wait_for(request)
    assert request.cached_tokens >= 32
    assert request.ids == ids_alone(alone, PROMPT, max_tokens=4, constraint=Odd())


def test_a_cancelled_answer_leaves_the_others(engine: Engine, alone: Decoder) -> None:
    first, second = sent(engine, max_tokens=2000), sent(engine, max_tokens=5)
    wait(lambda: first.ids)
    engine.cancel(resident_of(engine), first.sequence)
    wait_for(second)
    assert second.ids == ids_alone(alone, PROMPT, max_tokens=5)


def test_rows_of_embeddings(engine: Engine, alone: Decoder) -> None:
    resident = resident_of(engine)
    found = engine.embed(resident, [PROMPT, PROMPT[:5]]).result(PATIENCE)
    logits = engine.embed(resident, [PROMPT], token_ids=[3, 4]).result(PATIENCE)
    assert [len(row) for row in found] == [192, 192]
    assert len(logits[0]) == 2
    assert abs(sum(value * value for value in found[0]) - 1) < 1e-4


def test_another_model_is_refused(engine: Engine, demo: Path) -> None:
    with pytest.raises(InvalidRequestError, match="share demo alone"):
        engine.load("other", demo.parent / "moe", LoadOptions()).result(PATIENCE)


def test_a_group_is_not_started_twice(engine: Engine, demo: Path) -> None:
    with engine_of(TWO) as second:
        with pytest.raises(UnavailableError, match=r"rank 0 on this computer: a group .* already"):
            second.load("demo", demo, LoadOptions()).result(PATIENCE)
        assert second.trouble is None
    assert engine.trouble is None


class Apart(Group):
    """Its ranks reply with other tokens."""

    def ask(self, name: str, values: object, patience: float = 0) -> list[dict[str, object]]:
        drawn = [StepOutputs(decoded=((0, (Token(rank),)),)) for rank in range(2)]
        return [{"outputs": packed(outputs)} for outputs in drawn]


def test_ranks_that_draw_other_tokens_end_the_group(demo: Path) -> None:
    group = Apart(TWO, "demo", demo)
    runner = GroupRunner(group, Held(1, 1, 1, 1, 1))
    for _ in range(2):  # the step itself, and any that was planned before
        fault = runner.run(StepPlan(collects=True)).fault
        assert fault is not None
        assert isinstance(fault.error, UnavailableError)
        assert "disagree" in str(fault.error)
    assert group.fault == "The computers of the group disagree"
