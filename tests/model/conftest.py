from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest

from qwen3mlx.model import Qwen3, load_model
from tests.support.checkpoints import MOE, write_checkpoint

from .faults import SMALL
from .support import GOLDENS, copy_checkpoint, quantize_checkpoint

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


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("good"), SMALL)


@pytest.fixture
def folder(good: Path, tmp_path: Path) -> Path:
    return copy_checkpoint(good, tmp_path / "model")


@pytest.fixture
def sharded(tmp_path: Path) -> Path:
    return write_checkpoint(tmp_path / "sharded", SMALL, num_shards=2)


@pytest.fixture
def packed(good: Path, tmp_path: Path) -> Path:
    return quantize_checkpoint(good, tmp_path, {"group_size": 32, "bits": 4}).quantized


@pytest.fixture
def experts(tmp_path: Path) -> Path:
    source = write_checkpoint(tmp_path / "source", MOE)
    spec = {"group_size": 16, "bits": 4, "mode": "nvfp4"}
    return quantize_checkpoint(source, tmp_path, spec).quantized
