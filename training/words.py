"""Unseen words: syllable words, random letter strings, identifiers; and known ones."""

from __future__ import annotations

import json
import re
from functools import cache
from random import Random

from training.lexicon import CITIES, COMMON_WORDS, listed
from training.paths import DEMO
from training.split import Split, draw

ONSETS = listed(
    "b c d f g h j k l m n p r s t v w y z "
    "bl br ch cl cr dr fl fr gl gr pl pr qu sh sk sl sp st th tr"
)
VOWELS = listed("a e i o u a e i o u ai ea ee ie oa oo ou")
CODAS = ("", "", "", *listed("b d g k l m n p r s t x ck ll mp nd ng nt rd rk rn ss st tt pp"))
LETTERS = "abcdefghijklmnopqrstuvwxyz"
ENDINGS = listed("s ed ing er ly ness less ful able berry berries tion")


def syllable(rng: Random) -> str:
    return rng.choice(ONSETS) + rng.choice(VOWELS) + rng.choice(CODAS)


def syllable_word(rng: Random, longest: int = 3) -> str:
    return "".join(syllable(rng) for _ in range(rng.randint(1, longest)))


def letter_string(rng: Random, low: int = 2, high: int = 12) -> str:
    """Random letters from a small alphabet, so that repeats are frequent."""
    alphabet = rng.sample(LETTERS, rng.randint(3, 26))
    return "".join(rng.choice(alphabet) for _ in range(rng.randint(low, high)))


def few_letters(rng: Random) -> str:
    """A string of two to four different letters."""
    alphabet = rng.sample(LETTERS, rng.randint(2, 4))
    return "".join(rng.choice(alphabet) for _ in range(rng.randint(3, 14)))


def _any_word(rng: Random) -> str:
    roll = rng.random()
    if roll < 0.4:
        return rng.choice(COMMON_WORDS)
    if roll < 0.6:
        return rng.choice(COMMON_WORDS) + rng.choice(ENDINGS)
    if roll < 0.9:
        return syllable_word(rng)
    return letter_string(rng)


def word(rng: Random, split: Split) -> str:
    """A lower-case word of the split: everyday, inflected, made up or random letters."""
    return draw("word", split, lambda: _any_word(rng))


@cache
def _one_token() -> tuple[str, ...]:
    file = DEMO / "dense" / "tokenizer.json"
    vocabulary = json.loads(file.read_text(encoding="utf-8"))["model"]["vocab"]
    return tuple(token[1:] for token in vocabulary if re.fullmatch("Ġ[a-z]{2,}", token))


def one_token(rng: Random, split: Split) -> str:
    """Return a word that is one token after a space: its letters must be learned individually."""
    return draw("word", split, lambda: rng.choice(_one_token()))


def everyday_word(rng: Random, split: Split) -> str:
    return draw("word", split, lambda: rng.choice(COMMON_WORDS))


def phrase(rng: Random, split: Split, low: int = 2, high: int = 6) -> str:
    """Return a few words in a row, like a message, a title or a search query."""
    count = rng.randint(low, high)
    return " ".join(word(rng, split) for _ in range(count))


def proper_name(rng: Random, split: Split) -> str:
    """Return a city: a known one (training only) or a made-up one, sometimes of two words."""
    if split == "train" and rng.random() < 0.4:
        return rng.choice(CITIES)
    names = [word(rng, split).capitalize() for _ in range(1 if rng.random() < 0.8 else 2)]
    return " ".join(names)


def _identifier(rng: Random, parts: int) -> str:
    pieces = [
        rng.choice(COMMON_WORDS) if rng.random() < 0.5 else syllable_word(rng, 2)
        for _ in range(parts)
    ]
    style = rng.random()
    if style < 0.6:
        return "_".join(pieces)
    if style < 0.75:
        return "-".join(pieces)
    return pieces[0] + "".join(piece.capitalize() for piece in pieces[1:])


def tool_name(rng: Random, split: Split) -> str:
    """Return a made-up function name: snake_case, kebab-case or camelCase."""
    return draw("tool", split, lambda: _identifier(rng, rng.randint(1, 3)))


def key_name(rng: Random, split: Split) -> str:
    """A made-up argument name."""
    return draw("key", split, lambda: _identifier(rng, 1 if rng.random() < 0.7 else 2))


def code(rng: Random) -> str:
    """Return an order number or an id: letters and digits."""
    letters = "".join(rng.choice(LETTERS.upper()) for _ in range(rng.randint(1, 3)))
    return f"{letters}{rng.choice(['', '-'])}{rng.randint(0, 99999)}"


def url(rng: Random, split: Split) -> str:
    host = f"{rng.choice(['', '', 'www.', 'docs.'])}{word(rng, split)}"
    path = "".join(f"/{word(rng, split)}" for _ in range(rng.randint(0, 2)))
    domain = rng.choice(["com", "org", "net", "io", "dev"])
    return f"{rng.choice(['https', 'https', 'http'])}://{host}.{domain}{path}"
