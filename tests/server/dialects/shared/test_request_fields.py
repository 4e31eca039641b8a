"""The dialects' shared fields as requests of the engine."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from qwen3mlx.errors import InvalidRequestError
from qwen3mlx.server.dialects.anthropic.schemas import MessageBody
from qwen3mlx.server.dialects.lmstudio.schemas import ChatBody as LmStudioBody
from qwen3mlx.server.dialects.lmstudio.schemas import LoadBody
from qwen3mlx.server.dialects.responses.schemas import ResponseBody
from qwen3mlx.server.dialects.shared.completions.schemas import ChatBody, TokenizeBody
from qwen3mlx.server.dialects.shared.request_fields import (
    Body,
    SamplingFields,
    Thinking,
    ThinkingFields,
    Whole,
    json_schema_from,
    sampling_from,
    thinking_from,
    token_limit,
)


def test_only_what_was_given_becomes_sampling() -> None:
    fields = SamplingFields.model_validate({"temperature": 0, "top_p": None, "stop": "x", "new": 1})
    assert sampling_from(fields) == {"temperature": 0, "stop": ["x"]}


def test_every_sampling_field_arrives() -> None:
    given = {
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 5,
        "min_p": 0.1,
        "repetition_penalty": 1.1,
        "presence_penalty": 1.5,
        "frequency_penalty": 0.5,
        "logit_bias": {"5": -1.0},
        "seed": 7,
        "stop": ["a", "b"],
        "stop_token_ids": [3],
        "min_tokens": 2,
    }
    assert sampling_from(SamplingFields.model_validate(given)) == given


def test_two_names_of_the_repetition_penalty() -> None:
    assert sampling_from(SamplingFields(repeat_penalty=1.2)) == {"repetition_penalty": 1.2}
    both = SamplingFields(repeat_penalty=1.2, repetition_penalty=1.3)
    with pytest.raises(InvalidRequestError) as caught:
        sampling_from(both)
    assert caught.value.param == "repeat_penalty"


def test_top_k_minus_one_is_off() -> None:
    assert sampling_from(SamplingFields(top_k=-1)) == {"top_k": 0}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (ChatBody, {"max_tokens": 512.0, "n": 2.0, "seed": -7.0, "top_logprobs": 3.0}),
        (ChatBody, {"reasoning": {"max_tokens": 512.0}}),
        (MessageBody, {"max_tokens": 512.0, "top_k": 20.0}),
        (MessageBody, {"max_tokens": 1, "thinking": {"type": "enabled", "budget_tokens": 512.0}}),
        (ResponseBody, {"max_output_tokens": 512.0, "input": "x"}),
        (LmStudioBody, {"max_output_tokens": 512.0, "input": "x"}),
        (LoadBody, {"context_length": 512.0}),
    ],
)
def test_a_whole_number_may_have_a_point(kind: type[Body], body: dict[str, Any]) -> None:
    """Dart writes 512.0, and so do Java's libraries where JSON was read into a map."""
    given = {"model": "demo", "messages": [], **body}
    with_ints = json.loads(json.dumps(given).replace(".0", ""))
    assert kind.model_validate(given) == kind.model_validate(with_ints)


@pytest.mark.parametrize("value", [0.5, 1e300, math.inf, math.nan])
def test_any_other_float_is_no_whole_number(value: float) -> None:
    with pytest.raises(ValidationError):
        SamplingFields.model_validate({"top_k": value})


@pytest.mark.parametrize(
    "body",
    [
        {"temperature": "0.5"},
        {"temperature": True},
        {"top_k": 1.5},
        {"seed": "1"},
        {"stop": [1]},
        {"stop": 1},
        {"logit_bias": {"1": "x"}},
        {"stop_token_ids": "1"},
    ],
)
def test_wrong_types_are_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        SamplingFields.model_validate(body)
    assert caught.value.errors()[0]["loc"][0] == next(iter(body))


class Limits(Body):
    max_tokens: Whole | None = None
    max_completion_tokens: Whole | None = None


@pytest.mark.parametrize(
    ("body", "limit"),
    [
        ({}, None),
        ({"max_tokens": -1}, None),
        ({"max_tokens": 5}, 5),
        ({"max_completion_tokens": 6}, 6),
        ({"max_tokens": 6, "max_completion_tokens": 6}, 6),
        ({"max_tokens": 0}, 0),
    ],
)
def test_token_limit(body: dict[str, Any], limit: int | None) -> None:
    fields = Limits.model_validate(body)
    assert token_limit(fields, "max_completion_tokens", "max_tokens") == limit


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"max_tokens": -2}, "max_tokens"),
        ({"max_completion_tokens": -2}, "max_completion_tokens"),
        ({"max_tokens": 1, "max_completion_tokens": 2}, "max_tokens"),
    ],
)
def test_a_bad_token_limit_is_named(body: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        token_limit(Limits.model_validate(body), "max_completion_tokens", "max_tokens")
    assert caught.value.param == param


@pytest.mark.parametrize(
    ("body", "thinking"),
    [
        ({}, Thinking()),
        ({"enable_thinking": False}, Thinking(False)),
        ({"thinking_budget": 9}, Thinking(None, 9)),
        ({"reasoning_effort": "none"}, Thinking(False)),
        ({"reasoning_effort": "none", "thinking_budget": 9}, Thinking(False)),
        ({"reasoning_effort": "minimal"}, Thinking(True, 512)),
        ({"reasoning_effort": "low"}, Thinking(True, 1024)),
        ({"reasoning_effort": "medium"}, Thinking(True, 8192)),
        ({"reasoning_effort": "high"}, Thinking(True, None)),
        ({"reasoning_effort": "xhigh"}, Thinking(True, None)),
        ({"reasoning_effort": "low", "thinking_budget": 9}, Thinking(True, 9)),
        ({"reasoning_effort": "low", "enable_thinking": True}, Thinking(True, 1024)),
        (
            {"reasoning_effort": "none", "chat_template_kwargs": {"enable_thinking": False}},
            Thinking(False),
        ),
    ],
)
def test_thinking(body: dict[str, Any], thinking: Thinking) -> None:
    assert thinking_from(ThinkingFields.model_validate(body)) == thinking


@pytest.mark.parametrize(
    ("body", "max_tokens", "budget"),
    [
        ({"reasoning_effort": "low"}, 1000, 500),
        ({"reasoning_effort": "low"}, 5000, 1024),
        ({"reasoning_effort": "low", "thinking_budget": 900}, 1000, 900),
        ({"reasoning_effort": "high"}, 1000, None),
        ({}, 1000, None),
    ],
)
def test_an_effort_leaves_half_of_the_tokens_to_the_answer(
    body: dict[str, Any], max_tokens: int, budget: int | None
) -> None:
    assert thinking_from(ThinkingFields.model_validate(body), max_tokens).budget == budget


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"reasoning_effort": "none", "enable_thinking": True}, "reasoning_effort"),
        ({"reasoning_effort": "high", "enable_thinking": False}, "reasoning_effort"),
        (
            {"reasoning_effort": "high", "chat_template_kwargs": {"enable_thinking": False}},
            "reasoning_effort",
        ),
        (
            {"enable_thinking": True, "chat_template_kwargs": {"enable_thinking": False}},
            "chat_template_kwargs",
        ),
    ],
)
def test_thinking_that_contradicts_itself_is_refused(body: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        thinking_from(ThinkingFields.model_validate(body))
    assert caught.value.param == param


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (ChatBody, {"messages": []}),
        (TokenizeBody, {}),
        (ResponseBody, {"input": "Hi"}),
        (MessageBody, {"messages": [], "max_tokens": 1}),
    ],
)
@pytest.mark.parametrize("value", ["false", "", 0, 1, []])
def test_the_templates_switch_for_thinking_is_a_flag(
    kind: type[BaseModel], fields: dict[str, Any], value: object
) -> None:
    """A template takes any other value for true."""
    body = {"model": "demo", **fields, "chat_template_kwargs": {"enable_thinking": value}}
    with pytest.raises(ValidationError, match="enable_thinking must be true or false") as caught:
        kind.model_validate(body)
    assert caught.value.errors()[0]["loc"] == ("chat_template_kwargs",)
    for fine in (None, True, False):
        kind.model_validate({**body, "chat_template_kwargs": {"enable_thinking": fine}})


SCHEMA = {"type": "object", "properties": {"x": {"type": "integer"}}}


@pytest.mark.parametrize(
    ("answer_format", "schema"),
    [
        (None, None),
        ({"type": "text"}, None),
        ({"type": "json_object"}, {"type": "object"}),
        ({"type": "json_object", "schema": {}}, {"type": "object"}),
        ({"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}}, SCHEMA),
        ({"type": "json_schema", "name": "x", "schema": SCHEMA, "strict": True}, SCHEMA),
    ],
)
def test_json_schema(answer_format: dict[str, Any] | None, schema: object) -> None:
    assert json_schema_from(answer_format) == schema


@pytest.mark.parametrize(
    ("answer_format", "param"),
    [
        ({"type": "grammar"}, "response_format.type"),
        ({}, "response_format.type"),
        ({"type": "json_schema"}, "response_format.schema"),
        ({"type": "json_schema", "json_schema": None}, "response_format.json_schema.schema"),
        (
            {"type": "json_schema", "json_schema": {"schema": []}},
            "response_format.json_schema.schema",
        ),
    ],
)
def test_a_bad_format_is_named(answer_format: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        json_schema_from(answer_format)
    assert caught.value.param == param
