"""Compiling grammars: what is allowed, what is refused, and that neither takes forever."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from qwen3mlx.errors import CheckpointError, InvalidRequestError
from qwen3mlx.grammar.grammar import GrammarTokenizer
from qwen3mlx.grammar.source import json_grammar
from tests.support.grammars import (
    QWEN3_ROWS,
    Words,
    allowed,
    demo_words,
    qwen3_words,
    refused,
)

WORDS = [pytest.param(demo_words, id="demo"), pytest.param(qwen3_words, id="qwen3")]


def complete(words: Words, schema: dict[str, Any], ids: list[int]) -> bool:
    """Return whether all of `ids` are allowed, and an answer may end after them."""
    constraint = words.constraint(json_grammar(schema))
    return refused(constraint, ids) is None and words.stop_ids <= set(allowed(constraint.mask()))


@pytest.mark.parametrize("make", WORDS)
def test_a_mask_has_a_bit_for_each_row_and_none_for_padding(make: Callable[[], Words]) -> None:
    words = make()
    constraint = words.constraint(json_grammar({"type": "string"}))
    constraint.observe(words.id('"'))
    rows = words.grammar_tokenizer.vocab_size
    mask = constraint.mask()
    assert mask is not None
    assert len(mask) == (rows + 31) // 32 * 4
    inside = allowed(mask)
    assert len(inside) > 0.9 * words.tokenizer.vocab_size
    assert max(inside) < words.tokenizer.vocab_size


def test_the_real_vocabulary_has_padding() -> None:
    assert qwen3_words().tokenizer.vocab_size < QWEN3_ROWS


@pytest.mark.parametrize("make", WORDS)
def test_no_marker_or_stop_token_inside_a_string(make: Callable[[], Words]) -> None:
    words = make()
    constraint = words.constraint(json_grammar({"type": "string"}))
    constraint.observe(words.id('"'))
    assert not set(allowed(constraint.mask())) & (words.tokenizer.added_ids | words.stop_ids)


@pytest.mark.parametrize("make", WORDS)
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("see <tool_call>x</tool_call>", id="marker"),
        pytest.param("<<|im_end|><think>", id="markers in a row"),
        pytest.param("cafe\u0301 \u212b", id="decomposed"),
        pytest.param("日本語 🙂", id="multi-byte"),
    ],
)
def test_text_that_is_forced_is_written_exactly(make: Callable[[], Words], text: str) -> None:
    """The tokenizer's own encoding of it would hold markers, or other characters."""
    words = make()
    constraint = words.constraint(json_grammar({"const": text}))
    ids: list[int] = []
    while not constraint.is_done:
        ids.append(allowed(constraint.mask())[0])
        constraint.observe(ids[-1])
    written = b"".join(map(words.tokenizer.token_bytes, ids))
    assert json.loads(written) == text
    assert not words.tokenizer.added_ids & set(ids)


def test_forced_text_takes_the_tokens_the_model_knows() -> None:
    words = qwen3_words()
    constraint = words.constraint(
        json_grammar({"type": "object", "properties": {"location": {}}, "required": ["location"]})
    )
    constraint.observe(words.id('{"'))
    assert allowed(constraint.mask()) == [words.id("location")]


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"b":[1,2]}',
        '{"a": 1, "b": [1, 2]}',
        '{\n  "a": 1,\n  "b": [\n    1,\n    2\n  ]\n}',
    ],
)
def test_the_usual_ways_to_space_json_are_allowed(text: str) -> None:
    schema = {"properties": {"a": {"type": "integer"}, "b": {"type": "array"}}, "type": "object"}
    words = demo_words()
    assert complete(words, schema, words.tokenizer.encode(text))


@pytest.mark.parametrize("blank", [" ", "\n", "\t", "\n "])
def test_blanks_have_an_end(blank: str) -> None:
    words = demo_words()
    constraint = words.constraint(json_grammar({"type": "object"}))
    ids = words.tokenizer.encode("{") + [words.tokenizer.encode(c)[0] for c in blank * 60]
    assert refused(constraint, ids) is not None


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "string", "pattern": "("}, "unclosed group"),
        ({"type": "frobnicate"}, "frobnicate"),
        ({"type": "array", "minItems": 3, "maxItems": 1}, "minItems (3) is greater"),
        ({"enum": []}, "enum"),
        ({"$ref": "#/$defs/missing"}, "not part of the schema"),
        ({"$ref": "#"}, "refers back to itself"),
        ({"not": {}}, "no value satisfies it"),
    ],
)
def test_what_cannot_be_enforced_is_refused_in_one_sentence(schema: Any, said: str) -> None:
    with pytest.raises(InvalidRequestError) as refusal:
        demo_words().grammar(json_grammar(schema, strict=True))
    message = str(refusal.value)
    assert message.startswith("response_format cannot be enforced: ")
    assert said in message
    assert message.endswith(".")
    assert "\n" not in message
    assert refusal.value.param == "response_format"


def test_the_refusal_names_the_tool() -> None:
    tools = [
        {"function": {"name": "fine", "parameters": {"type": "object"}}},
        {"function": {"name": "bad", "parameters": {"properties": {"a": {"pattern": "("}}}}},
    ]
    words = demo_words()
    with pytest.raises(InvalidRequestError) as refusal:
        words.grammar(words.tools(tools, tool_choice="required"))
    assert refusal.value.param == "tools[1].function.parameters"
    assert "tools[1].function.parameters" in str(refusal.value)


def test_a_strict_tool_is_bound_by_every_keyword_and_another_by_those_that_can_be() -> None:
    parameters: dict[str, Any] = {
        "type": "object",
        "properties": {"a": {"not": {"type": "string"}}},
    }
    words = demo_words()
    lenient = {"function": {"name": "f", "parameters": parameters}}
    strict = {"function": {"name": "f", "parameters": parameters, "strict": True}}
    source = words.tools([lenient])
    assert source is not None
    words.grammar(source)
    assert source.warnings == [
        "tools[0].function.parameters: properties/a/not is not enforced.",
    ]
    bound = words.tools([strict])
    assert bound is not None
    assert not bound.warnings
    assert bound.calls == {"f": parameters}
    parameters["properties"]["b"] = {"enum": []}
    with pytest.raises(InvalidRequestError, match="properties/b/enum"):
        words.tools([strict])


def _nested(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(depth):
        schema = {"type": "object", "properties": {"a": schema}, "required": ["a"]}
    return schema


HOSTILE: dict[str, dict[str, Any]] = {
    "large enum": {"enum": [f"value-{i}-{i * 7919 % 10007}" for i in range(10_000)]},
    "huge enum": {"enum": [f"v{i}" for i in range(100_000)]},
    "deep": _nested(40),
    "too deep": _nested(500),
    "nested repeats": {"type": "string", "pattern": "^(a+)+$"},
    "counted repeats": {"type": "string", "pattern": "^(([a-z]{1,100}){1,100}){1,100}$"},
    "exponential automaton": {"type": "string", "pattern": "^[ab]*a[ab]{24}$"},
    "many automata": {"type": "string", "pattern": ".*a.{200}.*b.{200}"},
    "intersected patterns": {"allOf": [{"pattern": f"a.{{{i}}}b"} for i in range(12)]},
    "huge minItems": {"type": "array", "items": {"type": "integer"}, "minItems": 10**9},
    "huge minLength": {"type": "string", "minLength": 10**18},
    "huge multipleOf": {"type": "integer", "multipleOf": 1_000_003},
    "two multiples": {"allOf": [{"type": "integer", "multipleOf": 997}, {"multipleOf": 991}]},
    "many properties": {"type": "object", "properties": {f"p{i}": {} for i in range(1000)}},
    "huge object": {"type": "object", "properties": {f"p{i}": {} for i in range(20_000)}},
    "wide range": {"type": "number", "minimum": -1e300, "maximum": 1.2e300},
    "far range": {"type": "integer", "minimum": -(2**70), "maximum": -(2**69)},
    "reference loop": {
        "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}},
        "$ref": "#/$defs/a",
    },
    "doubling references": {
        "$defs": {
            "a20": {"type": "string"},
            **{f"a{i}": {"allOf": [{"$ref": f"#/$defs/a{i + 1}"}] * 2} for i in range(20)},
        },
        "$ref": "#/$defs/a0",
    },
    "long chain of references": {
        "$defs": {f"a{i}": {"items": {"$ref": f"#/$defs/a{i + 1}"}} for i in range(5000)},
        "$ref": "#/$defs/a0",
    },
    "product of alternatives": {
        "allOf": [
            {"anyOf": [{"properties": {f"a{i}_{j}": {}}} for j in range(4)]} for i in range(12)
        ]
    },
}


REFUSED = {"huge enum", "too deep", "huge object", "long chain of references"}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_schema_is_refused_or_followed_but_never_hangs(name: str) -> None:
    param = None
    try:
        assert qwen3_words().constraint(json_grammar(HOSTILE[name])).mask()
    except InvalidRequestError as error:
        param = error.param
    assert param == ("response_format" if name in REFUSED else None)


def test_many_tools_are_no_burden() -> None:
    properties = {f"p{i}": {"type": "string"} for i in range(8)}
    parameters = {"type": "object", "properties": properties, "required": ["p0"]}
    tools = [{"function": {"name": f"tool_{i}", "parameters": parameters}} for i in range(200)]
    words = demo_words()
    constraint = words.constraint(words.tools(tools, tool_name="tool_199"))
    call = '<tool_call>\n{"name": "tool_199", "arguments": {"p0": "x"}}\n</tool_call>'
    assert refused(constraint, words.tokenizer.encode(call)) is None
    assert constraint.is_done


def test_a_vocabulary_without_an_end_is_refused() -> None:
    with pytest.raises(CheckpointError, match="eos_token_id"):
        GrammarTokenizer([b"a", b"b"], marker_ids=(), stop_ids=[7], encode=lambda text: [])
