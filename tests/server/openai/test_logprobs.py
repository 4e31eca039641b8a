"""Which tokens content is made of: fed with what the text parsers make of real tokens."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen3mlx.events import TokenLogprob
from qwen3mlx.server.openai.logprobs import TextTokens, chat_logprobs
from qwen3mlx.text import AnswerStream, Content, Tokenizer, load_tokenizer
from qwen3mlx.text.deltas import Delta
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


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    folder: Path = tmp_path_factory.mktemp("tiny")
    write_tiny_tokenizer(folder)
    return load_tokenizer(folder)


def taken_from(tokenizer: Tokenizer, text: str, stop: tuple[str, ...]) -> tuple[bytes, str]:
    """The bytes of the tokens behind the content of `text`, and the content."""
    stream = AnswerStream(tokenizer, reasoning="auto", parse_tools=True, stop=stop)
    tokens, taken, content = TextTokens(), b"", ""

    def take(deltas: list[Delta]) -> None:
        nonlocal taken, content
        for delta in deltas:
            if isinstance(delta, Content):
                content += delta.text
                taken += b"".join(one.token for one in tokens.take(delta.text))
            else:
                tokens.skip()

    for token_id in tokenizer.encode(text):
        piece = tokenizer.token_bytes(token_id)
        tokens.add(TokenLogprob(token_id, piece, -1.0, ()))
        take(stream.add(token_id))
        if stream.stopped:
            break
    take(stream.finish())
    return taken, content


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=8).map("".join), st.booleans())
def test_the_tokens_of_content_spell_it(tokenizer: Tokenizer, text: str, stops: bool) -> None:
    taken, content = taken_from(tokenizer, text, ("END",) if stops else ())
    assert taken.decode() == content


def test_markers_are_no_content(tokenizer: Tokenizer) -> None:
    assert taken_from(tokenizer, "<think>\n\n</think>\n\nthink", ()) == (b"think", "think")


def test_a_token_cut_by_a_stop_string_counts_once() -> None:
    tokens = TextTokens()
    tokens.add(token("foo E"))
    assert [one.token for one in tokens.take("foo ")] == [b"foo E"]
    tokens.add(token("x"))
    assert [one.token for one in tokens.take("Ex")] == [b"x"]


def test_bytes_that_are_no_text_are_not_lost() -> None:
    tokens = TextTokens()
    tokens.add(token(b"\xff"))
    assert [one.token for one in tokens.take("\ufffd")] == [b"\xff"]


def test_the_impossible_is_a_number() -> None:
    [entry] = chat_logprobs([token("x", float("-inf"))])["content"]
    assert entry["logprob"] == -9999.0
