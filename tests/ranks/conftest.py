from __future__ import annotations

from pathlib import Path

import pytest

from qwen3mlx import library
from qwen3mlx.generate import Decoder
from qwen3mlx.model import load_model

from .support import SSH, script


@pytest.fixture(scope="session")
def demo() -> Path:
    return library.resolve("demo")


@pytest.fixture(scope="session")
def alone(demo: Path) -> Decoder:
    return Decoder(load_model(demo))


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A script in its place, which runs the command here."""
    script(tmp_path / "bin" / "ssh", SSH)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
