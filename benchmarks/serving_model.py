"""The checkpoint for comparing servers: random weights, and words as answers."""

from __future__ import annotations

import os
import random
import shutil
from dataclasses import replace
from pathlib import Path

import mlx.core as mx

from qwen3mlx.text import Tokenizer, load_tokenizer
from tests.support.checkpoints import Shape

from .checkpoints import NARROW, QWEN3_0_6B, checkpoint
from .startup import DEMO

VOCABULARY = 1984  # the demo's, because the tokenizer is the demo's
SMALL = replace(
    NARROW,
    hidden_size=128,
    intermediate_size=384,
    num_hidden_layers=4,
    num_attention_heads=4,
    num_key_value_heads=2,
    head_dim=32,
    vocab_size=VOCABULARY,
    tie_word_embeddings=False,
    max_position_embeddings=40960,
)
WIDE = replace(QWEN3_0_6B, num_hidden_layers=4, vocab_size=VOCABULARY, tie_word_embeddings=False)
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja")


class Words:
    """Prompts that have never been seen before, with an exact number of tokens."""

    def __init__(self, folder: Path, *, seed: int = 0) -> None:
        self._words = _plain_words(load_tokenizer(folder))
        self._random = random.Random(seed)

    def draw(self, num_tokens: int) -> str:
        """Return words of one token each."""
        return "".join(self._random.choices(self._words, k=num_tokens)).lstrip(" ")


def serving_checkpoint(name: str, shape: Shape) -> Path:
    """Return a folder that both servers can load, created on first use.

    Only plain words can be its greedy answer, so an answer never ends early or stops in the middle
    of a character: each token is a piece of text on both sides.
    """
    source = checkpoint(f"{name}-source", shape, dtype="float32")
    folder = source.with_name(f"{name}-float32-words")
    if not folder.exists():
        unfinished = folder.with_suffix(f".{os.getpid()}")
        shutil.copytree(source, unfinished)
        for file in TOKENIZER_FILES:
            shutil.copyfile(DEMO / file, unfinished / file)
        _silence_all_but_words(unfinished)
        unfinished.rename(folder)
    return folder


def _silence_all_but_words(folder: Path) -> None:
    """Make all other logits 0, which is never the largest among hundreds of random ones."""
    file = str(folder / "model.safetensors")
    weights = mx.load(file)
    assert isinstance(weights, dict)
    tokenizer = load_tokenizer(folder)
    heard = [0.0] * VOCABULARY
    for word in _plain_words(tokenizer):
        heard[tokenizer.encode(word)[0]] = 1.0
    weights["lm_head.weight"] = weights["lm_head.weight"] * mx.array(heard)[:, None]
    mx.eval(weights)
    mx.save_safetensors(file, weights, metadata={"format": "pt"})


def _plain_words(tokenizer: Tokenizer) -> list[str]:
    texts = (tokenizer.decode([token_id]) for token_id in range(tokenizer.vocab_size))
    words = [text for text in texts if text.startswith(" ") and text[1:].isalpha()]
    return [text for text in words if text.isascii() and len(tokenizer.encode(text)) == 1]
