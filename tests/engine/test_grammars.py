"""A request's constraints, as they are sent to the grammar processes."""

from __future__ import annotations

import pytest

from qwen3mlx import library
from qwen3mlx.engine.grammars import demand_of
from qwen3mlx.request import GenerationRequest, NamedTool
from qwen3mlx.text import Tokenizer, load_tokenizer

ASK = [{"role": "user", "content": "hi"}]
TOOL = {"type": "function", "function": {"name": "now", "parameters": {"type": "object"}}}


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return load_tokenizer(library.resolve("demo"))


@pytest.mark.parametrize("more", [{}, {"tools": [TOOL], "tool_choice": "none"}])
def test_a_free_answer_demands_nothing(tokenizer, more):
    assert demand_of(GenerationRequest(messages=ASK, **more), tokenizer, "off") is None


@pytest.mark.parametrize(
    ("choice", "asked", "name"),
    [("auto", "auto", None), ("required", "required", None), (NamedTool("now"), "required", "now")],
)
def test_what_is_demanded_of_calls(tokenizer, choice, asked, name):
    request = GenerationRequest(messages=ASK, tools=[TOOL], tool_choice=choice)
    demand = demand_of(request, tokenizer, "auto")
    assert (demand.tool_choice, demand.tool_name, demand.reasoning) == (asked, name, "auto")
    assert demand.call_ids == (
        tokenizer.token_id("<tool_call>"),
        tokenizer.token_id("</tool_call>"),
    )
    assert demand.param == "tools"
