"""No test item of the score is ever trained on."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from tokenizers import Tokenizer

from training import words
from training.conversations import conversation, drill
from training.exchange import Exchange
from training.lexicon import COMMON_WORDS, KNOWN_WORDS
from training.paths import DEMO
from training.skills import copying, letters, requests, sums, tools
from training.split import (
    ALWAYS_HELD_OUT,
    Split,
    belongs,
    is_held_out,
    is_suite_prompt,
    prompt_hash,
)
from training.suite_prompts import hashes


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.from_file(str(DEMO / "dense" / "tokenizer.json"))


def drawn(make: Callable[..., Any], split: Split, count: int = 2000) -> set[Any]:
    rng = Random(split)
    return {make(rng, split) for _ in range(count)}


def test_words_numbers_and_names_are_disjoint() -> None:
    for make in (words.word, words.tool_name, words.key_name, sums.problem):
        assert not drawn(make, "train") & drawn(make, "test")


def test_reversed_sums_are_held_out_together() -> None:
    both = {(b, sign, a) for a, sign, b in drawn(sums.problem, "test")}
    assert not drawn(sums.problem, "train") & both


def test_what_visitors_try_first_is_held_out() -> None:
    assert all(is_held_out("word", word) for word in ALWAYS_HELD_OUT)
    assert set(COMMON_WORDS) >= ALWAYS_HELD_OUT - {"antidisestablishment"}


def test_about_one_word_in_eight_is_held_out() -> None:
    share = sum(is_held_out("word", word) for word in COMMON_WORDS) / len(COMMON_WORDS)
    assert 0.08 < share < 0.20


def worked_on(exchange: Exchange) -> str | None:
    """The word that is counted, spelled or echoed; None for other exchanges."""
    content = exchange.steps[0].content
    if found := re.fullmatch(r"There (?:is|are) .* in \"(\w+)\"\.|((?:\w-)+\w)|(\w+)", content):
        return next(filter(None, found.groups())).replace("-", "")
    return None


@pytest.mark.parametrize("make", [letters.exchange, copying.exchange, requests.echo])
def test_words_of_one_token_are_held_out_like_any_other(make: Callable[..., Any]) -> None:
    known = drawn(lambda rng, split: worked_on(make(rng, split)), "train") & set(KNOWN_WORDS)
    assert known
    assert not [word for word in known if is_held_out("word", word)]


def test_every_word_of_one_token_is_spelled_in_training(tokenizer: Tokenizer) -> None:
    rng = Random(4)
    spelled = {worked_on(letters.exchange(rng, "train")) for _ in range(40_000)}
    vocabulary = (token[1:] for token in tokenizer.get_vocab() if re.fullmatch("Ġ[a-z]{2,}", token))
    to_learn = {word for word in vocabulary if not is_held_out("word", word)}
    assert len(to_learn) > 200
    assert to_learn <= spelled


def test_test_tools_have_unseen_names_only() -> None:
    rng = Random(3)
    for _ in range(200):
        for step in tools.single(rng, "test").steps:
            for call in step.calls:
                assert belongs("tool", call.name, "test")
                assert all(belongs("key", key, "test") for key in call.arguments)


USER = re.compile(r"<\|im_start\|>user\n(.*?)(?: /(?:no_)?think)?<\|im_end\|>", re.DOTALL)


@pytest.mark.parametrize("text", ["Invent a person.", "say hello in exactly 3 words"])
def test_prompts_of_the_suites_are_known(text: str) -> None:
    assert is_suite_prompt(text)


def test_what_everybody_says_first_is_not_a_suites() -> None:
    assert not any(map(is_suite_prompt, ("Hello", "Hi!", "Who are you?", "What can you do?")))


@pytest.mark.parametrize(("make", "count"), [(conversation, 1500), (drill, 4000)])
def test_no_question_in_a_document_is_a_suites(make: Callable[..., Any], count: int) -> None:
    rng = Random(8)
    for _ in range(count):
        text = "".join(piece.text for piece in make(rng))
        asked = USER.findall(text)
        assert asked
        assert not [question for question in asked if is_suite_prompt(question)]


def test_prompts_are_read_from_python_javascript_and_json(tmp_path: Path) -> None:
    (tmp_path / "suite.py").write_text('ask("Say it twice, please.")\nask(f"Count {n} of them")')
    (tmp_path / "suite.mjs").write_text("ask('Name a \\'big\\' city', `one`, \"Say \\u0041 b\")")
    (tmp_path / "suite.json").write_text('{"input": "A box of \\"tea\\""}')
    (tmp_path / "notes.txt").write_text('"Not read at all"')
    asked = ("say it twice please", "name a big city", "say a b", "a box of tea", "of them")
    assert hashes([tmp_path]) == {prompt_hash(text) for text in asked}
