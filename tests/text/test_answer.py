from __future__ import annotations

import json
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
from qwen3mlx.text.reasoning import ReasoningStart

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
    """One token a byte, and one for `():`."""
    folder = tmp_path_factory.mktemp("tiny")
    write_tiny_tokenizer(folder, merged=["()", "(:", "):"])
    return load_tokenizer(folder)


def answer(
    tokenizer: Tokenizer, ids: Sequence[int], **options: Any
) -> tuple[list[Delta], AnswerStream]:
    """All deltas of an answer, merged, ids of calls left out."""
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
@settings(max_examples=100)
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
        "reasoning": start, "parse_tools": parse_tools, "stop": ["STOP"] if stops else []
    }  # fmt: skip
    text = "".join(parts)
    by_byte, one = answer(tiny, list(text.encode()), **options)
    by_token, two = answer(qwen3, qwen3.encode(text), **options)
    assert by_byte == by_token
    assert (one.stopped, one.num_tool_calls) == (two.stopped, two.num_tool_calls)


def test_one_whole_answer(qwen3: Tokenizer) -> None:
    text = f"<think>\nWhat time? STOP\n</think>\n\nI'll look.\n{CALL}\n{CALL}"
    deltas, stream = answer(
        qwen3, qwen3.encode(text), reasoning="auto", parse_tools=True, stop=["STOP"]
    )
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
    deltas, stream = answer(qwen3, qwen3.encode(text), reasoning="inside", parse_tools=True)
    assert deltas == [Reasoning(f"maybe\n{CALL}"), Content("no")]
    assert stream.num_tool_calls == 0


def test_newlines_after_thinking_do_not_stop_the_answer(qwen3: Tokenizer) -> None:
    text = "<think>\n\n</think>\n\none\n\ntwo"
    deltas, stream = answer(qwen3, qwen3.encode(text), reasoning="auto", stop=["\n\n"])
    assert deltas == [Content("one")]
    assert stream.stopped


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
    deltas, _ = answer(qwen3, qwen3.encode(tail), reasoning="auto", parse_tools=True, stop=["STOP"])
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
    deltas, stream = answer(qwen3, qwen3.encode(text), parse_tools=True)
    assert stream.num_tool_calls == count
    if expected:
        assert deltas == [expected]
    else:
        assert deltas == [
            ToolCallDelta(0, None, "f", '{"a": '),
            Content("}}\n</tool_call>"),
        ]


def test_fault_13_arguments_stream(qwen3: Tokenizer) -> None:
    stream = AnswerStream(qwen3, parse_tools=True)
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
