"""Plans and outputs survive the way to another process."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen3mlx.engine import plan
from qwen3mlx.engine.outputs import Token
from qwen3mlx.errors import MemoryBudgetError
from qwen3mlx.ranks.wire import line, packed, unpacked

numbers = st.integers(0, 1 << 40)
ids = st.lists(numbers, max_size=5).map(tuple)
floats = st.floats(allow_nan=False)
pairs = st.lists(st.tuples(numbers, st.one_of(floats, st.just(-math.inf))), max_size=3).map(tuple)
sampling = st.builds(
    plan.RowSampling,
    *([floats] * 2),
    numbers,
    *([floats] * 4),
    st.booleans(),
    numbers,
    pairs,
    pairs,
    ids,
)
draws = st.builds(
    plan.Draw, floats, st.booleans(), st.none() | st.binary(max_size=40), st.none() | ids
)
changes = st.one_of(
    st.builds(plan.OpenRow, numbers, numbers, sampling),
    st.builds(plan.GrowRow, numbers, numbers),
    st.builds(plan.TrimRow, numbers, numbers),
    st.builds(plan.CloseRow, numbers),
    st.builds(plan.FillRow, numbers, st.lists(st.tuples(numbers, numbers)).map(tuple)),
    st.builds(plan.CacheBlocks, numbers, st.lists(st.tuples(*[numbers] * 3)).map(tuple)),
    st.builds(plan.DropBlocks, ids),
    st.builds(plan.Reset, ids),
)
rows = st.builds(plan.DecodeRow, numbers, numbers, st.none() | ids, st.none() | draws)
plans = st.builds(
    plan.StepPlan,
    st.lists(changes, max_size=3).map(tuple),
    st.lists(st.builds(plan.LateDraw, numbers, draws), max_size=2).map(tuple),
    st.lists(st.builds(plan.DecodeBatch, st.lists(rows, max_size=2).map(tuple)), max_size=2).map(
        tuple
    ),
    st.none() | st.builds(plan.PrefillChunk, numbers, numbers, ids, ids, st.none() | draws),
    st.booleans(),
)
tokens = st.builds(Token, numbers, st.none() | floats, pairs)


def sent(value: Any) -> Any:
    return unpacked(json.loads(line({"run": packed(value)}))["run"])


@given(plans)
def test_plans(value: plan.StepPlan) -> None:
    arrived = sent(value)
    assert arrived == value
    assert repr(arrived) == repr(value)  # named tuples of other classes would be equal


@given(st.lists(tokens, max_size=3).map(tuple), floats)
def test_outputs(value: tuple[Token, ...], seconds: float) -> None:
    outputs = plan.StepOutputs(((3, value),), value, value, seconds, seconds)
    assert repr(sent(outputs)) == repr(outputs)


def test_every_class_of_a_plan_is_known() -> None:
    made = {
        name: value
        for name, value in vars(plan).items()
        if isinstance(value, type)
        and hasattr(value, "_fields")
        and value.__module__ == plan.__name__
    }
    for name, cls in made.items():
        assert type(sent(cls(*[1] * len(cls._fields)))).__name__ == name


def test_faults_keep_their_kind() -> None:
    fault = plan.Fault((1, 2), MemoryBudgetError("There is no room."))
    arrived = sent(fault)
    assert (arrived.rows, type(arrived.error), str(arrived.error)) == (
        (1, 2),
        MemoryBudgetError,
        "There is no room.",
    )
    assert type(sent(OSError("it broke"))) is RuntimeError


@pytest.mark.parametrize(
    "value",
    [{"Popen": ["x"]}, {"StepPlan": 3}, {"OpenRow": [1]}, {"a": [], "b": []}, {}, {"bytes": "!"}],
)
def test_nothing_else_comes_out(value: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        unpacked(value)


def test_nothing_else_goes_in() -> None:
    with pytest.raises(TypeError, match="object is no part of a plan"):
        packed((object(),))
