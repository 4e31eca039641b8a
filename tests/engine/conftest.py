from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from qwen3mlx import library
from qwen3mlx.config import EngineConfig
from qwen3mlx.engine import Engine
from qwen3mlx.engine.scheduler import Scheduler
from qwen3mlx.generate import Decoder
from tests.engine.support import scheduler_for
from tests.support.models import decoder, model

__all__ = ["decoder", "model"]


@pytest.fixture
def scheduler(decoder: Decoder) -> Scheduler:
    return scheduler_for(decoder)


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Three models of the same size: copies of the demo checkpoint."""
    parent = tmp_path_factory.mktemp("models")
    for name in "abc":
        shutil.copytree(library.resolve("demo"), parent / name)
    return {name: parent / name for name in "abc"}


@pytest.fixture
def make_engine() -> Iterator[Callable[..., Engine]]:
    """Make engines with custom settings, and close them at the end."""
    engines: list[Engine] = []

    def make(**settings: Any) -> Engine:
        engines.append(Engine(EngineConfig(**settings)))
        engines[-1].start()
        return engines[-1]

    yield make
    for engine in engines:
        engine.close()
        assert not engine.is_alive


@pytest.fixture
def engine(make_engine: Callable[..., Engine]) -> Engine:
    return make_engine()
