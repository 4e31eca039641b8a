"""What a model is offered, and the check of what it writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen3mlx.tools.outcome import Outcome
from qwen3mlx.tools.toolbox import LONGEST_DESCRIPTION, Progress, Tool, Toolbox

ADD = {
    "type": "object",
    "properties": {"a": {"type": "integer"}, "b": {"type": "integer", "maximum": 9}},
    "required": ["a", "b"],
    "additionalProperties": False,
}


async def run(arguments: Mapping[str, Any], seconds: float, on_progress: Progress) -> Outcome:
    return Outcome("ok", "")


def tool(name: str = "add", server: str = "s", **more: Any) -> Tool:
    return Tool(server, name, run, **{"schema": ADD, **more})


def test_names_are_the_tools_own_unless_two_share_one() -> None:
    box = Toolbox([tool("add", "one"), tool("add", "two"), tool("sub", "two")])
    offered = {name: (each.server, each.name) for name, each in box.tools.items()}
    assert offered == {
        "sub": ("two", "sub"),
        "one.add": ("one", "add"),
        "two.add": ("two", "add"),
    }
    assert [each["function"]["name"] for each in box.functions] == list(offered)


NAMES = st.text("ab.", min_size=1, max_size=4)


@given(st.lists(st.tuples(NAMES, NAMES), max_size=8, unique=True))
def test_no_tool_hides_another(pairs: list[tuple[str, str]]) -> None:
    tools = [tool(name, server) for server, name in pairs]
    assert sorted(map(id, Toolbox(tools).tools.values())) == sorted(map(id, tools))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ('{"a": 1, "b": 2}', None),
        ('{"a": 1}', "required"),
        ('{"a": 1, "b": 10}', "b: 10 is greater"),
        ('{"a": "1", "b": 2}', "a: "),
        ('{"a": 1, "b": 2, "c": 3}', "c"),
        ("[1]", "not a JSON object"),
        ('{"a": 1', "not a JSON object"),
        ("", "required"),
        ("[" * 100_000, "not a JSON object"),
    ],
)
def test_arguments_are_checked_and_the_fault_is_named(arguments: str, told: str | None) -> None:
    fault = Toolbox([]).arguments(tool(), arguments).fault
    assert fault is None if told is None else fault is not None and told in fault
    assert len(fault or "") < 1000


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"schema": {"type": "no such type"}}, "not a JSON Schema"),
        ({"schema": {"$ref": "https://example.com/schema"}}, "not a JSON Schema"),
        ({"schema": {"type": "string"}}, "must describe an object"),
        ({"schema": {"description": "x" * 70_000}}, "more than 64,000 characters"),
        ({"name": ""}, "its name must have"),
        ({"name": "a\nb"}, "its name must have"),
        ({"name": "a" * 200}, "its name must have"),
    ],
)
def test_a_tool_that_cannot_be_offered_says_why(changed: dict[str, Any], told: str) -> None:
    bad = tool(**changed)
    assert told in (bad.fault or "")
    assert not Toolbox([bad]).tools


def test_a_long_description_is_cut() -> None:
    function = Toolbox([tool(description="x" * 20_000)]).functions[0]["function"]
    assert function["description"].endswith("(cut)")
    assert len(function["description"]) < LONGEST_DESCRIPTION + 10


def test_a_tool_is_another_after_each_change() -> None:
    same = tool(), tool()
    assert same[0].identity == same[1].identity
    others = [tool(description="x"), tool(schema={"type": "object"}), tool(source="other")]
    assert len({each.identity for each in (*others, same[0])}) == 4
