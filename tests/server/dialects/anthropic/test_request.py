"""Bodies -> requests of the engine."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from qwen3mlx.errors import InvalidRequestError
from qwen3mlx.request import GenerationRequest, NamedTool
from qwen3mlx.server.dialects.anthropic.request import message_request, prompt_request
from qwen3mlx.server.dialects.anthropic.schemas import MessageBody, PromptBody

HELLO = [{"role": "user", "content": "Hi"}]
SCHEMA = {"type": "object", "properties": {"zone": {"type": "string"}}}
TOOL = {"name": "clock", "description": "Tells the time", "input_schema": SCHEMA}
REQUIRED = ("model", "messages", "max_tokens")


def read(**fields: Any) -> GenerationRequest:
    body = {"model": "demo", "max_tokens": 9, "messages": HELLO, **fields}
    return message_request(MessageBody.model_validate(body))


def refused(**fields: Any) -> str | None:
    with pytest.raises(InvalidRequestError) as caught:
        read(**fields)
    return caught.value.param


def test_the_least_body() -> None:
    assert read() == GenerationRequest(
        messages=HELLO, tools=[], enable_thinking=False, sampling={"max_tokens": 9}
    )


def test_null_means_not_given() -> None:
    nulls = {name: None for name in MessageBody.model_fields if name not in REQUIRED}
    assert read(**nulls) == read()


def test_max_tokens_is_required() -> None:
    with pytest.raises(ValidationError, match="max_tokens"):
        MessageBody.model_validate({"model": "demo", "messages": HELLO})
    assert read(max_tokens=-1).sampling == {}


def test_what_a_local_server_has_no_use_for_is_tolerated() -> None:
    cached = {"cache_control": {"type": "ephemeral"}}
    given = read(
        messages=[{"role": "user", "content": [{"type": "text", "text": "Hi", **cached}]}],
        system=[{"type": "text", "text": "Be kind.", **cached}],
        tools=[{**TOOL, **cached, "defer_loading": True}],
        metadata={"user_id": "me"},
        service_tier="auto",
        context_management={"edits": []},
    )
    assert given == read(system="Be kind.", tools=[TOOL])


def test_sampling_fields_arrive() -> None:
    sampling = read(
        temperature=0.1, top_p=0.5, top_k=5, stop_sequences=["END"], seed=3, min_p=0.1
    ).sampling
    assert sampling == {
        "temperature": 0.1,
        "top_p": 0.5,
        "top_k": 5,
        "stop": ["END"],
        "seed": 3,
        "min_p": 0.1,
        "max_tokens": 9,
    }


@pytest.mark.parametrize(
    ("fields", "enable", "budget"),
    [
        ({}, False, None),
        ({"thinking": {"type": "disabled"}}, False, None),
        ({"thinking": {"type": "adaptive"}}, True, None),
        ({"thinking": {"type": "enabled", "budget_tokens": 2048}}, True, 2048),
        ({"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}}, True, 1024),
        ({"thinking": {"type": "adaptive"}, "output_config": {"effort": "max"}}, True, None),
        ({"output_config": {"effort": "low"}}, False, None),
    ],
)
def test_thinking_is_off_unless_asked_for(
    fields: dict[str, Any], enable: bool, budget: int | None
) -> None:
    request = read(**fields)
    assert request.enable_thinking is enable
    assert request.sampling.get("thinking_budget") == budget


def test_tools_are_functions() -> None:
    function = {"name": "clock", "description": "Tells the time", "parameters": SCHEMA}
    assert read(tools=[TOOL]).tools == [{"type": "function", "function": function}]
    strict = read(tools=[{**TOOL, "type": "custom", "strict": True}]).tools[0]["function"]
    assert strict == {**function, "strict": True}


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"type": "auto"}, "auto"),
        ({"type": "any"}, "required"),
        ({"type": "none"}, "none"),
        ({"type": "tool", "name": "clock"}, NamedTool("clock")),
    ],
)
def test_tool_choice(choice: dict[str, Any], expected: Any) -> None:
    request = read(tools=[TOOL], tool_choice=choice)
    assert (request.tool_choice, request.parallel_tool_calls) == (expected, True)
    alone = read(tools=[TOOL], tool_choice={**choice, "disable_parallel_tool_use": True})
    assert (alone.tool_choice, alone.parallel_tool_calls) == (expected, False)


@pytest.mark.parametrize("name", ["output_format", "output_config"])
def test_structured_output(name: str) -> None:
    answer_format = {"type": "json_schema", "schema": SCHEMA}
    value = answer_format if name == "output_format" else {"format": answer_format}
    assert read(**{name: value}).json_schema == SCHEMA


def test_a_last_message_of_the_assistant_is_gone_on_with() -> None:
    prefill = [*HELLO, {"role": "assistant", "content": "The answer is ("}]
    assert read(messages=prefill).continue_final_message
    assert not read(messages=[*prefill, *HELLO]).continue_final_message


def test_count_tokens_reads_the_same_prompt() -> None:
    fields = {"system": "Be kind.", "tools": [TOOL], "thinking": {"type": "adaptive"}}
    body = PromptBody.model_validate({"model": "demo", "messages": HELLO, **fields})
    message = read(**fields)
    counted = prompt_request(body)
    assert counted.sampling == {}
    for name in ("messages", "tools", "tool_choice", "enable_thinking"):
        assert getattr(counted, name) == getattr(message, name)


PREFILL = [*HELLO, {"role": "assistant", "content": "{"}]
CALL = {"type": "tool_use", "id": "a", "name": "clock", "input": {}}
JSON_SCHEMA = {"format": {"type": "json_schema", "schema": SCHEMA}}


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"tools": [{"type": "web_serch_20250305", "name": "web_search"}]}, "tools[0].type"),
        ({"tools": [{"input_schema": {}}]}, "tools[0].name"),
        ({"tools": [TOOL, {"name": "f"}]}, "tools[1].input_schema"),
        ({"tools": [{**TOOL, "name": ""}]}, "tools[0].name"),
        ({"tools": [TOOL], "tool_choice": {"type": "tool"}}, "tool_choice.name"),
        ({"tools": [TOOL], "tool_choice": {"type": "tool", "name": "x"}}, "tool_choice.name"),
        ({"tool_choice": {"type": "any"}}, "tool_choice"),
        ({"thinking": {"type": "enabled"}}, "thinking.budget_tokens"),
        ({"messages": PREFILL, "thinking": {"type": "enabled", "budget_tokens": 9}}, "thinking"),
        ({"messages": PREFILL, "output_config": JSON_SCHEMA}, "messages"),
        ({"messages": [{"role": "assistant", "content": [CALL]}]}, "messages[0].content[0]"),
        ({"max_tokens": -2}, "max_tokens"),
        ({"stop_sequences": ["a"], "stop": ["b"]}, "stop"),
        ({"output_config": {"format": {"type": "xml"}}}, "output_config.format.type"),
        ({"output_format": {"type": "json_schema"}}, "output_format.schema"),
    ],
)
def test_what_cannot_be_done_is_refused(fields: dict[str, Any], param: str) -> None:
    assert refused(**fields) == param


@pytest.mark.parametrize(
    "fields",
    [
        {"temperature": "0.5"},
        {"max_tokens": True},
        {"stop_sequences": [1]},
        {"stream": "yes"},
        {"thinking": {"type": "between_tools"}},
        {"thinking": {"type": "enabled", "budget_tokens": 0}},
        {"output_config": {"effort": "huge"}},
        {"tool_choice": {"type": "required"}},
        {"system": [{"type": "image"}]},
        {"messages": [{"role": "tool", "content": "x"}]},
        {"messages": [{"role": "user", "content": [{"text": "x"}]}]},
        {"messages": [{"role": "user", "content": None}]},
    ],
)
def test_wrong_types_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(fields))):
        read(**fields)


MARK: dict[str, Any] = {"cache_control": {"type": "ephemeral"}}


@pytest.mark.parametrize(
    "fields",
    [
        MARK,
        {"system": [{"type": "text", "text": "Be brief.", **MARK}]},
        {"tools": [{"name": "now", "input_schema": {}, **MARK}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi", **MARK}]}]},
    ],
)
def test_where_caching_may_be_asked_for(fields: dict[str, Any]) -> None:
    plain: dict[str, Any] = {
        "model": "demo",
        "max_tokens": 5,
        "system": "Be brief.",
        "messages": [{"role": "user", "content": "Hi"}],
    }
    assert not MessageBody(**plain).asks_for_cache
    assert MessageBody(**{**plain, **fields}).asks_for_cache


@pytest.mark.parametrize(
    ("tool", "names"),
    [
        ({"type": "bash_20250124", "name": "bash"}, {"command", "restart"}),
        ({"type": "text_editor_20250728", "name": "str_replace_based_edit_tool"}, {"path"}),
        ({"type": "memory_20250818", "name": "memory"}, {"command", "new_path"}),
    ],
)
def test_tools_that_the_client_runs_are_functions(tool: dict[str, Any], names: set[str]) -> None:
    (made,) = read(tools=[tool]).tools
    assert made["function"]["name"] == tool["name"]
    assert set(made["function"]["parameters"]["properties"]) >= names


@pytest.mark.parametrize(
    "fields",
    [
        {"tools": [TOOL, {"type": "web_search_20250305", "name": "web_search", "max_uses": 2}]},
        {"tools": [TOOL, {"type": "code_execution_20250825", "name": "code_execution"}]},
        {"tools": [TOOL, {"type": "computer_20250124", "name": "computer"}]},
        {"tools": [TOOL, {"type": "tool_search_tool_bm25_20251119", "name": "t"}]},
        {"tools": [TOOL, {"type": "mcp_toolset", "mcp_server_name": "docs"}]},
        {"tools": [TOOL], "mcp_servers": [{"type": "url", "url": "http://x", "name": "docs"}]},
        {"tools": [TOOL], "container": "c"},
    ],
)
def test_what_other_servers_carry_out_is_left_out_and_said(
    fields: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    assert read(**fields) == read(tools=[TOOL])
    assert len(caplog.messages) == 1
    assert "left out" in caplog.messages[0]
