"""The text that `qwen3mlx evaluate` measures a demo on: held-out conversations of its own kind.

`python -m training.evaluation_text` writes `evaluation.txt` into both demo folders. On ordinary
prose, of which the demos have seen nothing, perplexity is in the thousands and says little.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

from training.conversations import conversation
from training.paths import DEMO

NAME = "evaluation.txt"
# The conversations that the tables of docs/quantization.md are measured on.
SEED, COUNT = "quantization:test", 40
SEPARATOR = "\n---\n"


def text() -> str:
    """Whole conversations with held-out words, numbers, prompts and tools, always the same."""
    rng = Random(SEED)
    documents = ("".join(p.text for p in conversation(rng, "test")) for _ in range(COUNT))
    return SEPARATOR.join(document.strip() for document in documents) + "\n"


def write(folder: Path) -> None:
    (folder / NAME).write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    for model in ("dense", "moe"):
        write(DEMO / model)
