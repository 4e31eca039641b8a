from __future__ import annotations

import re

import pytest
from hypothesis import given, settings

from qwen3mlx.text.deltas import Content, Reasoning
from qwen3mlx.text.markers import END_THINK, THINK, Marker
from qwen3mlx.text.reasoning import ReasoningParser, reasoning_start
from qwen3mlx.thought import ReasoningStart
from tests.support.examples import examples

from .support import pieces, run_scanned

FRAGMENTS = ["<think>", "</think>", "\n", "<", "</", "th", "ink>", "word", " ", "é"]
ASSISTANT = "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n"


def split(start: ReasoningStart, parts: list[str]) -> tuple[str, str]:
    """(reasoning, content) of an answer."""
    parser = ReasoningParser(start)
    deltas = run_scanned(parser.feed, parser.finish, parts)
    assert all(delta.text for delta in deltas), "an empty delta"
    kinds = [type(delta) for delta in deltas]
    assert kinds == sorted(kinds, key=[Reasoning, Content].index), "reasoning after content"
    reasoning = "".join(delta.text for delta in deltas if isinstance(delta, Reasoning))
    return reasoning, "".join(delta.text for delta in deltas if isinstance(delta, Content))


def expected(start: ReasoningStart, text: str) -> tuple[str, str]:
    opening = {"auto": r"<think>\n?", "inside": "", "off": "(?!)"}[start]
    closed = re.fullmatch(opening + r"(.*?)\n?</think>\n{0,2}(.*)", text, re.DOTALL)
    if closed:
        return closed[1], closed[2]
    unclosed = re.fullmatch(opening + "(.*)", text, re.DOTALL)
    return (unclosed[1], "") if unclosed else ("", text)


@pytest.mark.parametrize("start", ["auto", "inside", "off"])
@settings(max_examples=examples(200))
@given(parts=pieces(FRAGMENTS), opened=...)
def test_any_cut_gives_what_the_whole_text_says(
    start: ReasoningStart, parts: list[str], opened: bool
) -> None:
    parts = ["<think>", *parts] if opened else parts
    assert split(start, parts) == expected(start, "".join(parts))
    assert split(start, list("".join(parts))) == expected(start, "".join(parts))


@pytest.mark.parametrize(
    ("start", "text", "reasoning", "content"),
    [
        ("auto", "<think>\nwhy\n</think>\n\nbecause", "why", "because"),
        ("auto", "<think>why</think>because", "why", "because"),
        ("auto", "<think>\n\n</think>\n\nanswer", "", "answer"),
        ("auto", "<think></think>answer", "", "answer"),
        ("auto", "<think>\n\n\na\n\n</think>\n\n\nb", "\n\na\n", "\nb"),
        ("auto", "no <think> here</think>", "", "no <think> here</think>"),
        ("auto", "\n<think>late", "", "\n<think>late"),
        ("auto", "<think>\na</think>\n\nb</think>c<think>d", "a", "b</think>c<think>d"),
        ("auto", "<think>\nnever closed\n", "never closed\n", ""),
        ("auto", "<think>\ncut </thi", "cut </thi", ""),
        ("auto", "<thi", "", "<thi"),
        ("auto", "", "", ""),
        ("auto", "<think>a<think>b\n</think>\nc", "a<think>b", "c"),
        ("inside", "why\n</think>\n\nbecause", "why", "because"),
        ("inside", "\n</think>\n\nbecause", "", "because"),
        ("off", "<think>\ntext\n</think>\n\n", "", "<think>\ntext\n</think>\n\n"),
    ],
)
def test_examples(start: ReasoningStart, text: str, reasoning: str, content: str) -> None:
    assert split(start, [text]) == (reasoning, content)


def test_thoughts_are_handed_out_while_they_come() -> None:
    parser = ReasoningParser("auto")
    assert parser.feed(THINK) == []
    assert parser.feed("\nHm") == [Reasoning("Hm")]
    assert parser.feed(", so</b>\n") == [Reasoning(", so</b>")]
    assert parser.feed("more</think>") == [Reasoning("\nmore</think>")]
    assert parser.feed("\n") == []
    assert parser.feed(END_THINK) == []
    assert parser.feed("\n\nYes") == [Content("Yes")]
    (content,) = parser.feed(THINK)
    assert content == Content("<think>")
    assert isinstance(content.text, Marker), "the tool calls are looked for behind this"


@pytest.mark.parametrize(
    ("prompt", "start"),
    [
        (ASSISTANT, "auto"),
        (ASSISTANT + "<think>\n", "inside"),
        (ASSISTANT + "<think>", "inside"),
        (ASSISTANT + "<think>\nLet me see", "inside"),
        (ASSISTANT + "<think>\n\n</think>\n\n", "off"),
        (ASSISTANT + "Autumn moon", "off"),
        ("<|im_start|>user\nwhat is <think><|im_end|>\n<|im_start|>assistant\n", "auto"),
        ("<|im_start|>user\n<|im_start|>assistant\n<think>\n<|im_end|>\n" + ASSISTANT, "auto"),
        (ASSISTANT + "<think>\n\n</think>\n\nDone.<|im_end|>\n", "auto"),
        ("<｜User｜>hi<｜Assistant｜><think>\n", "inside"),
        ("<｜User｜>hi<｜Assistant｜>", "auto"),
        ("", "auto"),
    ],
)
def test_where_an_answer_starts(prompt: str, start: ReasoningStart) -> None:
    assert reasoning_start(prompt) == start
