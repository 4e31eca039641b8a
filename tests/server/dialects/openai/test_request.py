"""Bodies -> requests of the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from qwen3mlx.errors import InvalidRequestError
from qwen3mlx.request import GenerationRequest, NamedTool
from qwen3mlx.server.dialects.openai.tokens import tokenize_request
from qwen3mlx.server.dialects.shared.completions.request import chat_requests, completion_requests
from qwen3mlx.server.dialects.shared.completions.schemas import (
    ChatBody,
    CompletionBody,
    TokenizeBody,
    split_prompts,
)
from qwen3mlx.server.dialects.shared.request_fields import EFFORT_BUDGETS
from qwen3mlx.text import TextForm

MESSAGES = [{"role": "user", "content": "Hi"}]
TOOL = {"type": "function", "function": {"name": "clock", "parameters": {"type": "object"}}}


def chat(**fields: Any) -> list[GenerationRequest]:
    body = {"model": "demo", "messages": MESSAGES, **fields}
    return chat_requests(ChatBody.model_validate(body))


def complete(prompt: Any = "Hi", **fields: Any) -> list[GenerationRequest]:
    body = {"model": "demo", "prompt": prompt, **fields}
    return completion_requests(CompletionBody.model_validate(body))


def test_the_least_body() -> None:
    assert chat() == [GenerationRequest(messages=MESSAGES, tools=[])]


def test_null_means_not_given() -> None:
    nulls = {name: None for name in ChatBody.model_fields if name not in ("model", "messages")}
    assert chat(**nulls) == chat()
    nulls = {name: None for name in CompletionBody.model_fields if name not in ("model", "prompt")}
    assert complete(**nulls) == complete()


def test_unknown_keys_are_tolerated() -> None:
    tolerated = {
        "user": "me",
        "metadata": {"a": "b"},
        "store": True,
        "service_tier": "auto",
        "prompt_cache_key": "k",
        "stream_options": {"include_obfuscation": False},
        "modalities": ["text"],
        "functions": [],
        "new": {"x": 1},
    }
    assert chat(**tolerated) == chat()


def test_chat_fields_arrive() -> None:
    schema = {"type": "object"}
    [request] = chat(
        temperature=0.1,
        max_completion_tokens=5000,
        logprobs=True,
        top_logprobs=3,
        tools=[TOOL],
        tool_choice={"type": "function", "function": {"name": "clock"}},
        parallel_tool_calls=False,
        response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": schema}},
        reasoning_effort="low",
        chat_template_kwargs={"x": 1},
    )
    assert request == GenerationRequest(
        messages=MESSAGES,
        tools=[TOOL],
        tool_choice=NamedTool("clock"),
        parallel_tool_calls=False,
        json_schema=schema,
        enable_thinking=True,
        chat_template_kwargs={"x": 1},
        sampling={
            "temperature": 0.1,
            "max_tokens": 5000,
            "thinking_budget": 1024,
            "logprobs": True,
            "top_logprobs": 3,
        },
    )


def test_each_of_n_answers_has_its_own_seed() -> None:
    assert [request.sampling for request in chat(n=3, seed=7)] == [
        {"seed": 7},
        {"seed": 8},
        {"seed": 9},
    ]
    assert chat(n=2) == [*chat(), *chat()]
    last = 2**64 - 1
    assert [request.sampling["seed"] for request in chat(n=2, seed=last)] == [last, 0]


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"draft_model": "x"}, "draft_model"),
        ({"functions": [{"name": "f"}]}, "functions"),
        ({"function_call": "auto"}, "function_call"),
        ({"audio": {"voice": "x"}}, "audio"),
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"prediction": {"type": "content", "content": "x"}}, "prediction"),
        ({"web_search_options": {"search_context_size": "low"}}, "web_search_options"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"tools": [TOOL], "tool_choice": {"type": "function", "name": "x"}}, "tool_choice.name"),
    ],
)
def test_what_is_unsupported_in_chat_is_named(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        chat(**fields)
    assert caught.value.param == param


@pytest.mark.parametrize("tools", [None, []])
def test_a_required_call_needs_tools(tools: object) -> None:
    with pytest.raises(InvalidRequestError, match=r"^tool_choice requires a call.*: send tools\.$"):
        chat(tools=tools, tool_choice="required")


@pytest.mark.parametrize(
    "fields",
    [
        {"n": 0},
        {"n": 129},
        {"n": 1.5},
        {"stream": "yes"},
        {"logprobs": 5},
        {"reasoning_effort": "huge"},
        {"messages": "Hi"},
        {"messages": None},
        {"model": None},
        {"ttl": -1},
        {"tools": {}},
        {"tool_choice": 3},
        {"response_format": "json"},
    ],
)
def test_wrong_values_in_chat_are_named(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        chat(**fields)
    assert caught.value.errors()[0]["loc"][0] == next(iter(fields))


def test_completion_fields_arrive() -> None:
    [request] = complete([1, 2], max_tokens=3, logprobs=2, echo=False, stop="x")
    assert request == GenerationRequest(
        prompt=[1, 2],
        sampling={"max_tokens": 3, "logprobs": True, "top_logprobs": 2, "stop": ["x"]},
    )


def test_zero_logprobs_are_logprobs() -> None:
    assert complete(logprobs=0)[0].sampling == {"logprobs": True, "top_logprobs": 0}


def test_answers_are_prompt_by_prompt() -> None:
    requests = complete(["a", "b"], n=2, seed=1, best_of=2)
    made = [(request.prompt, request.sampling["seed"]) for request in requests]
    assert made == [("a", 1), ("a", 2), ("b", 1), ("b", 2)]


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"suffix": "x"}, "suffix"),
        ({"best_of": 2}, "best_of"),
        ({"n": 2, "best_of": 3}, "best_of"),
        ({"draft_model": "x"}, "draft_model"),
        ({"max_tokens": -7}, "max_tokens"),
    ],
)
def test_what_is_unsupported_in_a_completion_is_named(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        complete(**fields)
    assert caught.value.param == param


@pytest.mark.parametrize(
    ("value", "prompts"),
    [
        ("a", ["a"]),
        ("", [""]),
        (["a", "b"], ["a", "b"]),
        ([1, 2], [[1, 2]]),
        ([[1], [2, 3]], [[1], [2, 3]]),
        (["a", [1]], ["a", [1]]),
    ],
)
def test_prompts(value: object, prompts: list[object]) -> None:
    assert split_prompts(value) == prompts


@pytest.mark.parametrize("value", [1, 0, False, {}])
def test_bad_prompts_are_named(value: object) -> None:
    with pytest.raises(ValidationError) as caught:
        complete(value)
    assert caught.value.errors()[0]["loc"] == ("prompt",)


@pytest.mark.parametrize("value", [["a", None], ["a", []], ["a", True], ["a", -1], ["a", 1.0]])
def test_a_bad_one_of_several_prompts_is_named(value: object) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        complete(value)
    assert caught.value.param == "prompt[1]"


def test_tokenize_takes_a_prompt_or_messages() -> None:
    assert tokenize_request(TokenizeBody(prompt="x")) == GenerationRequest(prompt="x")
    body = TokenizeBody(messages=MESSAGES, tools=[TOOL], add_generation_prompt=True)
    assert tokenize_request(body) == GenerationRequest(messages=MESSAGES, tools=[TOOL])


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (TokenizeBody(), "messages"),
        (TokenizeBody(messages=MESSAGES, prompt="x"), "messages"),
    ],
)
def test_tokenize_refuses_by_name(body: TokenizeBody, param: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        tokenize_request(body)
    assert caught.value.param == param


BEGUN = {"role": "assistant", "content": "He"}
READERS: list[Callable[[dict[str, Any]], Any]] = [
    lambda body: chat_requests(ChatBody.model_validate(body)),
    lambda body: tokenize_request(TokenizeBody.model_validate(body)),
]


@pytest.mark.parametrize("read", READERS, ids=["chat", "tokenize"])
@pytest.mark.parametrize(
    ("fields", "prompted"),
    [
        ({}, True),
        ({"messages": [*MESSAGES, BEGUN]}, True),
        ({"messages": [*MESSAGES, BEGUN], "continue_final_message": True}, False),
        ({"messages": [*MESSAGES, BEGUN | {"prefix": True}]}, False),
    ],
)
def test_a_generation_prompt_is_added_unless_a_message_is_continued(
    fields: dict[str, Any], prompted: bool, read: Callable[[dict[str, Any]], Any]
) -> None:
    """Clients of vLLM and llama.cpp send both fields; neither server accepts another pair."""
    body = {"model": "demo", "messages": MESSAGES, **fields}
    assert read({**body, "add_generation_prompt": prompted}) == read(body)
    with pytest.raises(InvalidRequestError, match="continue_final_message") as caught:
        read({**body, "add_generation_prompt": not prompted})
    assert caught.value.param == "add_generation_prompt"


def test_a_message_is_continued_without_a_grammar_only() -> None:
    messages = [*MESSAGES, {"role": "assistant", "content": "He"}]
    [request] = chat(messages=messages, continue_final_message=True)
    assert request.continue_final_message
    with pytest.raises(InvalidRequestError, match="continued"):
        chat(
            messages=messages,
            continue_final_message=True,
            response_format={"type": "json_object"},
        )


def test_calls_of_custom_tools_are_calls_of_functions() -> None:
    custom = {"id": "1", "type": "custom", "custom": {"name": "note", "input": "a\nb"}}
    message = {"role": "assistant", "content": None, "tool_calls": [custom]}
    (made,) = chat(messages=[*MESSAGES, message])
    assert made.messages is not None
    function = made.messages[1]["tool_calls"][0]["function"]
    assert function == {"name": "note", "arguments": '{"input": "a\\nb"}'}


@pytest.mark.parametrize("fields", [{}, {"prompt": None}, {"prompt": ""}, {"prompt": []}])
def test_without_a_prompt_a_new_text_begins(fields: dict[str, Any]) -> None:
    [request] = completion_requests(CompletionBody.model_validate({"model": "demo", **fields}))
    assert request.prompt == "<|endoftext|>"


@pytest.mark.parametrize(
    ("fields", "enable", "budget"),
    [
        ({"reasoning": {"effort": "none"}}, False, None),
        ({"reasoning": {"effort": "low"}}, True, EFFORT_BUDGETS["low"]),
        ({"reasoning": {"enabled": False}}, False, None),
        ({"reasoning": {"enabled": True}}, True, None),
        ({"reasoning": {"max_tokens": 9}}, None, 9),
        ({"reasoning": {"exclude": True}}, None, None),
        ({"thinking": False}, False, None),
        ({"thinking": {"type": "disabled"}}, False, None),
        ({"thinking": {"type": "enabled", "budget_tokens": 9}}, True, 9),
        ({"thinking": {"type": "adaptive"}}, True, None),
        ({"think": False}, False, None),
        ({"think": "low"}, True, EFFORT_BUDGETS["low"]),
        ({"think": True, "thinking_token_budget": 9}, True, 9),
        ({"thinking_token_budget": -1}, None, None),
        ({"think": True, "reasoning": {"enabled": True}}, True, None),
    ],
)
def test_every_way_to_say_how_to_think(
    fields: dict[str, Any], enable: bool | None, budget: int | None
) -> None:
    [request] = chat(**fields)
    assert request.enable_thinking is enable
    assert request.sampling.get("thinking_budget") == budget


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"think": True, "enable_thinking": False}, "think"),
        ({"reasoning": {"effort": "none"}, "think": True}, "reasoning.effort"),
        ({"reasoning": {"max_tokens": 9}, "thinking_budget": 8}, "reasoning.max_tokens"),
        ({"thinking": {"type": "disabled"}, "reasoning": {"enabled": True}}, "thinking"),
        ({"guided_choice": ["a"], "grammar": "start: A"}, "grammar"),
        ({"response_format": {"type": "json_object"}, "guided_regex": "a"}, "guided_regex"),
        ({"guided_json": "{"}, "guided_json"),
        ({"structured_outputs": {"json": "[]"}}, "structured_outputs.json"),
        ({"response_format": {"type": "json_object", "schema": 1}}, "response_format.schema"),
    ],
)
def test_what_contradicts_itself_is_named(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        chat(**fields)
    assert caught.value.param == param


@pytest.mark.parametrize(
    ("fields", "form"),
    [
        ({"guided_choice": ["a", "b"]}, TextForm("choice", ("a", "b"), "guided_choice")),
        ({"guided_regex": "a+"}, TextForm("regex", "a+", "guided_regex")),
        ({"grammar": "start: A", "guided_regex": ""}, TextForm("grammar", "start: A", "grammar")),
        ({"json_schema": {}}, TextForm("json", {}, "json_schema")),
        ({"guided_json": '{"type": "null"}'}, TextForm("json", {"type": "null"}, "guided_json")),
        (
            {"structured_outputs": {"json_object": True}},
            TextForm("json", {"type": "object"}, "structured_outputs.json_object"),
        ),
        ({"structured_outputs": {}, "grammar": ""}, None),
    ],
)
def test_forms_of_the_answer(fields: dict[str, Any], form: TextForm | None) -> None:
    assert [request.form for request in (*chat(**fields), *complete(**fields))] == [form, form]


def test_messages_of_the_older_form() -> None:
    call = {"name": "clock", "arguments": "{}"}
    [request] = chat(
        messages=[
            *MESSAGES,
            {"role": "assistant", "content": None, "function_call": call},
            {"role": "function", "name": "clock", "content": "noon"},
            {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]},
            {"role": "assistant", "content": None, "refusal": "Never."},
        ]
    )
    assert request.messages is not None
    called = {"id": "call_1", "type": "function", "function": call}
    assert list(request.messages)[1:] == [
        {"role": "assistant", "content": None, "tool_calls": [called]},
        {"role": "tool", "tool_call_id": "call_1", "content": "noon"},
        {"role": "assistant", "content": [{"type": "text", "text": "No."}]},
        {"role": "assistant", "content": "Never.", "refusal": "Never."},
    ]


@pytest.mark.parametrize("before", [[], MESSAGES, [{"role": "function", "content": "a"}]])
def test_a_result_of_the_older_form_without_its_call(before: list[dict[str, Any]]) -> None:
    message = r"messages\[\d\] has the role function, but there is no preceding function_call"
    with pytest.raises(InvalidRequestError, match=message) as caught:
        chat(messages=[*before, {"role": "function", "content": "noon"}])
    assert caught.value.param in ("messages[0]", f"messages[{len(before)}]")
