from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings

from qwen3mlx.text import (
    AnswerStream,
    Content,
    Delta,
    Reasoning,
    Tokenizer,
    ToolCallDelta,
    load_tokenizer,
)
from qwen3mlx.text.deltas import merge
from qwen3mlx.thought import ReasoningStart
from tests.support.examples import examples

from .support import pieces, write_tiny_tokenizer

CALL = '<tool_call>\n{"name": "now", "arguments": {"tz": "Asia/Shanghai"}}\n</tool_call>'
FRAGMENTS = [
    "<think>",
    "</think>",
    "\n",
    CALL,
    "<tool_call>",
    "STOP",
    "ST",
    "text",
    "é",
    "😀",
    " {",
]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    """One token a byte, and one for `():`; no markers among them, so that their text is one."""
    folder = tmp_path_factory.mktemp("tiny")
    write_tiny_tokenizer(folder, merged=["()", "(:", "):"], added_tokens=["<|im_end|>"])
    return load_tokenizer(folder)


def answer(
    tokenizer: Tokenizer, ids: Sequence[int], **options: Any
) -> tuple[list[Delta], AnswerStream]:
    """Return all deltas of an answer, merged, without the calls' ids."""
    stream = AnswerStream(tokenizer, **options)
    deltas: list[Delta] = []
    for token_id in ids:
        deltas += stream.add(token_id)
    deltas += stream.finish()
    assert all(isinstance(delta, ToolCallDelta) or delta.text for delta in deltas), "empty delta"
    return merge(map(anonymous, deltas)), stream


def anonymous(delta: Delta) -> Delta:
    if isinstance(delta, ToolCallDelta):
        return ToolCallDelta(delta.index, None, delta.name, delta.arguments)
    return delta


@pytest.mark.parametrize("start", ["auto", "inside", "off"])
@settings(max_examples=examples(100))
@given(parts=pieces(FRAGMENTS), parse_tools=..., stops=...)
def test_the_cut_into_tokens_does_not_matter(
    start: ReasoningStart,
    qwen3: Tokenizer,
    tiny: Tokenizer,
    parts: list[str],
    parse_tools: bool,
    stops: bool,
) -> None:
    options: dict[str, Any] = {
        "reasoning": start, "tools": () if parse_tools else None, "stop": ["STOP"] if stops else []
    }  # fmt: skip
    text = "".join(parts)
    by_byte, one = answer(tiny, list(text.encode()), **options)
    by_token, two = answer(qwen3, qwen3.encode(text), **options)
    assert by_byte == by_token
    assert (one.stopped, one.num_tool_calls) == (two.stopped, two.num_tool_calls)


def test_one_whole_answer(qwen3: Tokenizer) -> None:
    text = f"<think>\nWhat time? STOP\n</think>\n\nI'll look.\n{CALL}\n{CALL}"
    deltas, stream = answer(qwen3, qwen3.encode(text), reasoning="auto", tools=(), stop=["STOP"])
    arguments = json.dumps({"tz": "Asia/Shanghai"})
    assert deltas == [
        Reasoning("What time? STOP"),
        Content("I'll look."),
        ToolCallDelta(0, None, "now", arguments),
        ToolCallDelta(1, None, "now", arguments),
    ]
    assert stream.num_tool_calls == 2
    assert not stream.stopped


def test_tools_are_parsed_only_when_asked_for(qwen3: Tokenizer) -> None:
    deltas, stream = answer(qwen3, qwen3.encode(CALL))
    assert deltas == [Content(CALL)]
    assert stream.num_tool_calls == 0


def test_tools_are_not_parsed_inside_thinking(qwen3: Tokenizer) -> None:
    text = f"maybe\n{CALL}\n</think>\n\nno"
    deltas, stream = answer(qwen3, qwen3.encode(text), reasoning="inside", tools=())
    assert deltas == [Reasoning(f"maybe\n{CALL}"), Content("no")]
    assert stream.num_tool_calls == 0


def test_newlines_after_thinking_do_not_stop_the_answer(qwen3: Tokenizer) -> None:
    text = "<think>\n\n</think>\n\none\n\ntwo"
    deltas, stream = answer(qwen3, qwen3.encode(text), reasoning="auto", stop=["\n\n"])
    assert deltas == [Content("one")]
    assert stream.stopped


def spelled(tokenizer: Tokenizer, text: str) -> list[int]:
    """Ids of `text` with none of its markers as a token."""
    return [
        token_id for piece in re.split("(?<=[<>/])", text) for token_id in tokenizer.encode(piece)
    ]


def test_markers_that_are_spelled_out_are_text(qwen3: Tokenizer) -> None:
    for text in (CALL, f"Write {CALL} so.", "<think>\na\n</think>\n\nb", "</think>"):
        ids = spelled(qwen3, text)
        assert qwen3.decode(ids) == text
        deltas, stream = answer(qwen3, ids, reasoning="auto", tools=())
        assert deltas == [Content(text)]
        assert stream.num_tool_calls == 0


def test_a_thought_ends_with_the_token_alone(qwen3: Tokenizer) -> None:
    ids = [*spelled(qwen3, "so </think> ends it"), *qwen3.encode("\n</think>\n\nyes")]
    deltas, _ = answer(qwen3, ids, reasoning="inside")
    assert deltas == [Reasoning("so </think> ends it"), Content("yes")]


PARALLEL = f"I'll look.\n{CALL}\n{CALL}\n"
ARGUMENTS = '{"tz": "Asia/Shanghai"}'
AROUND_CALLS = [
    *("\n", "<tool_call>", "<tool_call>\n", "</tool_call>", ">\n{", "\n</", '{"name"', "name"),
    *('"now", "arg', "arguments", '": {"', "}}", "}\n", "now", "<think>", "</think>", "\n\n"),
]


@pytest.mark.parametrize("stop", AROUND_CALLS)
def test_what_stands_around_calls_holds_no_stop_string(qwen3: Tokenizer, stop: str) -> None:
    ids = qwen3.encode("<think>\n\n</think>\n\n" + PARALLEL)
    deltas, stream = answer(qwen3, ids, reasoning="auto", tools=(), stop=[stop])
    assert deltas == [
        Content("I'll look."),
        ToolCallDelta(0, None, "now", ARGUMENTS),
        ToolCallDelta(1, None, "now", ARGUMENTS),
    ]
    assert not stream.stopped
    assert not stream.inside_call
    assert stream.num_tool_calls == 2


@pytest.mark.parametrize(
    ("stop", "deltas"),
    [
        ("look", [Content("I'll ")]),
        ("k.", [Content("I'll loo")]),
        ("Shang", [Content("I'll look."), ToolCallDelta(0, None, "now", '{"tz": "Asia/')]),
        ('"tz', [Content("I'll look."), ToolCallDelta(0, None, "now", "{")]),
        ("{", [Content("I'll look."), ToolCallDelta(0, None, "now", "")]),
        ("}", [Content("I'll look."), ToolCallDelta(0, None, "now", ARGUMENTS[:-1])]),
    ],
)
def test_a_stop_string_in_content_or_arguments(
    qwen3: Tokenizer, stop: str, deltas: list[Delta]
) -> None:
    found, stream = answer(qwen3, qwen3.encode(PARALLEL), tools=(), stop=[stop])
    assert found == deltas
    assert stream.stop_string == stop
    assert stream.inside_call == isinstance(deltas[-1], ToolCallDelta)


def test_no_stop_string_reaches_from_one_text_into_another(qwen3: Tokenizer) -> None:
    text = f"ab{CALL}\ncd"
    stops = ["bc", "b{", "}c", "b\nc"]
    deltas, stream = answer(qwen3, qwen3.encode(text), tools=(), stop=stops)
    assert deltas == [Content("ab"), ToolCallDelta(0, None, "now", ARGUMENTS), Content("\ncd")]
    assert not stream.stopped


def test_a_stop_string_that_only_the_end_brings_to_light(qwen3: Tokenizer) -> None:
    deltas, stream = answer(qwen3, qwen3.encode("a\n"), tools=(), stop=["\n"])
    assert deltas == [Content("a")]
    assert stream.stop_string == "\n"


# Faults of mlx-lm 0.32.2, by their number in its list of weak points.


def test_fault_9_a_stop_string_inside_a_merged_token(qwen3: Tokenizer) -> None:
    ids = qwen3.encode("def f():\n    pass")
    merged = next(index for index, token in enumerate(ids) if qwen3.token_bytes(token) == b"():\n")
    stream = AnswerStream(qwen3, stop=["):"])
    for token_id in ids[:merged]:
        stream.add(token_id)
    assert not stream.stopped
    assert stream.add(ids[merged]) == [Content("(")]
    assert stream.stopped
    assert stream.add(ids[merged + 1]) == []
    assert stream.finish() == []


@pytest.mark.parametrize("tail", ["<", "<thi", "a < b <", "<tool_cal", "ST", "é <tool_call>\n{"])
def test_fault_10_a_partial_marker_at_the_end_is_flushed(qwen3: Tokenizer, tail: str) -> None:
    deltas, _ = answer(qwen3, qwen3.encode(tail), reasoning="auto", tools=(), stop=["STOP"])
    assert deltas == [Content(tail)]


def test_fault_11_think_in_the_text_is_text(qwen3: Tokenizer) -> None:
    text = "You wrote <think> and </think>: both are markers."
    deltas, _ = answer(qwen3, qwen3.encode(text), reasoning="auto")
    assert deltas == [Content(text)]


@pytest.mark.parametrize(
    ("envelope", "expected", "count"),
    [
        ('{"name": "f", "arguments": {"a": }}', None, 0),
        ('{"name": "f"}', ToolCallDelta(0, None, "f", "{}"), 1),
        ('{"name": "f", "arguments": "{\\"a\\": 1}"}', ToolCallDelta(0, None, "f", '{"a": 1}'), 1),
    ],
)
def test_fault_12_malformed_missing_and_text_arguments(
    qwen3: Tokenizer, envelope: str, expected: Delta | None, count: int
) -> None:
    text = f"<tool_call>\n{envelope}\n</tool_call>"
    deltas, stream = answer(qwen3, qwen3.encode(text), tools=())
    assert stream.num_tool_calls == count
    if expected:
        assert deltas == [expected]
    else:
        assert deltas == [
            ToolCallDelta(0, None, "f", '{"a": '),
            Content("}}\n</tool_call>"),
        ]


def test_fault_13_arguments_stream(qwen3: Tokenizer) -> None:
    stream = AnswerStream(qwen3, tools=())
    batches = [stream.add(token_id) for token_id in qwen3.encode(CALL)]
    assert sum(bool(deltas) for deltas in batches) > 3


def test_fault_14_thoughts_come_back_into_the_prompt(qwen3: Tokenizer) -> None:
    turn = {"role": "assistant", "content": "b", "reasoning": "thought"}
    prompt = qwen3.apply_chat_template([{"role": "user", "content": "a"}, turn])
    assert "<think>\nthought\n</think>\n\nb" in prompt


def test_fault_16_leading_spaces_stay(qwen3: Tokenizer) -> None:
    deltas, _ = answer(qwen3, qwen3.encode("  indented"))
    assert deltas == [Content("  indented")]


def test_half_a_character_is_never_handed_out(tiny: Tokenizer) -> None:
    stream = AnswerStream(tiny)
    assert [stream.add(byte) for byte in "😀".encode()] == [[], [], [], [Content("😀")]]
    stream.add(0xF0)
    assert stream.finish() == [Content("�")]
