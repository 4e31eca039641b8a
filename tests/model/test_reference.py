"""Shapes that no golden has, compared with a reference that agrees with the goldens."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from qwen3mlx.model import load_model
from tests.support.checkpoints import DENSE, MOE, MOE_MIXED, Shape, write_checkpoint

from .reference import logits
from .support import GOLDENS, random_ids, relative_difference


@pytest.mark.parametrize("name", ["dense_tied", "dense_untied", "moe", "moe_mixed"])
def test_the_reference_agrees_with_transformers(name: str) -> None:
    expected = np.load(GOLDENS / name / "expected.npz")
    found = logits(GOLDENS / name, expected["input_ids"])
    assert relative_difference(found, expected["logits"]) <= 1e-5


@pytest.mark.parametrize("shape", [DENSE, MOE, MOE_MIXED], ids=["dense", "MoE", "mixed"])
@pytest.mark.parametrize("group", [4, 8])
def test_real_heads(shape: Shape, group: int, tmp_path: Path) -> None:
    """128 numbers in each, as in every released model; groups as in 4B and 8B, and in 32B."""
    real = dataclasses.replace(
        shape, head_dim=128, num_attention_heads=2 * group, num_key_value_heads=2
    )
    folder = write_checkpoint(tmp_path, real, dtype="float32")
    ids = random_ids((2, 40), real.vocab_size)
    model = load_model(folder)
    expected = logits(folder, np.array(ids))
    assert relative_difference(model(ids), expected) <= 1e-5
    cache = model.make_cache()
    model(ids[:, :30], cache)
    assert relative_difference(model(ids[:, 30:], cache), expected[:, 30:]) <= 1e-5
