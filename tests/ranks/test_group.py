"""Ranks in processes of their own, served by one engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qwen3mlx.config import LoadOptions
from qwen3mlx.engine import Engine
from qwen3mlx.engine.outputs import Token
from qwen3mlx.engine.plan import StepOutputs, StepPlan
from qwen3mlx.engine.rows import Rows, read_rows
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


def own_rows(decoder: Decoder, inputs: list[list[int]], token_ids: list[int] | None = None) -> Rows:
    found: Rows = []

    def collect() -> Iterator[None]:
        found.extend((yield from read_rows(decoder, inputs, token_ids)))

    assert not any(collect())
    return found


def test_rows_of_embeddings(engine: Engine, alone: Decoder) -> None:
    resident = resident_of(engine)
    longer, shared = PROMPT * 8, [[*PROMPT, last] for last in (1, 2)]
    found = engine.embed(resident, [longer, PROMPT]).result(PATIENCE)
    logits = engine.embed(resident, shared, token_ids=[3, 4]).result(PATIENCE)
    assert np.allclose(found, own_rows(alone, [longer, PROMPT]), rtol=0, atol=1e-5)
    assert np.allclose(logits, own_rows(alone, shared, [3, 4]), rtol=0, atol=1e-4)


def test_embeddings_leave_turns_to_answers(
    engine: Engine, alone: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two chunks; who is cancelled then is forgotten."""
    resident = resident_of(engine)
    asked: list[str] = []
    ask = Group.ask

    def noted(group: Group, name: str, values: Any) -> list[dict[str, Any]]:
        asked.append(name)
        return ask(group, name, values)

    monkeypatch.setattr(Group, "ask", noted)
    request = sent(engine, max_tokens=2000)
    wait(lambda: request.ids)
    futures = [engine.embed(resident, [PROMPT] * 500) for _ in range(2)]
    before = len(request.ids)
    wait(lambda: len(request.ids) > before + 3)
    assert not any(future.done() for future in futures)
    for future in futures:
        assert future.cancel()
    engine.cancel(resident, request.sequence)
    wait(lambda: resident.is_idle)
    assert asked.count("forget") == asked.count("rows") > 0
    rows = engine.embed(resident, [PROMPT]).result(PATIENCE)
    assert np.allclose(rows, own_rows(alone, [PROMPT]), rtol=0, atol=1e-5)


def test_another_model_is_refused(engine: Engine, demo: Path) -> None:
    with pytest.raises(InvalidRequestError, match="share demo alone"):
        engine.load("other", demo.parent / "moe", LoadOptions()).result(PATIENCE)


def test_a_group_is_not_started_twice(engine: Engine, demo: Path) -> None:
    with engine_of(TWO) as second:
        with pytest.raises(UnavailableError, match=r"rank 0 on this computer: a group .* already"):
            second.load("demo", demo, LoadOptions()).result(PATIENCE)
        assert second.trouble is None
    assert engine.trouble is None


def test_a_group_that_lost_a_rank_is_asked_nothing_more(demo: Path) -> None:
    group = Group(TWO, "demo", demo)
    group._fault = "Rank 1 is lost"
    with pytest.raises(UnavailableError, match="Rank 1 is lost: send the request again"):
        group.ask("rows", {})


class Apart(Group):
    """Its ranks reply with other tokens."""

    def ask(self, name: str, values: object) -> list[dict[str, object]]:
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
