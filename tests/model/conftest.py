from __future__ import annotations

from dataclasses import dataclass

import mlx.core as mx
import numpy as np
import pytest

from qwen3mlx.model import Qwen3, load_model

from .support import GOLDENS

GOLDEN_NAMES = ("dense_tied", "dense_untied", "dense_yarn", "moe", "moe_mixed", "moe_yarn")


@dataclass(frozen=True)
class Golden:
    """A checkpoint and what transformers makes of it in float32."""

    model: Qwen3
    ids: mx.array
    logits: np.ndarray
    greedy_prompt: mx.array
    greedy_ids: list[int]


@pytest.fixture(scope="session", params=GOLDEN_NAMES)
def golden(request: pytest.FixtureRequest) -> Golden:
    return load_golden(request.param)


def load_golden(name: str) -> Golden:
    expected = np.load(GOLDENS / name / "expected.npz")
    return Golden(
        model=load_model(GOLDENS / name),
        ids=mx.array(expected["input_ids"]),
        logits=expected["logits"],
        greedy_prompt=mx.array(expected["greedy_prompt"]),
        greedy_ids=expected["greedy_ids"].tolist(),
    )
