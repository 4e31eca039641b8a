"""The program with a model folder that a user has added."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.server.live import LiveServer, live_server
from tests.support.places import IMPORT_PATH, PROGRAM


@contextmanager
def serving(models: Path, home: Path) -> Iterator[LiveServer]:
    """A server in this process, with `home` as its state folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QWEN3MLX_HOME", str(prepared(home, models)))
        with live_server(model="demo") as running:
            yield running


def command(models: Path, home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `qwen3mlx` with `words` in its own process."""
    return subprocess.run(
        [*PROGRAM, *words],
        env=environment(models, home),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def environment(models: Path, home: Path) -> dict[str, str]:
    return os.environ | {"QWEN3MLX_HOME": str(prepared(home, models)), "PYTHONPATH": IMPORT_PATH}


def prepared(home: Path, models: Path) -> Path:
    home.mkdir(exist_ok=True)
    (home / "settings.json").write_text(json.dumps({"model_folders": [str(models)]}))
    return home
