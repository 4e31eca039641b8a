"""Schemas of numbers too large to enumerate are either followed, or refused at once."""

from __future__ import annotations

import json
import random
from decimal import Decimal
from typing import Any

import jsonschema
import pytest

from qwen3mlx.errors import InvalidRequestError
from qwen3mlx.grammar.answer_check import AnswerCheck
from qwen3mlx.grammar.source import json_grammar

from ...support.schemas import byte_matcher, wandered

FAR = [
    {"type": "integer", "multipleOf": 999_983},
    {"type": "number", "multipleOf": 999_983},
    {"type": ["integer", "string"], "multipleOf": 999_983},
    {"multipleOf": 999_983},
    {"type": "integer", "multipleOf": 10**20},
    {"type": "number", "multipleOf": 12345.678},
    {"type": "integer", "multipleOf": 999_983, "minimum": 5},
    {"type": "integer", "multipleOf": 999_983, "exclusiveMaximum": -5_000_000},
    {"enum": [5, 999_983, "x"], "multipleOf": 999_983},
    {"type": "integer", "minimum": 10**20},
    {"type": "integer", "maximum": -1e20},
    {"type": "integer", "minimum": -(10**20), "maximum": 10**20},
    {"type": "integer", "exclusiveMinimum": 2**63},
    {"type": "integer", "minimum": 1e20, "maximum": 1e21},
    {"type": "number", "minimum": 1e20, "maximum": 1e21},
    {"type": "number", "maximum": 1e300},
    {"minimum": 1e20},
    {"type": "integer", "minimum": 1e308},
    {"type": "integer", "minimum": 10**20, "multipleOf": 8},
    {"type": "integer", "exclusiveMaximum": -1e300, "multipleOf": 2},
    {"type": "integer", "const": 10**20},
    {"type": "integer", "enum": [10**20, -(10**30), 7]},
    {"const": {"a": [10**20]}},
    {"enum": [2**62, 1.5]},
]


def exact(text: str) -> Any:
    """11 * 12345.678 is not a multiple of it in doubles."""
    return json.loads(text, parse_float=Decimal)


@pytest.mark.parametrize("schema", FAR, ids=str)
def test_every_answer_that_a_grammar_admits_is_right(schema: Any) -> None:
    source = json_grammar(schema, strict=True)
    assert source.answer is None, "an answer could not be drawn by chance"
    matcher = byte_matcher(source.lark)
    rng = random.Random(7)
    texts = {text for _ in range(40) if (text := wandered(matcher, rng))}
    assert texts
    for text in texts:
        jsonschema.validate(exact(text), exact(json.dumps(schema)))


@pytest.mark.parametrize("schema", [{"minimum": 10**400}, {"const": 2**64 - 1}], ids=str)
def test_what_a_grammar_cannot_write_is_left_to_the_check(schema: Any) -> None:
    source = json_grammar({"type": "integer", **schema}, strict=True)
    assert source.answer is not None
    check = AnswerCheck(source.answer)
    assert check.fault("17", is_call=False)
    assert check.fault(str(next(iter(schema.values()))), is_call=False) is None


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "integer", "multipleOf": 999_983, "minimum": 5, "maximum": 7},
        {"type": "integer", "minimum": 10**20, "maximum": 10**19},
        {"type": "integer", "minimum": 1e20, "maximum": 1e20, "multipleOf": 7},
    ],
    ids=str,
)
def test_what_contradicts_itself_is_refused_by_its_place(schema: Any) -> None:
    schema = {"type": "object", "properties": {"a": schema}, "required": ["a"]}
    with pytest.raises(InvalidRequestError, match=r"properties/a.*no value satisfies it"):
        json_grammar(schema)


@pytest.mark.parametrize("step", [0, -3, True, "2", None])
def test_a_step_that_is_none_is_refused_or_said(step: Any) -> None:
    with pytest.raises(InvalidRequestError, match="multipleOf"):
        json_grammar({"multipleOf": step} if step is not None else {"multipleOf": []}, strict=True)
