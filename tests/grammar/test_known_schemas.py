"""Schemas that other servers have rejected or crashed on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import qwen3mlx
from qwen3mlx.errors import InvalidRequestError
from qwen3mlx.grammar import Demand, GrammarProcess
from qwen3mlx.text import TextForm

from ..support.grammars import DEMO_ROWS, demo_words

Schema = dict[str, Any]


def properties(**schemas: Any) -> Schema:
    return {"type": "object", "properties": schemas}


def text(length: int) -> Schema:
    return {"type": "string", "minLength": 1, "maxLength": length}


def nested(schema: Schema, depth: int) -> Schema:
    for _ in range(depth):
        lists = {"type": "array", "items": schema, "maxItems": 100}
        schema = properties(one=schema, many=lists)
    return schema


def tree(num_kinds: int) -> Schema:
    """Expressions, each of a kind that its `type` names."""
    kinds: list[Schema] = [
        {**properties(type={"const": f"k{i}"}, of={"$ref": "#/$defs/e"}), "required": ["type"]}
        for i in range(num_kinds)
    ]
    return {"$defs": {"e": {"oneOf": [*kinds, {"type": "string"}]}}, "$ref": "#/$defs/e"}


# The places are those of the reports.
HONEST: dict[str, Schema] = {
    # https://github.com/vllm-project/vllm/issues/17248
    "a property that is no schema": properties(model={"type": "string"}, foo="bar"),
    # https://github.com/vllm-project/vllm/pull/30346
    "items of draft 7": {"type": "array", "items": [{"type": "string"}, {"type": "integer"}]},
    # https://github.com/ggml-org/llama.cpp/issues/25746
    "a long text within": properties(patch=properties(script=text(65_536))),
    # https://github.com/ggml-org/llama.cpp/issues/27859
    "a list of long texts": properties(
        findings={"type": "array", "maxItems": 50, "items": properties(summary=text(2000))}
    ),
    # https://github.com/firecrawl/firecrawl/issues/4512
    "long texts at many levels": nested(text(10_000), 4),
    # https://github.com/ggml-org/llama.cpp/pull/6555
    "a thousand numbers": {
        "type": "array",
        "items": {"type": "number"},
        "minItems": 10,
        "maxItems": 1000,
    },
    # https://github.com/json-everything/json-everything/issues/766
    "expressions": tree(12),
    # https://github.com/noamgat/lm-format-enforcer/issues/130
    "a union of many": {"anyOf": [properties(**{f"k{i}": text(9)}) for i in range(300)]},
    # https://github.com/ggml-org/llama.cpp/issues/25923
    "no properties": {"type": "object", "properties": {}},
}


@pytest.fixture(scope="module")
def grammars() -> Iterator[GrammarProcess]:
    folder = Path(qwen3mlx.__file__).parent / "demo" / "dense"
    ours = GrammarProcess(folder, DEMO_ROWS, demo_words().stop_ids)
    yield ours
    ours.close()


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_schema_is_held(
    grammars: GrammarProcess, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert grammars.constraint(Demand(json_schema=HONEST[name])).mask()


@pytest.mark.parametrize("choice", ["auto", "required"])
def test_so_are_the_tools_of_an_agent(grammars: GrammarProcess, choice: Any) -> None:
    """https://github.com/ggml-org/llama.cpp/issues/26596: 34 of them, with long texts."""
    schemas = [
        properties(o=properties(s=text(65_536 + i)), p=nested(text(2000), 2)) for i in range(34)
    ]
    tools = [
        {"type": "function", "function": {"name": f"f{i}", "parameters": schema}}
        for i, schema in enumerate(schemas)
    ]
    demand = Demand(tools=tools, tool_choice=choice, call_ids=demo_words().call_ids)
    constraint = grammars.constraint(demand)
    assert (constraint.mask() is None) == (choice == "auto")


@pytest.mark.parametrize("pattern", ["(", "(?", "[z-a]", "a{2,1}", "\\"])
def test_what_is_no_expression_is_refused(grammars: GrammarProcess, pattern: str) -> None:
    """https://github.com/vllm-project/vllm/issues/17313, 19270"""
    with pytest.raises(InvalidRequestError, match="guided_regex"):
        grammars.constraint(Demand(form=TextForm("regex", pattern, "guided_regex")))


def test_a_check_that_multiplies_ends_its_answer(grammars: GrammarProcess) -> None:
    """https://github.com/tree-sitter/tree-sitter/pull/5509: twice the work with every level."""
    way: Schema = {**properties(x={"$ref": "#/$defs/e"}), "required": ["x"]}
    ways = [way, properties(x={"$ref": "#/$defs/e"}, y={"type": "integer"}), {"type": "integer"}]
    schema = {"$defs": {"e": {"oneOf": ways}}, "$ref": "#/$defs/e"}
    constraint = grammars.constraint(Demand(json_schema=schema))
    ids = demo_words().tokenizer.encode('{"x": ' * 40 + "1" + "}" * 40)
    with pytest.raises(InvalidRequestError, match="response_format"):
        sum(constraint.observe(token_id) for token_id in ids)
