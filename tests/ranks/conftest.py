from __future__ import annotations

from pathlib import Path

import pytest

from qwen3mlx import library
from qwen3mlx.generate import Decoder
from qwen3mlx.model import load_model


@pytest.fixture(scope="session")
def demo() -> Path:
    return library.resolve("demo")


@pytest.fixture(scope="session")
def alone(demo: Path) -> Decoder:
    return Decoder(load_model(demo))
