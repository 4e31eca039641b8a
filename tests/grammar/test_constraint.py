"""Constrained answers: where the grammar begins, what it accepts, where it ends."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen3mlx.errors import Qwen3MLXError
from qwen3mlx.generate import ThinkingMeter
from qwen3mlx.grammar.constraint import Constraint
from qwen3mlx.grammar.source import answer_grammar, json_grammar
from qwen3mlx.text import Content, ToolCallDelta
from qwen3mlx.text.tool_calls import ToolCallParser
from qwen3mlx.thought import ReasoningStart, Thought
from tests.support.examples import examples
from tests.support.grammars import allowed, demo_words, qwen3_words, refused, wander
from tests.text.support import run_scanned

NUMBER = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
PARAMETERS = {
    "type": "object",
    "properties": {
        "city": {"type": "string"},
        "days": {"type": "integer", "minimum": 0, "maximum": 9},
        "unit": {"enum": ["c", "f"]},
    },
    "required": ["city"],
}
TOOLS = [
    {"type": "function", "function": {"name": "weather", "parameters": PARAMETERS}},
    {"type": "function", "function": {"name": "now"}},
    {"type": "function", "function": {"name": 'ü"\\', "parameters": {"type": "object"}}},
]
CALL = '<tool_call>\n{"name": "weather", "arguments": {"city": "Oslo", "days": 3}}\n</tool_call>'
OTHER = '<tool_call>\n{"name": "now", "arguments": {"a": [1, {"b": null}]}}\n</tool_call>'


def check(constraint: Any, text: str) -> int | None:
    return refused(constraint, demo_words().tokenizer.encode(text))


def bound(source: Any, thinking: ReasoningStart = "off") -> Any:
    return demo_words().constraint(source, thinking)


def called(**options: Any) -> Any:
    return demo_words().tools(TOOLS, **options)


def spell(constraint: Any, text: str) -> None:
    """Let `constraint` observe `text` letter by letter. Raises if the grammar forbids one."""
    for letter in text:
        (token_id,) = demo_words().tokenizer.encode(letter)
        constraint.observe(token_id)


# Schemas at random, and answers at random that their grammar allows.

_names = st.text(alphabet='abcé "\\<>', min_size=1, max_size=4)
_leaves = st.one_of(
    st.builds(dict, type=st.sampled_from(["string", "integer", "number", "boolean", "null"])),
    st.builds(
        lambda low: {"type": "integer", "minimum": low, "maximum": low + 20},
        st.integers(-(2**53), 2**53 - 20),
    ),
    st.builds(lambda n: {"type": "string", "minLength": n, "maxLength": n + 3}, st.integers(0, 4)),
    st.builds(
        dict,
        enum=st.lists(
            st.one_of(
                st.text(max_size=6),
                st.integers(-(2**53), 2**53),
                st.booleans(),
                st.none(),
            ),
            min_size=1,
            max_size=4,
        ),
    ),
    st.just({"type": "object"}),
)


def _object(properties: dict[str, Any], required: set[int], closed: bool) -> dict[str, Any]:
    names = [name for index, name in enumerate(properties) if index in required]
    schema: dict[str, Any] = {"type": "object", "properties": properties, "required": names}
    return {**schema, "additionalProperties": False} if closed else schema


def _containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.builds(
            lambda items, low: {"type": "array", "items": items, "minItems": low, "maxItems": 3},
            inner,
            st.integers(0, 2),
        ),
        st.builds(
            _object,
            st.dictionaries(_names, inner, max_size=3),
            st.sets(st.integers(0, 2)),
            st.booleans(),
        ),
        st.builds(lambda kinds: {"anyOf": kinds}, st.lists(inner, min_size=1, max_size=3)),
    )


schemas = st.recursive(_leaves, _containers, max_leaves=6)


def conforms(value: Any, schema: dict[str, Any]) -> bool:
    """JSON Schema's meaning of the keywords above."""
    if "anyOf" in schema:
        return any(conforms(value, one) for one in schema["anyOf"])
    if "enum" in schema:
        return any(value == one and type(value) is type(one) for one in schema["enum"])
    if schema["type"] == "array":
        fits = isinstance(value, list) and schema["minItems"] <= len(value) <= schema["maxItems"]
        return fits and all(conforms(item, schema["items"]) for item in value)
    if schema["type"] == "object":
        return isinstance(value, dict) and _members_conform(value, schema)
    return _scalar_conforms(value, schema)


def _members_conform(value: dict[str, Any], schema: dict[str, Any]) -> bool:
    known = schema.get("properties", {})
    if any(name not in value for name in schema.get("required", ())):
        return False
    if "properties" in schema and not set(value) <= set(known):
        return False
    return all(conforms(item, known[name]) for name, item in value.items() if name in known)


def _scalar_conforms(value: Any, schema: dict[str, Any]) -> bool:
    kinds: dict[str, Any] = {
        "string": str,
        "integer": int,
        "number": (int, float),
        "null": type(None),
    }
    if schema["type"] == "boolean" or isinstance(value, bool):
        return schema["type"] == "boolean" and isinstance(value, bool)
    if not isinstance(value, kinds[schema["type"]]):
        return False
    if isinstance(value, str):
        return schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", 10**9)
    return value is None or (schema.get("minimum", -1e999) <= value <= schema.get("maximum", 1e999))


@settings(max_examples=examples(120))
@given(schemas, st.integers(0), st.integers(0, 30))
def test_any_allowed_answer_is_json_that_fits_its_schema(
    schema: Any, seed: int, patience: int
) -> None:
    words = demo_words()
    constraint = words.constraint(json_grammar(schema))
    ids = wander(words, constraint, random.Random(seed), patience=patience)
    assert not words.tokenizer.added_ids & set(ids)
    text = b"".join(map(words.tokenizer.token_bytes, ids)).decode()
    assert conforms(json.loads(text), schema), text


def _calls(text: str) -> tuple[list[tuple[str, Any]], str]:
    """Return the parser's calls and remaining text of an answer."""
    parser = ToolCallParser()
    calls: list[list[str]] = []
    rest = ""
    for delta in run_scanned(parser.feed, parser.finish, [text]):
        if isinstance(delta, Content):
            rest += delta.text
        elif isinstance(delta, ToolCallDelta) and delta.name is not None:
            calls.append([delta.name, delta.arguments])
        else:
            calls[-1][1] += delta.arguments
    return [(name, json.loads(arguments)) for name, arguments in calls], rest


def _is_valid_call(name: str, arguments: dict[str, Any]) -> bool:
    if name != "weather":
        return name in ("now", 'ü"\\') and isinstance(arguments, dict)
    return (
        isinstance(arguments["city"], str)
        and set(arguments) <= {"city", "days", "unit"}
        and arguments.get("days", 0) in range(10)
        and arguments.get("unit", "c") in ("c", "f")
    )


@settings(max_examples=examples(100))
@given(
    st.integers(0),
    st.integers(0, 60),
    st.booleans(),
    st.sampled_from([None, "weather", "now", 'ü"\\']),
)
def test_any_allowed_answer_is_calls_that_the_parser_reads(
    seed: int, patience: int, parallel: bool, name: str
) -> None:
    words = demo_words()
    source = called(tool_choice="required", parallel=parallel, tool_name=name)
    ids = wander(words, words.constraint(source), random.Random(seed), patience=patience)
    calls, rest = _calls(words.tokenizer.decode(ids))
    assert rest == ""
    assert calls
    assert len(calls) == 1 or (parallel and name is None)
    assert all(_is_valid_call(*call) for call in calls), calls
    assert name is None or calls[0][0] == name


# Where the grammar begins.


def test_without_thinking_the_first_token_is_bound() -> None:
    assert check(bound(json_grammar(NUMBER)), "Sure") == 0
    constraint = bound(json_grammar(NUMBER))
    assert check(constraint, '{"n": 5') is None
    assert not constraint.is_done
    assert check(constraint, "}") is None
    assert constraint.is_done
    assert set(allowed(constraint.mask())) == demo_words().stop_ids


def test_a_thought_the_prompt_opened_is_free_until_its_end() -> None:
    words = demo_words()
    constraint = bound(json_grammar(NUMBER), "inside")
    assert check(constraint, 'Hm, {"n": <tool_call>\n') is None
    assert not words.stop_ids & set(allowed(constraint.mask()))
    assert check(constraint, "\n</think>\n\n") is None
    assert {words.tokenizer.decode([i])[0] for i in allowed(constraint.mask())} == {"{"}
    assert check(constraint, '{"n": 5}') is None
    assert constraint.is_done


def test_the_first_token_may_open_a_thought() -> None:
    words = demo_words()
    constraint = bound(json_grammar(NUMBER), "auto")
    first = allowed(constraint.mask())
    assert words.id("<think>") in first
    assert words.id("Sure"[0]) not in first
    assert check(constraint, '<think>\nwell\n</think>\n\n{"n": 5}') is None
    assert constraint.is_done


def test_only_the_first_token_may_open_a_thought() -> None:
    words = demo_words()
    constraint = bound(json_grammar(NUMBER), "auto")
    assert check(constraint, "{") is None
    assert words.id("<think>") not in allowed(constraint.mask())
    constraint = bound(json_grammar(NUMBER))
    assert words.id("<think>") not in allowed(constraint.mask())


def test_a_thought_has_no_tokens_that_do_not_exist() -> None:
    words = qwen3_words()
    constraint = words.constraint(json_grammar(NUMBER), "inside")
    assert (
        set(allowed(constraint.mask())) == set(range(words.tokenizer.vocab_size)) - words.stop_ids
    )


@pytest.mark.parametrize("newlines", ["", "\n", "\n\n"])
def test_up_to_two_newlines_follow_a_thought(newlines: str) -> None:
    words = demo_words()
    thought = [words.id("</think>"), *([words.id("Ċ")] * len(newlines))]
    constraint = bound(json_grammar(NUMBER), "inside")
    assert refused(constraint, thought) is None
    assert (words.id("Ċ") in allowed(constraint.mask())) == (len(newlines) < 2)
    assert check(constraint, '{"n": 5}') is None


def test_without_a_thought_no_newline_comes_before_the_answer() -> None:
    words = demo_words()
    assert words.id("Ċ") not in allowed(bound(json_grammar(NUMBER)).mask())


def test_the_sentence_that_ends_a_thought_over_budget_is_followed() -> None:
    words = demo_words()
    early_stop = words.tokenizer.encode("\n\nTime is up.\n</think>\n\n")
    meter = ThinkingMeter(words.thought("inside"), budget=2, early_stop_ids=early_stop)
    constraint = bound(json_grammar(NUMBER), "inside")
    forced: list[int] = []
    for token_id in words.tokenizer.encode("a b c d e"):
        constraint.observe(token_id)
        forced += meter.observe(token_id)
        if forced:
            break
    assert forced == early_stop
    for token_id in forced:
        constraint.observe(token_id)
    assert check(constraint, '{"n": 5}') is None
    assert constraint.is_done


def test_a_vocabulary_without_an_end_of_thought_has_none_to_wait_for() -> None:
    grammar = demo_words().grammar(json_grammar(NUMBER))
    constraint = Constraint(grammar, thought=Thought("inside", None, None))
    assert check(constraint, "Hm") == 0


# Tool calls.


@pytest.mark.parametrize(
    ("options", "text", "is_done"),
    [
        ({"tool_choice": "required"}, CALL, False),
        ({"tool_choice": "required"}, f"{CALL}\n{OTHER}\n{CALL}", False),
        ({"tool_choice": "required", "parallel": False}, CALL, True),
        ({"tool_name": "weather"}, CALL, True),
        ({"json_schema": NUMBER}, f"{CALL}\n{OTHER}", False),
        ({"json_schema": NUMBER, "parallel": False}, OTHER, True),
        ({"json_schema": NUMBER}, '{"n": 5}', True),
        ({"json_schema": NUMBER, "tool_choice": "none"}, '{"n": 5}', True),
        ({"json_schema": NUMBER, "tool_choice": "required"}, CALL, False),
        ({"parallel": False}, f"Well. {CALL}", True),
        ({}, f"Well. {CALL} And {CALL}\n{OTHER} done", False),
        ({}, "No call, but {}", False),
    ],
)
@pytest.mark.parametrize("thought", ["", "hm <tool_call> hm\n</think>\n\n"])
def test_answers_that_are_allowed(
    options: dict[str, Any], text: str, is_done: bool, thought: str
) -> None:
    words = demo_words()
    constraint = bound(called(**options), "inside" if thought else "off")
    assert check(constraint, thought + text) is None
    assert constraint.is_done == is_done
    mask = constraint.mask()
    assert mask is None or words.stop_ids <= set(allowed(mask))


@pytest.mark.parametrize(
    ("options", "begun", "refused_next"),
    [
        ({"tool_choice": "required"}, "", "Well"),
        ({"tool_choice": "required"}, "", "<|im_end|>"),
        ({"tool_choice": "required"}, CALL, " "),
        ({"tool_choice": "required", "parallel": False}, CALL, "\n"),
        ({"tool_name": "now"}, '<tool_call>\n{"name": "', "w"),
        ({"tool_name": "weather"}, CALL, "\n"),
        ({"json_schema": NUMBER}, "", "Well"),
        ({"json_schema": NUMBER}, '{"n": 5}', "\n"),
        ({"json_schema": NUMBER, "tool_choice": "none"}, "", "<tool_call>"),
        ({"json_schema": NUMBER, "tool_choice": "required"}, "", "{"),
        ({}, "Well. <tool_call>", "{"),
        ({}, "Well. <tool_call>\n", "<|im_end|>"),
        ({}, '<tool_call>\n{"name": "weather", "arguments": {"city": "x"', "<tool_call>"),
        ({}, f"{OTHER}\n<tool_call>", "</tool_call>"),
        ({"parallel": False}, f"Well. {CALL}", "\n"),
        ({"parallel": False}, f"Well. {CALL}", "<tool_call>"),
    ],
)
def test_answers_that_are_not(options: dict[str, Any], begun: str, refused_next: str) -> None:
    words = demo_words()
    constraint = bound(called(**options))
    assert check(constraint, begun) is None
    assert words.tokenizer.encode(refused_next)[0] not in allowed(constraint.mask())


def test_free_text_is_not_bound_at_all() -> None:
    constraint = bound(called())
    assert constraint.mask() is None
    assert check(constraint, f"Well. {CALL}") is None
    assert constraint.mask() is None


def test_tools_that_must_not_be_called_bind_nothing() -> None:
    assert called(tool_choice="none") is None
    assert answer_grammar() is None


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"tool_choice": "required"}, f"{CALL}\n{OTHER}"),
        ({"tool_name": "now"}, OTHER),
        ({}, f"Well. {CALL}\n{OTHER} done"),
        ({"parallel": False}, f"Well, <tool. {CALL}"),
        ({"json_schema": NUMBER}, CALL),
    ],
)
def test_markers_that_are_no_tokens_are_written_as_text(options: dict[str, Any], text: str) -> None:
    constraint = bound(answer_grammar(TOOLS, **options))
    spell(constraint, text)
    assert demo_words().stop_ids <= set(allowed(constraint.mask()))


@pytest.mark.parametrize(
    ("options", "begun", "refused_next"),
    [
        ({}, "Well. <tool_call>", "{"),
        ({}, '<tool_call>\n{"name": "n', "x"),
        ({"parallel": False}, CALL, "\n"),
    ],
)
def test_calls_begun_in_text_are_bound_too(
    options: dict[str, Any], begun: str, refused_next: str
) -> None:
    words = demo_words()
    constraint = bound(answer_grammar(TOOLS, **options))
    spell(constraint, begun)
    assert words.tokenizer.encode(refused_next)[0] not in allowed(constraint.mask())


# One grammar, many answers; and faults.


def test_answers_to_one_grammar_do_not_disturb_each_other() -> None:
    words = demo_words()
    grammar = words.grammar(json_grammar(NUMBER))
    first, second = (Constraint(grammar, thought=words.thought("off")) for _ in range(2))
    assert check(first, '{"n": 5}') is None
    assert not second.is_done
    assert check(second, '{"n": 1') is None
    assert first.is_done


def test_a_token_the_grammar_forbids_is_an_error_and_stays_one() -> None:
    constraint = bound(json_grammar(NUMBER))
    with pytest.raises(Qwen3MLXError, match="can no longer follow"):
        constraint.observe(demo_words().id("x"))
    with pytest.raises(Qwen3MLXError, match="can no longer follow"):
        constraint.mask()


def test_a_grammar_that_grows_too_large_ends_its_answer_with_an_error() -> None:
    automata = "^(.*a.{30}|.*b.{30}|.*c.{30}|.*[d-z].{40})*$"
    words = qwen3_words()
    constraint = words.constraint(json_grammar({"type": "string", "pattern": automata}))
    with pytest.raises(Qwen3MLXError, match="simplify it"):
        refused(constraint, words.tokenizer.encode('"With a long text, and more of it, and more'))


def test_the_token_that_ends_the_answer_may_be_observed() -> None:
    constraint = bound(json_grammar(NUMBER))
    assert check(constraint, '{"n": 5}<|im_end|>') is None
    assert constraint.is_done
