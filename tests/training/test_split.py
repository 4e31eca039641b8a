"""Nothing the score asks about may have been trained on."""

import re
from random import Random

import pytest
from tokenizers import Tokenizer

from training import words
from training.conversations import conversation, drill
from training.lexicon import COMMON_WORDS, KNOWN_WORDS
from training.paths import DEMO
from training.skills import copying, letters, requests, sums, tools
from training.split import ALWAYS_HELD_OUT, belongs, is_held_out, is_suite_prompt, prompt_hash
from training.suite_prompts import hashes


@pytest.fixture(scope="module")
def tokenizer():
    return Tokenizer.from_file(str(DEMO / "dense" / "tokenizer.json"))


def drawn(make, split, count=2000):
    rng = Random(split)
    return {make(rng, split) for _ in range(count)}


def test_words_numbers_and_names_are_disjoint():
    for make in (words.word, words.tool_name, words.key_name, sums.problem):
        assert not drawn(make, "train") & drawn(make, "test")


def test_reversed_sums_are_held_out_together():
    both = {(b, sign, a) for a, sign, b in drawn(sums.problem, "test")}
    assert not drawn(sums.problem, "train") & both


def test_what_visitors_try_first_is_held_out():
    assert all(is_held_out("word", word) for word in ALWAYS_HELD_OUT)
    assert set(COMMON_WORDS) >= ALWAYS_HELD_OUT - {"antidisestablishment"}


def test_about_one_word_in_eight_is_held_out():
    share = sum(is_held_out("word", word) for word in COMMON_WORDS) / len(COMMON_WORDS)
    assert 0.08 < share < 0.20


def worked_on(exchange):
    """The word that is counted, spelled or echoed; None for other exchanges."""
    content = exchange.steps[0].content
    if found := re.fullmatch(r"There (?:is|are) .* in \"(\w+)\"\.|((?:\w-)+\w)|(\w+)", content):
        return found[found.lastindex].replace("-", "")
    return None


@pytest.mark.parametrize("make", [letters.exchange, copying.exchange, requests.echo])
def test_words_of_one_token_are_held_out_like_any_other(make):
    known = drawn(lambda rng, split: worked_on(make(rng, split)), "train") & set(KNOWN_WORDS)
    assert known
    assert not [word for word in known if is_held_out("word", word)]


def test_every_word_of_one_token_is_spelled_in_training(tokenizer):
    rng = Random(4)
    spelled = {worked_on(letters.exchange(rng, "train")) for _ in range(40_000)}
    vocabulary = (token[1:] for token in tokenizer.get_vocab() if re.fullmatch("Ġ[a-z]{2,}", token))
    to_learn = {word for word in vocabulary if not is_held_out("word", word)}
    assert len(to_learn) > 200
    assert to_learn <= spelled


def test_test_tools_have_unseen_names_only():
    rng = Random(3)
    for _ in range(200):
        for step in tools.single(rng, "test").steps:
            for call in step.calls:
                assert belongs("tool", call.name, "test")
                assert all(belongs("key", key, "test") for key in call.arguments)


USER = re.compile(r"<\|im_start\|>user\n(.*?)(?: /(?:no_)?think)?<\|im_end\|>", re.DOTALL)


@pytest.mark.parametrize("text", ["Invent a person.", "say hello in exactly 3 words"])
def test_prompts_of_the_suites_are_known(text):
    assert is_suite_prompt(text)


def test_what_everybody_says_first_is_not_a_suites():
    assert not any(map(is_suite_prompt, ("Hello", "Hi!", "Who are you?", "What can you do?")))


@pytest.mark.parametrize(("make", "count"), [(conversation, 1500), (drill, 4000)])
def test_no_question_in_a_document_is_a_suites(make, count):
    rng = Random(8)
    for _ in range(count):
        text = "".join(piece.text for piece in make(rng))
        asked = USER.findall(text)
        assert asked
        assert not [question for question in asked if is_suite_prompt(question)]


def test_prompts_are_read_from_python_javascript_and_json(tmp_path):
    (tmp_path / "suite.py").write_text('ask("Say it twice, please.")\nask(f"Count {n} of them")')
    (tmp_path / "suite.mjs").write_text("ask('Name a \\'big\\' city', `one`, \"Say \\u0041 b\")")
    (tmp_path / "suite.json").write_text('{"input": "A box of \\"tea\\""}')
    (tmp_path / "notes.txt").write_text('"Not read at all"')
    asked = ("say it twice please", "name a big city", "say a b", "a box of tea", "of them")
    assert hashes([tmp_path]) == {prompt_hash(text) for text in asked}
