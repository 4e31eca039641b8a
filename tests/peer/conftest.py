from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def quick_checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_checkpoints("quick", tmp_path_factory)


@pytest.fixture(scope="session")
def exhaustive_checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_checkpoints("exhaustive", tmp_path_factory)


def make_checkpoints(which: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one checkpoint a case, made by mlx-lm in its own process."""
    if sys.version_info < (3, 11):
        pytest.skip("mlx-lm needs Python 3.11")
    folder = tmp_path_factory.mktemp(which)
    command = [sys.executable, "-m", "tests.peer.make_fixtures", which, str(folder)]
    done = subprocess.run(command, check=False, cwd=REPOSITORY, capture_output=True, text=True)
    if done.returncode:
        pytest.fail(f"{' '.join(command)}\n{done.stderr}", pytrace=False)
    return folder
