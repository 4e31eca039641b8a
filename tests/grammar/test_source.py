"""The text of grammars; other tests check, with a vocabulary, what they allow."""

from __future__ import annotations

from typing import Any

import pytest

from qwen3mlx.errors import InvalidRequestError
from qwen3mlx.grammar.source import answer_grammar, json_grammar

TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
IDS = (7, 8)


def test_nothing_asked_for_nothing_bound() -> None:
    assert answer_grammar() is None
    assert answer_grammar([TOOL], tool_choice="none", call_ids=IDS) is None


def test_markers_are_named_by_their_ids() -> None:
    source = answer_grammar([TOOL], tool_choice="required", call_ids=IDS)
    assert source is not None
    assert "<[7]>" in source.lark
    assert "<[8]>" in source.lark
    assert source.trigger_id is None


@pytest.mark.parametrize("parallel", [True, False])
def test_a_choice_left_to_the_model_waits_for_its_marker(parallel: bool) -> None:
    source = answer_grammar([TOOL], parallel=parallel, call_ids=IDS)
    assert source is not None
    assert source.trigger_id == 7
    assert source.repeats == parallel


def test_with_a_schema_to_follow_nothing_is_free() -> None:
    source = answer_grammar([TOOL], json_schema={"type": "object"}, call_ids=IDS)
    assert source is not None
    assert source.trigger_id is None
    assert set(source.fields.values()) == {"response_format", "tools[0].function.parameters"}


def test_only_the_tool_asked_for_is_there() -> None:
    other = {"name": "g", "description": "shaped as older clients do"}
    source = answer_grammar([TOOL, other], tool_name="g", call_ids=IDS)
    assert source is not None
    assert list(source.fields.values()) == ["tools[1].function.parameters"]


@pytest.mark.parametrize("name", ["a\nb", "a\u200bb", "a\x7fb", "a\u2028b"])
@pytest.mark.parametrize("choice", ["auto", "required"])
def test_a_name_that_no_call_is_read_with_is_refused(name: str, choice: Any) -> None:
    tools = [TOOL, {"type": "function", "function": {"name": name}}]
    with pytest.raises(InvalidRequestError, match="cannot write a call") as refusal:
        answer_grammar(tools, tool_choice=choice)
    assert refusal.value.param == "tools[1].function.name"


def test_the_field_is_the_callers() -> None:
    with pytest.raises(InvalidRequestError, match=r"^text\.format ") as refusal:
        json_grammar({"$ref": "http://x"}, param="text.format", strict=True)
    assert refusal.value.param == "text.format"


def test_a_schema_cannot_set_the_spacing() -> None:
    endless = {"x-guidance": {"whitespace_pattern": r"\s*", "lenient": True}}
    assert json_grammar(endless).lark == json_grammar({}).lark


@pytest.mark.parametrize(
    ("tool", "param"),
    [
        ({"type": "function"}, "tools[0].function.name"),
        ({"function": {"name": 5}}, "tools[0].function.name"),
        ({"function": "f"}, "tools[0].function.name"),
        ({"function": {"name": "f", "parameters": []}}, "tools[0].function.parameters"),
        (
            {"function": {"name": "f", "parameters": {"type": "string"}}},
            "tools[0].function.parameters",
        ),
        (
            {"function": {"name": "f", "parameters": {"type": ["array", "null"]}}},
            "tools[0].function.parameters",
        ),
        (
            {"function": {"name": "f", "strict": True, "parameters": {"$ref": "x.json"}}},
            "tools[0].function.parameters",
        ),
    ],
)
def test_a_tool_that_cannot_be_called_is_named(tool: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequestError) as refusal:
        answer_grammar([tool], call_ids=IDS)
    assert refusal.value.param == param
    assert "tools[0].function" in str(refusal.value)
