"""Checkpoints written by mlx-lm give mlx-lm's logits, in float32."""

from __future__ import annotations

from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest

import qwen3mlx
from tests.peer.cases import Case, exhaustive, quick

TOLERANCE = 1e-4


@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", list(quick()), ids=str)
def test_logits_equal_mlx_lm(case: Case, quick_checkpoints: Path) -> None:
    check(quick_checkpoints / str(case))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("case", list(exhaustive()), ids=str)
def test_logits_equal_mlx_lm_everywhere(case: Case, exhaustive_checkpoints: Path) -> None:
    check(exhaustive_checkpoints / str(case))


def check(folder: Path) -> None:
    """Whole, and in pieces so short that quantized products are not done in float."""
    expected = np.load(folder / "expected.npz")
    model, ids = qwen3mlx.load_model(folder), mx.array(expected["ids"])
    assert_close(model(ids), expected["logits"])
    cache = model.make_cache()
    pieces = [model(piece, cache) for piece in mx.split(ids, [7, 12, 13, 14], axis=1)]
    assert_close(mx.concatenate(pieces, axis=1), expected["logits"])


def assert_close(logits: mx.array, expected: np.ndarray) -> None:
    """The bound is absolute: with logits that spread over several units it is the stricter one."""
    largest = np.abs(expected).max()
    difference = np.abs(np.array(logits) - expected).max()
    assert largest > 1
    assert difference <= TOLERANCE, f"relative to the largest logit: {difference / largest:.1e}"
