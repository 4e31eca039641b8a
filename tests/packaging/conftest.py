"""The modules of `packaging/`, which is a folder of scripts and no package; and the bundle.

It is built once for all tests, and unpacked elsewhere.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.support.places import ROOT

from .bundle import Run, bare

sys.path.insert(0, str(ROOT / "packaging"))


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The archive that `make bundle` makes, and what was printed."""
    if sys.platform != "linux":
        pytest.skip("the bundle of macOS has its own checks, in docs/mac-checklist.md")
    out = tmp_path_factory.mktemp("dist")
    subprocess.run(
        ["scripts/setup-bundle"], cwd=ROOT, env={**os.environ, "PYTHON": sys.executable}, check=True
    )
    build = [str(ROOT / "build/bundle-python/bin/python"), "packaging/build.py", "--out", str(out)]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        build, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    (archive,) = out.glob("*.tar.gz")
    return archive, done.stdout


@pytest.fixture(scope="session")
def bundle(built: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("elsewhere") / "a 文件夹"
    with tarfile.open(built[0]) as tar:
        tar.extractall(folder, filter="data")
    return folder / "qwen3mlx"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def run(bundle: Path, home: Path) -> Run:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [bundle / "qwen3mlx", *arguments],
            check=False,
            env=bare(home),
            cwd=home,
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run
