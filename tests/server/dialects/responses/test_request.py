"""Bodies -> requests of the engine."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from qwen3mlx.config import SamplingParams
from qwen3mlx.errors import InvalidRequestError
from qwen3mlx.request import GenerationRequest, NamedTool
from qwen3mlx.server.dialects.responses.items import input_items
from qwen3mlx.server.dialects.responses.request import (
    generation_request,
    num_turns,
    without_oldest_turns,
)
from qwen3mlx.server.dialects.responses.response import response_head

from .support import body

SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}}
ADD = {"type": "function", "name": "add", "parameters": SCHEMA, "strict": True}
NOW = {"type": "function", "name": "now"}


def request(**fields: Any) -> GenerationRequest:
    given = body(**fields)
    return generation_request(given, input_items(given.input, lambda _: None))


def refused(**fields: Any) -> str | None:
    with pytest.raises(InvalidRequestError) as caught:
        request(**fields)
    return caught.value.param


def test_a_plain_body_leaves_all_to_the_checkpoint() -> None:
    messages = [{"role": "user", "content": "Hi"}]
    assert request() == GenerationRequest(messages=messages, tools=[])


def test_nulls_are_not_given() -> None:
    nulls = {name: None for name in type(body()).model_fields if name not in ("model", "input")}
    assert request(**nulls) == request()


def test_sampling_and_limits() -> None:
    sampling = request(
        temperature=0.5,
        top_p=0.9,
        top_k=7,
        min_p=0.1,
        seed=3,
        max_output_tokens=20,
        thinking_budget=8,
        presence_penalty=1.0,
        stop="x",
    ).sampling
    assert sampling == {
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 7,
        "min_p": 0.1,
        "seed": 3,
        "max_tokens": 20,
        "thinking_budget": 8,
        "presence_penalty": 1.0,
        "stop": ["x"],
    }


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"include": ["message.output_text.logprobs"]}, {"logprobs": True, "top_logprobs": 0}),
        ({"top_logprobs": 3}, {"logprobs": True, "top_logprobs": 3}),
        ({"top_logprobs": 0}, {}),
        ({"include": ["file_search_call.results"]}, {}),
    ],
)
def test_logprobs(fields: dict[str, Any], expected: dict[str, Any]) -> None:
    assert request(**fields).sampling == expected


@pytest.mark.parametrize(
    ("effort", "enable", "budget"),
    [("none", False, None), ("low", True, 1024), ("high", True, None)],
)
def test_reasoning_effort(effort: str, enable: bool, budget: int | None) -> None:
    made = request(reasoning={"effort": effort, "summary": "auto"})
    assert made.enable_thinking is enable
    assert made.sampling.get("thinking_budget") == budget


def test_reasoning_effort_leaves_room_for_the_answer() -> None:
    made = request(reasoning={"effort": "medium"}, max_output_tokens=100)
    assert made.sampling["thinking_budget"] == 50


def test_tools_and_their_choice() -> None:
    made = request(
        tools=[ADD, NOW],
        tool_choice={"type": "function", "name": "add"},
        parallel_tool_calls=False,
    )
    function = {"name": "add", "parameters": SCHEMA, "strict": True}
    assert made.tools[0] == {"type": "function", "function": function}
    assert made.tool_choice == NamedTool("add")
    assert not made.parallel_tool_calls


def test_allowed_tools_take_the_others_away() -> None:
    allowed = {"type": "allowed_tools", "mode": "required", "tools": [{"name": "now"}]}
    made = request(tools=[ADD, NOW], tool_choice=allowed)
    assert [tool["function"]["name"] for tool in made.tools] == ["now"]
    assert made.tool_choice == "required"


@pytest.mark.parametrize(
    ("answer_format", "schema"),
    [
        ({"type": "text"}, None),
        ({"type": "json_object"}, {"type": "object"}),
        ({"type": "json_schema", "name": "a", "schema": SCHEMA, "strict": True}, SCHEMA),
    ],
)
def test_text_format(answer_format: dict[str, Any], schema: dict[str, Any] | None) -> None:
    assert request(text={"format": answer_format}).json_schema == schema


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"background": True}, "background"),
        ({"prompt": {"id": "pmpt_1"}}, "prompt"),
        ({"context_management": [{"type": "compaction"}]}, "context_management"),
        ({"tools": [NOW, {"type": "functions"}]}, "tools[1].type"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"tools": [NOW], "tool_choice": {"type": "web_search"}}, "tool_choice.type"),
        ({"text": {"format": {"type": "grammar"}}}, "text.format.type"),
        ({"text": {"format": {"type": "json_schema", "name": "a"}}}, "text.format.schema"),
        ({"max_output_tokens": -5}, "max_output_tokens"),
        ({"input": []}, "input"),
        ({"input": None}, "input"),
    ],
)
def test_what_is_unsupported_is_refused_by_name(fields: dict[str, Any], param: str) -> None:
    assert refused(**fields) == param


@pytest.mark.parametrize(
    "fields",
    [
        {"model": None},
        {"input": 5},
        {"include": ["everything"]},
        {"metadata": {"a": 1}},
        {"metadata": {str(n): "x" for n in range(17)}},
        {"reasoning": {"effort": "immense"}},
        {"truncation": "oldest"},
        {"top_logprobs": 21},
        {"max_tool_calls": 0},
        {"stream": "yes"},
    ],
)
def test_values_that_make_no_sense_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        body(**fields)
    assert caught.value.errors()[0]["loc"][0] == next(iter(fields))


def test_unknown_keys_are_tolerated() -> None:
    assert request(service_tier="flex", prompt_cache_retention="24h") == request()


def test_the_oldest_turn_goes_with_its_calls_and_instructions_stay() -> None:
    call = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
    output = {"type": "function_call_output", "call_id": "c", "output": "1"}
    system = {"role": "system", "content": "Be kind."}
    questions = [{"role": "user", "content": text} for text in ("one", "two")]
    items = input_items([system, questions[0], call, output, questions[1]], lambda _: None)
    assert without_oldest_turns(items, 1) == [items[0], items[4]]
    assert (num_turns(items), num_turns([items[0], items[4]])) == (2, 1)


def test_the_response_says_what_was_asked() -> None:
    answer_format = {"type": "json_schema", "name": "a", "schema": SCHEMA}
    given = body(
        tools=[ADD, NOW],
        text={"format": answer_format},
        metadata={"a": "b"},
        reasoning={"effort": "low"},
        instructions="Be kind.",
        store=False,
        user="me",
        prompt_cache_key="k",
        safety_identifier="s",
    )
    head = response_head(given, "demo", SamplingParams(temperature=0.5, max_tokens=9))
    assert head["tools"][0] == {**ADD, "description": None}
    assert head["tools"][1] == {**NOW, "description": None, "parameters": None, "strict": None}
    assert head["text"]["format"] == {**answer_format, "description": None, "strict": True}
    assert head["reasoning"] == {"effort": "low", "summary": None}
    assert (head["temperature"], head["max_output_tokens"]) == (0.5, 9)
    assert (head["metadata"], head["instructions"]) == ({"a": "b"}, "Be kind.")
    assert (head["store"], head["user"], head["prompt_cache_key"]) == (False, "me", "k")
