"""The tokenizer restores any text, splits unknown words into letters, keeps known ones whole."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from tests.support.examples import examples
from training.paths import DEMO
from training.tokenizer import MARKERS, SPECIAL, VOCAB_SIZE, build

pytestmark = pytest.mark.skipif(
    not (DEMO / "dense" / "tokenizer.json").exists(), reason="the demo is not built yet"
)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.from_file(str(DEMO / "dense" / "tokenizer.json"))


@settings(deadline=None, max_examples=examples(300))
@given(text=st.text())
def test_any_text_round_trips(tokenizer: Tokenizer, text: str) -> None:
    normalized = tokenizer.normalizer.normalize_str(text)
    ids = tokenizer.encode(text).ids
    assert tokenizer.decode(ids, skip_special_tokens=False) == normalized


@pytest.mark.parametrize("word", ["strawberries", "mississippi", "onomatopoeia", "zqxv"])
def test_unknown_words_fall_into_letters(tokenizer: Tokenizer, word: str) -> None:
    assert tokenizer.encode(word).tokens == list(word)
    assert tokenizer.encode(f" {word}").tokens == ["Ġ", *word]


@pytest.mark.parametrize("text", ["你", "é", "я", "ع", "こ"])
def test_characters_of_other_scripts_are_one_token(tokenizer: Tokenizer, text: str) -> None:
    assert len(tokenizer.encode(text).ids) == 1


def test_added_tokens_have_qwens_flags(tokenizer: Tokenizer) -> None:
    special = {
        token.content for token in tokenizer.get_added_tokens_decoder().values() if token.special
    }
    assert special == set(SPECIAL)
    assert all(len(tokenizer.encode(marker).ids) == 1 for marker in (*SPECIAL, *MARKERS))


def test_size_fits_the_embedding(tokenizer: Tokenizer) -> None:
    assert tokenizer.get_vocab_size() <= VOCAB_SIZE
    assert VOCAB_SIZE % 64 == 0


def test_both_demos_share_it() -> None:
    files = [(DEMO / name / "tokenizer.json").read_bytes() for name in ("dense", "moe")]
    assert files[0] == files[1]
    assert json.loads(files[0])["model"]["ignore_merges"] is True


def test_building_is_deterministic() -> None:
    assert build(sampled=300).to_str() == build(sampled=300).to_str()
