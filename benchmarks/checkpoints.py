"""The checkpoints that the scenarios use: random weights, generated once and cached."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from tests.support.checkpoints import Shape, StoredDtype, write_checkpoint

from .process import REPOSITORY

NARROW = Shape(
    hidden_size=64,
    intermediate_size=192,
    num_hidden_layers=36,
    num_attention_heads=4,
    num_key_value_heads=2,
    head_dim=16,
    vocab_size=1536,
    tie_word_embeddings=True,
)
QWEN3_0_6B = Shape(
    hidden_size=1024,
    intermediate_size=3072,
    num_hidden_layers=28,
    num_attention_heads=16,
    num_key_value_heads=8,
    head_dim=128,
    vocab_size=151936,
    tie_word_embeddings=True,
    max_position_embeddings=40960,
)
# Prefill of all layers takes minutes on two cores; comparing the cost per layer is enough.
QWEN3_0_6B_FOUR_LAYERS = replace(QWEN3_0_6B, num_hidden_layers=4)
# Small enough for mlx-lm's 16-bit quantized products to finish, wide enough for them to dominate.
QUANTIZED = replace(QWEN3_0_6B, num_hidden_layers=2, vocab_size=8192)
TINY_REAL_VOCABULARY = replace(
    NARROW, hidden_size=128, num_hidden_layers=6, head_dim=32, vocab_size=151936
)


def cache_folder() -> Path:
    """Return QWEN3MLX_BENCH_CACHE, or else a folder in the system's temporary directory."""
    default = Path(tempfile.gettempdir()) / "qwen3mlx-benchmarks"
    return Path(os.environ.get("QWEN3MLX_BENCH_CACHE") or default)


def checkpoint(name: str, shape: Shape, *, dtype: StoredDtype, num_shards: int = 1) -> Path:
    """Return the folder, writing it on first use; it is complete once its config.json exists."""
    folder = cache_folder() / f"{name}-{dtype}-{num_shards}"
    if not folder.exists():
        unfinished = folder.with_suffix(f".{os.getpid()}")
        write_checkpoint(unfinished, shape, dtype=dtype, num_shards=num_shards)
        unfinished.rename(folder)
    return folder


def quantized_checkpoint(source: Path) -> Path:
    """Return `source` quantized to 4-bit by mlx-lm."""
    folder = source.with_name(f"{source.name}-4bit")
    if not folder.exists():
        unfinished = folder.with_suffix(f".{os.getpid()}")
        command = [sys.executable, "-m", "benchmarks.quantize_peer", str(source), str(unfinished)]
        subprocess.run(command, cwd=REPOSITORY, stdout=subprocess.DEVNULL, check=True)
        unfinished.rename(folder)
    return folder
