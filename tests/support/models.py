"""Fixtures: a small random dense and a small random MoE model."""

from __future__ import annotations

from pathlib import Path

import pytest

from qwen3mlx.generate import Decoder
from qwen3mlx.model import Qwen3, load_model
from tests.support.checkpoints import DENSE, MOE, Shape, write_checkpoint

SHAPES: dict[str, Shape] = {"dense": DENSE, "moe": MOE}


@pytest.fixture(scope="session", params=SHAPES)
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Qwen3:
    folder = Path(tmp_path_factory.mktemp(request.param))
    return load_model(write_checkpoint(folder, SHAPES[request.param], dtype="float32"))


@pytest.fixture(scope="session")
def decoder(model: Qwen3) -> Decoder:
    return Decoder(model)
