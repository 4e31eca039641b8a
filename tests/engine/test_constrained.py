"""The demo checkpoint's answers follow a grammar, however unlikely the model finds them."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from qwen3mlx import library
from qwen3mlx.config import LoadOptions
from qwen3mlx.engine import AnswerBuilder
from qwen3mlx.engine.memory import MemoryBudget
from qwen3mlx.engine.outputs import Output
from qwen3mlx.engine.own_model import OwnModel
from qwen3mlx.engine.scheduler import Scheduler
from qwen3mlx.errors import InvalidRequestError, Qwen3MLXError
from qwen3mlx.events import Finished
from qwen3mlx.request import GenerationRequest, NamedTool
from qwen3mlx.text import Content, Reasoning, ToolCallDelta

ASK = [{"role": "user", "content": "Tell me about the weather in Oslo."}]
SCHEMA = {
    "type": "object",
    "properties": {
        "degrees": {"type": "integer", "minimum": -40, "maximum": 50},
        "sky": {"enum": ["clear", "cloudy"]},
        "wind": {"type": "string", "maxLength": 12},
    },
    "required": ["degrees", "sky", "wind"],
}
TOOLS = [
    {"type": "function", "function": {"name": "weather", "parameters": SCHEMA}},
    {"type": "function", "function": {"name": "now", "parameters": {"properties": {}}}},
]
# Far from what the model would say by itself.
WILD = {"temperature": 2.0, "top_p": 1.0, "top_k": 0}


@pytest.fixture(scope="module")
def demo() -> OwnModel:
    return OwnModel.load(library.resolve("demo"), LoadOptions())


class Answer:
    def __init__(self, demo: OwnModel, **options: Any) -> None:
        request = GenerationRequest(**{"messages": ASK, "enable_thinking": False, **options})
        prepared = demo.prepare(request)
        self.outputs: list[Output] = []
        self.sequence = prepared.sequence(self.outputs.append)
        self._builder = AnswerBuilder(demo.tokenizer, prepared)
        self.content = self.reasoning = ""
        self.calls: list[list[str]] = []
        self.finished: Finished | None = None

    def read(self) -> None:
        while self.outputs:
            for event in self._builder.add(self.outputs.pop(0)):
                if isinstance(event, Content):
                    self.content += event.text
                elif isinstance(event, Reasoning):
                    self.reasoning += event.text
                elif isinstance(event, Finished):
                    self.finished = event
                elif isinstance(event, ToolCallDelta):
                    self._add_call(event)

    def _add_call(self, delta: ToolCallDelta) -> None:
        if delta.name is not None:
            self.calls.append([delta.name, delta.arguments])
        else:
            self.calls[-1][1] += delta.arguments

    @property
    def reason(self) -> str:
        assert self.finished is not None
        return self.finished.finish_reason


def answer(demo: OwnModel, *options: dict[str, Any]) -> list[Answer]:
    """All at once, in one batch."""
    scheduler = Scheduler(demo.runner(), MemoryBudget(limit=10**9))
    answers = [Answer(demo, **each) for each in options]
    for each in answers:
        scheduler.submit(each.sequence)
    while not scheduler.is_idle:
        scheduler.step()
    for each in answers:
        each.read()
    return answers


def fits(text: str) -> bool:
    value = json.loads(text)
    return (
        set(value) == {"degrees", "sky", "wind"}
        and value["degrees"] in range(-40, 51)
        and value["sky"] in ("clear", "cloudy")
        and len(value["wind"]) <= 12
    )


@pytest.mark.parametrize("sampling", [{"temperature": 0.0}, *({**WILD, "seed": s} for s in (1, 2))])
def test_an_answer_follows_its_schema(demo, sampling):
    (one,) = answer(demo, {"json_schema": SCHEMA, "sampling": sampling})
    assert one.reason == "stop"
    assert one.reasoning == ""
    assert fits(one.content)


@pytest.mark.parametrize("budget", [0, 5, None])
def test_the_schema_binds_what_follows_the_thought(demo, budget):
    sampling = {"temperature": 0.0, "thinking_budget": budget}
    (one,) = answer(demo, {"json_schema": SCHEMA, "enable_thinking": True, "sampling": sampling})
    assert one.reason == "stop"
    assert bool(one.reasoning) == (budget != 0)
    assert one.content.startswith("{")
    assert fits(one.content)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(
    ("choice", "names"),
    [
        ("required", {"weather", "now"}),
        (NamedTool("weather"), {"weather"}),
        (NamedTool("now"), {"now"}),
    ],
)
def test_a_call_that_is_asked_for_comes(demo, choice, names, seed):
    (one,) = answer(
        demo,
        {
            "tools": TOOLS,
            "tool_choice": choice,
            "parallel_tool_calls": False,
            "sampling": {**WILD, "seed": seed},
        },
    )
    assert one.reason == "tool_calls"
    assert one.content == ""
    ((name, arguments),) = one.calls
    assert name in names
    assert fits(arguments) if name == "weather" else json.loads(arguments) == {}


@pytest.mark.parametrize("seed", [1, 2])
def test_with_a_schema_and_tools_the_answer_is_one_of_them(demo, seed):
    (one,) = answer(
        demo,
        {
            "tools": TOOLS,
            "json_schema": SCHEMA,
            "parallel_tool_calls": False,
            "sampling": {**WILD, "seed": seed},
        },
    )
    if one.calls:
        assert one.content == ""
        assert one.calls[0][0] in ("weather", "now")
    else:
        assert fits(one.content)


def test_bound_and_free_answers_share_a_batch(demo):
    kinds: list[dict[str, Any]] = [
        {"sampling": {"temperature": 0.0, "max_tokens": 20}},
        {"json_schema": SCHEMA, "sampling": {"temperature": 0.0}},
        {"tools": TOOLS, "tool_choice": "required", "sampling": {"temperature": 0.0}},
        {"json_schema": SCHEMA, "sampling": {**WILD, "seed": 3}},
        {"tools": TOOLS, "sampling": {"temperature": 0.0, "max_tokens": 20}},
    ]
    for kind in kinds:
        kind["sampling"].setdefault("max_tokens", 30)
    together = answer(demo, *kinds)
    for kind, one in zip(kinds, together, strict=True):
        (alone,) = answer(demo, kind)
        assert (one.content, one.calls, one.reason) == (alone.content, alone.calls, alone.reason)


def test_the_grammar_says_where_an_answer_ends_whatever_its_least_length(demo):
    sampling = {"temperature": 0.0, "min_tokens": 200, "max_tokens": 300}
    (one,) = answer(demo, {"json_schema": {"enum": ["yes"]}, "sampling": sampling})
    assert one.content == '"yes"'
    assert one.reason == "stop"


def test_a_schema_that_cannot_be_followed_is_refused_before_any_work(demo):
    with pytest.raises(InvalidRequestError) as refusal:
        Answer(demo, json_schema={"not": {}})
    assert refusal.value.param == "response_format"


PARTLY_HELD: dict[str, dict[str, Any]] = {
    "unique": {
        "type": "array",
        "items": {"enum": ["a", "b", "c"]},
        "uniqueItems": True,
        "minItems": 3,
        "maxItems": 3,
    },
    "contains": {
        "type": "array",
        "items": {"type": "integer", "minimum": 0, "maximum": 9},
        "contains": {"const": 7},
        "maxItems": 4,
    },
    "look-ahead": {"type": "string", "pattern": "^(?!.*a)[a-e]{3}$"},
    "not": {"type": "integer", "minimum": 0, "maximum": 99, "not": {"multipleOf": 2}},
    "only one way": {"type": "boolean", "not": {"const": True}},
    "if": {
        "type": "object",
        "properties": {
            "kind": {"enum": ["x"]},
            "v": {"type": "integer", "minimum": 1, "maximum": 9},
        },
        "required": ["kind", "v"],
        "if": {"properties": {"kind": {"const": "x"}}},
        "then": {"properties": {"v": {"maximum": 3}}},
    },
}


@pytest.mark.parametrize("name", PARTLY_HELD)
def test_what_the_grammar_does_not_hold_is_checked_and_tried_again(demo, name):
    schema = PARTLY_HELD[name]
    options = [{"json_schema": schema, "sampling": {**WILD, "seed": seed}} for seed in range(3)]
    options.append({"json_schema": schema, "sampling": {"temperature": 0.0}})
    for one in answer(demo, *options):
        assert one.reason == "stop"
        assert jsonschema.Draft202012Validator(schema).is_valid(json.loads(one.content))
        assert one.outputs == []


def test_an_answer_that_was_taken_back_is_the_one_it_has_alone(demo):
    options = {"json_schema": PARTLY_HELD["contains"], "sampling": {**WILD, "seed": 4}}
    others: list[dict[str, Any]] = [{"sampling": {"temperature": 0.0, "max_tokens": 30}}] * 2
    together = answer(demo, others[0], options, others[1])
    (alone,) = answer(demo, options)
    assert together[1].content == alone.content
    assert together[0].content == together[2].content == answer(demo, others[0])[0].content


@pytest.mark.parametrize("choice", ["required", "auto"])
def test_a_strict_call_is_checked_too(demo, choice):
    schema = {
        "type": "object",
        "properties": {"tags": PARTLY_HELD["unique"]},
        "required": ["tags"],
    }
    function = {"name": "tag", "parameters": schema, "strict": True}
    (one,) = answer(
        demo,
        {
            "tools": [{"type": "function", "function": function}],
            "tool_choice": choice,
            "parallel_tool_calls": False,
            "sampling": {**WILD, "seed": 2, "max_tokens": 200},
        },
    )
    for _, arguments in one.calls:
        assert jsonschema.Draft202012Validator(schema).is_valid(json.loads(arguments))
    assert one.calls or choice == "auto"


def test_where_no_way_leads_to_a_valid_answer_the_request_fails(demo):
    schema = {"type": "array", "items": {"const": 1}, "contains": {"const": 2}, "maxItems": 1}
    with pytest.raises(Qwen3MLXError, match="contains"):
        answer(demo, {"json_schema": schema, "sampling": {"temperature": 0.0}})
