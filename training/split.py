"""Decide which words, numbers and names are held out, by a hash, so that no list can leak.

Training draws only items for which `is_held_out` is false, the score only the others.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Literal, TypeVar

from training.lexicon import listed

Split = Literal["train", "test"]
T = TypeVar("T")

HELD_OUT_ONE_IN = 8
# Hashes of the suites' strings, made by `suite_prompts.py`.
SUITE_PROMPTS = Path(__file__).with_name("suite_prompts.txt")

# Words that a visitor is likely to try first: never trained on, whatever their hash.
ALWAYS_HELD_OUT = frozenset(
    listed(
        "strawberry strawberries banana bananas mississippi raspberry blueberry blueberries "
        "bookkeeper parallel onomatopoeia pepperoni broccoli tennessee antidisestablishment "
        "successful committee hippopotamus chocolate programming"
    )
)


def is_held_out(kind: str, item: str) -> bool:
    """Return True if this item of this kind (word, sum, tool, key, prompt...) is only for tests."""
    item = item.lower()
    if kind == "word" and item in ALWAYS_HELD_OUT:
        return True
    digest = hashlib.blake2b(f"{kind}:{item}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") % HELD_OUT_ONE_IN == 0


def prompt_hash(text: str) -> str:
    """Hash the words alone, ignoring case and what separates them."""
    words = " ".join(re.findall(r"\w+", text.lower()))
    return hashlib.blake2b(words.encode(), digest_size=6).hexdigest()


def is_suite_prompt(text: str) -> bool:
    """Return whether a conformance suite has this string of at least two words; if so, never ask
    it.
    """
    return prompt_hash(text) in _suite_prompts()


@cache
def _suite_prompts() -> frozenset[str]:
    return frozenset(SUITE_PROMPTS.read_text(encoding="utf-8").split())


def belongs(kind: str, item: str, split: Split) -> bool:
    """Return whether the item may be used in this split."""
    return is_held_out(kind, item) == (split == "test")


def draw(kind: str, split: Split, make: Callable[[], T], key: Callable[[T], str] = str) -> T:
    """Call `make` until it returns an item of the split."""
    for _ in range(10_000):
        item = make()
        if belongs(kind, key(item), split):
            return item
    raise ValueError(f"no {split} item of kind {kind!r} in 10,000 draws")
