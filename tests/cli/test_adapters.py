"""`--adapter`, and what is said about an adapter that is taken for a model."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.adapters import demo_adapter

from .in_process import invoke

RUN = ("--temperature", "0", "--max-tokens", "8", "--raw", "Once upon a time")
START = """
import sys
from qwen3mlx.cli import main
sys.argv = ["qwen3mlx", "run", "demo", "--max-tokens", "1", "--json", "Hi"]
try:
    main()
except SystemExit:
    pass
ours = [name for name in sys.modules if name.startswith("qwen3mlx.")]
print([name for name in ours if "adapt" in name or name == "qwen3mlx.model.deltas"])
"""


def test_an_answer_with_an_adapter(tmp_path: Path) -> None:
    plain = invoke("run", "demo", *RUN)
    folder = str(demo_adapter(tmp_path / "mine"))
    adapted = invoke("run", "demo", "--adapter", folder, *RUN)
    assert (plain.exit_code, adapted.exit_code) == (0, 0), adapted.output
    assert plain.stdout != adapted.stdout


def test_an_adapter_alone_says_which_base_it_wants(tmp_path: Path) -> None:
    folder = demo_adapter(tmp_path / "mine", base_model_name_or_path="Qwen/Qwen3-8B")
    for verb in ("run", "show"):
        done = invoke(verb, str(folder), *(["Hi"] if verb == "run" else []))
        assert done.exit_code == 1
        assert "an adapter made for Qwen/Qwen3-8B, not a model" in done.stderr
        assert f"--adapter {folder}" in done.stderr
        assert done.stderr.count("\n") == 1


def test_folders_that_are_no_adapters(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "absent"):
        done = invoke("run", "demo", "--adapter", str(folder), "Hi")
        assert done.exit_code == 1
        assert f"{folder} holds no adapter" in done.stderr
    other = demo_adapter(tmp_path / "mine")
    done = invoke("run", "demo-moe", "--adapter", str(other), "Hi")
    assert done.exit_code == 1
    assert "no matrix of this model" in done.stderr or "for a matrix" in done.stderr


def test_a_start_without_an_adapter_imports_nothing_of_it() -> None:
    done = subprocess.run([sys.executable, "-c", START], capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().rpartition("\n")[2] == "[]"
