"""The loop itself, without a model and without a tool."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen3mlx.tools.loop import NOT_MADE, OVER, Limits, ToolLoop
from qwen3mlx.tools.outcome import Outcome, Status
from qwen3mlx.tools.toolbox import Toolbox

from .test_toolbox import tool

QUESTION = {"role": "user", "content": "How much is it?"}
GOOD, BAD = '{"a": 1, "b": 2}', '{"a": 1}'


class Written(NamedTuple):
    id: str
    name: str
    arguments: str = GOOD


class Spent(NamedTuple):
    prompt_tokens: int = 100
    completion_tokens: int = 10


def loop(
    context_length: int = 4000,
    is_left: Callable[[str], bool] = lambda _: False,
    **limits: Any,
) -> ToolLoop:
    return ToolLoop(
        [QUESTION],
        Toolbox([tool()]),
        context_length=context_length,
        cut=lambda text, num_tokens: text[:num_tokens],
        limits=Limits(**limits),
        is_left=is_left,
    )


def test_an_answer_without_calls_is_the_last() -> None:
    agent = loop()
    assert agent.answered("3", "easy", [], Spent()) == []
    assert agent.ending == "answered"
    assert agent.new_messages == [
        {"role": "assistant", "content": "3", "reasoning_content": "easy"}
    ]


def test_results_follow_in_the_order_of_the_calls_and_thoughts_stay() -> None:
    agent = loop()
    first, second = agent.answered("", "two", [Written("1", "add"), Written("2", "add")], Spent())
    assert (first.value, first.tool and first.tool.name) == ({"a": 1, "b": 2}, "add")
    agent.finished(second, Outcome("ok", "second"))
    assert len(agent.new_messages) == 1
    agent.finished(first, Outcome("error", "first failed"))
    turn, *results = agent.new_messages
    assert turn["reasoning_content"] == "two"
    assert [call["id"] for call in turn["tool_calls"]] == ["1", "2"]
    assert [(one["tool_call_id"], one["content"]) for one in results] == [
        ("1", "first failed"),
        ("2", "second"),
    ]
    assert agent.ending is None


def test_the_model_is_told_what_was_wrong_with_its_call() -> None:
    agent = loop()
    calls = agent.answered("", "", [Written("1", "sub"), Written("2", "add", BAD)], Spent())
    assert [call.outcome and call.outcome.status for call in calls] == ["invalid", "invalid"]
    unknown, wrong = (message["content"] for message in agent.messages[-2:])
    assert "the tools are: add." in unknown
    assert '"b" is a required property' in wrong
    assert agent.ending is None  # it may try again


def test_after_the_last_step_it_may_only_answer() -> None:
    agent = loop(steps=2)
    (call,) = agent.answered("", "", [Written("1", "add")], Spent())
    agent.finished(call, Outcome("ok", "3"))
    (call,) = agent.answered("", "", [Written("2", "add")], Spent())
    assert call.outcome == Outcome("limit", OVER)
    assert agent.messages[-1]["content"] == OVER
    (call,) = agent.answered("", "", [Written("3", "add")], Spent())
    assert call.outcome == Outcome("limit", OVER)
    assert agent.ending == "limit"


def test_calls_are_limited_too() -> None:
    agent = loop(calls=50)
    calls = agent.answered("", "", [Written(str(n), "add") for n in range(60)], Spent())
    assert [call.outcome is None for call in calls].count(True) == 50


def test_the_tokens_of_all_steps_have_one_limit() -> None:
    agent = loop(tokens=15)
    (call,) = agent.answered("", "", [Written("1", "add")], Spent())
    agent.finished(call, Outcome("ok", "3"))
    assert agent.tokens_left == 5
    (call,) = agent.answered("", "", [Written("2", "add")], Spent())
    assert call.outcome == Outcome("limit", OVER)
    assert agent.ending == "limit"


def test_a_stopped_answer_has_an_end_for_each_call() -> None:
    agent = loop()
    first, _ = agent.answered("", "", [Written("1", "add"), Written("2", "add")], Spent())
    agent.finished(first, Outcome("ok", "3"))
    agent.stop()
    assert agent.ending == "cancelled"
    assert [one["content"] for one in agent.messages[-2:]] == ["3", NOT_MADE]


def test_results_share_what_is_left_of_the_context() -> None:
    agent = loop(context_length=1110)
    calls = agent.answered("", "", [Written(str(n), "add") for n in range(4)], Spent())
    for call in calls:
        agent.finished(call, Outcome("ok", "x" * 1000))
    for message in agent.messages[-4:]:
        kept, _, note = message["content"].partition("\n\n")
        assert len(kept) == 125
        assert "the result has 1,000 characters; only the first 125 fit" in note


WRITTEN = st.tuples(st.sampled_from(["add", "no"]), st.sampled_from([GOOD, BAD]))
STATUSES: list[Status] = ["ok", "error", "denied", "timeout", "cancelled"]


@given(st.data(), st.integers(1, 6), st.integers(1, 12))
def test_every_call_is_accounted_for(data: st.DataObject, steps: int, calls: int) -> None:
    """Whatever the model calls, in whatever order calls end, and whenever it is stopped."""
    agent = loop(steps=steps, calls=calls)
    for _ in range(10):
        drawn = enumerate(data.draw(st.lists(WRITTEN, max_size=4)))
        written = [Written(f"{agent.num_steps}-{n}", *each) for n, each in drawn]
        open_calls = [one for one in agent.answered("", "", written, Spent()) if not one.outcome]
        if agent.ending:
            break
        for call in data.draw(st.permutations(open_calls)):
            if data.draw(st.integers(0, 9)) == 0:
                agent.stop()
                break
            agent.finished(call, Outcome(data.draw(st.sampled_from(STATUSES)), "text"))
        if agent.ending:
            break
    assert agent.ending
    assert all(call.outcome for call in agent.calls)
    asked = [call["id"] for turn in agent.messages for call in turn.get("tool_calls", ())]
    told = [turn["tool_call_id"] for turn in agent.messages if turn["role"] == "tool"]
    assert asked == told


@pytest.mark.parametrize("ending", ["cancelled", "limit"])
def test_stopping_twice_adds_nothing(ending: Any) -> None:
    agent = loop()
    agent.answered("", "", [Written("1", "add")], Spent())
    agent.stop(ending)
    before = list(agent.messages)
    agent.stop(ending)
    assert agent.messages == before


def test_calls_of_the_callers_names_are_left_to_it() -> None:
    agent = loop(is_left=lambda name: name == "mine")
    calls = [Written("1", "mine"), Written("2", "add"), Written("3", "mine")]
    (call,) = agent.answered("", "", calls, Spent())
    assert call.id == "2"
    assert agent.ending is None
    agent.finished(call, Outcome("ok", "3"))
    assert agent.ending == "left"
    turn, result = agent.new_messages
    assert [one["id"] for one in turn["tool_calls"]] == ["1", "2", "3"]
    assert (result["tool_call_id"], result["content"]) == ("2", "3")
    assert loop(is_left=lambda _: True).answered("", "", calls, Spent()) == []


def test_calls_that_were_made_earlier_are_resumed() -> None:
    agent = loop()
    (call,) = agent.resumed([Written("1", "add")], used=40)
    assert agent.new_messages == []
    agent.finished(call, Outcome("ok", "3"))
    assert [one["content"] for one in agent.new_messages] == ["3"]
    (wrong,) = loop().resumed([Written("2", "add", BAD)], used=40)
    assert wrong.outcome is not None
