"""A checkpoint that cannot be loaded is read once, not for every request, until it changes."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from qwen3mlx.errors import CheckpointError
from qwen3mlx.library import DEMOS
from qwen3mlx.library.scan import Library
from qwen3mlx.server.core import broken_checkpoints, model_loader
from qwen3mlx.server.core.service import Service
from qwen3mlx.server.settings import ServerSettings
from qwen3mlx.text import load_tokenizer


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The demo with a broken tokenizer."""
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path / "home"))
    folder = tmp_path / "broken"
    shutil.copytree(DEMOS["demo"], folder)
    (folder / "tokenizer.json").write_text('{"model": {}}')
    return folder


def readings(folder: Path, monkeypatch: pytest.MonkeyPatch, num_requests: int) -> int:
    """How often the tokenizer is read for so many requests."""
    count = 0
    read = load_tokenizer

    def counted(path: Path) -> object:
        nonlocal count
        count += 1
        return read(path)

    monkeypatch.setattr(model_loader, "load_tokenizer", counted)

    async def ask() -> None:
        asked = Service(ServerSettings(port=0), Library(roots=(), extra=(folder,)))
        for _ in range(num_requests):
            with pytest.raises(CheckpointError, match=r"tokenizer\.json"):
                await asked.tokenizer("broken")

    asyncio.run(ask())
    return count


def test_a_broken_tokenizer_is_read_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert readings(folder, monkeypatch, 4) == 1


def test_it_is_tried_again_after_a_while(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broken_checkpoints, "RETRY_AFTER", 0.0)
    assert readings(folder, monkeypatch, 3) == 3


def test_it_is_read_again_when_it_was_mended(folder: Path) -> None:
    async def ask() -> None:
        asked = Service(ServerSettings(port=0), Library(roots=(), extra=(folder,)))
        await asked.start()
        try:
            for _ in range(2):
                with pytest.raises(CheckpointError):
                    await asked.load("broken")
            shutil.copy(DEMOS["demo"] / "tokenizer.json", folder / "tokenizer.json")
            os.utime(folder / "tokenizer.json")
            assert (await asked.load("broken")).info.state == "loaded"
        finally:
            await asked.stop()

    asyncio.run(ask())
