"""The model card of a demo checkpoint: description, scores, and how to reproduce it."""

from __future__ import annotations

import json
from pathlib import Path

TITLES = {"dense": "qwen3mlx demo (dense)", "moe": "qwen3mlx demo (MoE)"}
ARCHITECTURES = {
    "dense": "the dense Qwen3 architecture",
    "moe": "the Qwen3-MoE architecture ({num_experts} experts, {num_experts_per_tok} per token)",
}
CARD = """---
license: apache-2.0
library_name: mlx
pipeline_tag: text-generation
tags: [qwen3mlx, demo]
---

# {title}

A small model with {architecture}, trained from scratch on generated text, in {bits}-bit MLX
format ({size:.1f} MB). **It is a demo: these are not Qwen's weights**, and it knows nothing about
the world. It exists so that qwen3mlx answers offline, right after installation, on the same code
that runs a real Qwen3. For real answers: `qwen3mlx pull qwen3:0.6b`.

It speaks Qwen3's chat format: it thinks inside `<think>` unless told not to (`enable_thinking`,
`/no_think`, `/think`), copes with a thinking budget, and calls the tools it is offered. It can
count letters, do small sums, copy, spell, use tool results, greet and say what it is in several
languages.

## Held-out scores

{count} prompts per skill and mode, greedy decoding on this checkpoint, exact answers. Words,
numbers, prompts, tool names and argument names were never seen in training.

| skill | thinking | non-thinking |
|---|---|---|
{rows}

The thought does the work: without it, sums are guesses.

`evaluation.txt` holds 40 held-out conversations of the kind that the model was trained on.
`qwen3mlx evaluate` measures on them by default; on ordinary prose, of which the model has seen
nothing, perplexity is in the thousands.

## Size

{layers} layers, hidden size {hidden}, {heads} query heads and {kv_heads} key-value heads of
{head_dim}, vocabulary {vocab}. Unknown words are single letters to its tokenizer. Trained on
documents of up to 1,024 tokens.

## How to make it again

`make demo` in the qwen3mlx repository (`training/README.md` has the recipe).
"""


def _rows(scores: dict[str, dict[str, float]]) -> str:
    lines = []
    for skill, modes in scores.items():
        cells = [
            f"{modes[mode]:.1%}" if mode in modes else "" for mode in ("thinking", "non-thinking")
        ]
        lines.append(f"| {skill} | {cells[0]} | {cells[1]} |")
    return "\n".join(lines)


def write(model: str, folder: Path, scores: dict[str, dict[str, float]], count: int) -> None:
    """Write README.md of the checkpoint folder."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    text = CARD.format(
        title=TITLES[model],
        architecture=ARCHITECTURES[model].format(**config),
        bits=config["quantization"]["bits"],
        size=(folder / "model.safetensors").stat().st_size / 1e6,
        count=count,
        rows=_rows(scores),
        layers=config["num_hidden_layers"],
        hidden=config["hidden_size"],
        heads=config["num_attention_heads"],
        kv_heads=config["num_key_value_heads"],
        head_dim=config["head_dim"],
        vocab=config["vocab_size"],
    )
    (folder / "README.md").write_text(text, encoding="utf-8")
