"""Nothing in the current folder is imported, whatever its name and however the program starts."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.support.places import IMPORT_PATH, PROGRAM, ROOT

TRAP = """\
open({mark!r}, "a").write(__name__ + "\\n")
raise SystemExit(99)
"""
OURS = {"qwen3mlx", "qwen3mlx_app", "qwen3mlx_quantize"}
OWN = ("app", "quantize", "server", "packaging", "tests", "training")
STARTS = {
    "window": PROGRAM,
    "console script": (str(Path(sys.executable).with_name("qwen3mlx")),),
}
WORDS = {
    "version": ["--version"],
    "list": ["list"],
    "quantize": ["quantize", "--help"],
    "run": ["run", "demo", "Hello", "--max-tokens", "2"],
}


def start(program: Sequence[str], folder: Path, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        program,
        cwd=folder,
        env=os.environ | {"QWEN3MLX_HOME": str(home), "PYTHONPATH": IMPORT_PATH},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def lay(folder: Path, names: Iterable[str]) -> None:
    for name in names:
        if name.isidentifier():
            (folder / f"{name}.py").write_text(TRAP.format(mark=str(folder / "sprung")))


@pytest.fixture(scope="module")
def traps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file for every name that could be imported."""
    folder = tmp_path_factory.mktemp("traps")
    lay(folder, {*sys.stdlib_module_names, *packages_distributions(), *OWN} - OURS)
    return folder


@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize("program", STARTS)
def test_a_folder_full_of_traps(traps: Path, tmp_path: Path, program: str, words: str) -> None:
    done = start([*STARTS[program], *WORDS[words]], traps, tmp_path)
    assert done.returncode == 0, done.stderr
    assert not (traps / "sprung").exists()


def test_the_window_is_not_taken_from_the_current_folder(traps: Path, tmp_path: Path) -> None:
    code = PROGRAM[2].replace(
        "main()", "import qwen3mlx_app, qwen3mlx_quantize; print(qwen3mlx_app.__file__)"
    )
    done = start([sys.executable, "-c", code], traps, tmp_path)
    assert done.stdout.strip() == str(ROOT / "app" / "qwen3mlx_app" / "__init__.py"), done.stderr


def test_minus_m_forgets_the_current_folder_before_it_imports_a_dependency(tmp_path: Path) -> None:
    """Modules that runpy itself imports still come from there; that is Python's behavior."""
    code = "import runpy, sys; print(*sys.modules)"
    command = [sys.executable, "-I", "-c", code]
    first = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    lay(tmp_path, {*sys.stdlib_module_names, *packages_distributions(), *OWN} - OURS - {*first})
    done = start([sys.executable, "-m", "qwen3mlx", *WORDS["run"]], tmp_path, tmp_path / "home")
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "sprung").exists()
