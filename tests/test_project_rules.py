"""Project-wide rules: fast start-up, import direction, clean files."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

HEAVY = {
    "mlx",
    "mlx_lm",
    "numpy",
    "torch",
    "transformers",
    "tokenizers",
    "safetensors",
    "jinja2",
    "huggingface_hub",
    "hf_xet",
    "httpx",
    "httpx2",
    "prompt_toolkit",
    "mcp",
    "bs4",
    "simpleeval",
    "PySide6",
}


def modules_after(code: str) -> set[str]:
    """The top-level modules a fresh interpreter holds after `code`."""
    report = "import sys; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    script = f"{code}\n{report}"
    output = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout
    return set(output.splitlines()[-1].split())


def test_importing_the_package_loads_nothing_heavy() -> None:
    loaded = modules_after("import qwen3mlx")
    assert "qwen3mlx" in loaded
    assert not loaded & (HEAVY | {"typer", "pydantic", "rich"})


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["run", "--help"]])
def test_the_command_answers_before_anything_heavy_is_loaded(arguments: list[str]) -> None:
    code = f"""
import sys
from qwen3mlx.cli import main
sys.argv = ["qwen3mlx", *{arguments!r}]
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
"""
    # Typer itself takes pydantic to build a verb's parameters.
    assert not modules_after(code) & HEAVY


def test_imports_go_one_way() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [lint, "--no-cache"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stdout + done.stderr


def tracked_files() -> list[Path]:
    """The files git knows or would add; none in a source archive, which has no git."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    ).stdout
    return [ROOT / name for name in listing.split("\0") if name and (ROOT / name).is_file()]


def test_no_file_names_this_machine_or_a_registry() -> None:
    folders = [str(folder) for folder in (ROOT, Path.home()) if folder != Path("/")]
    # What is rare is looked for first: some files are large.
    patterns = [
        *((f"{folder}/", rf"(?<![\w.~-]){re.escape(folder)}/") for folder in folders),
        ("index" + "-url", "index[-]url"),
        ("registry", r"\bregistry[ ]= [\"']"),
        ("pypi.org/simple", r"pypi\.org/simple"),
        ("pythonhosted", "pythonhosted"),
        ("resolved", r"resolved[\"']?[:=] *[\"']http"),
    ]
    found = [
        f"{path.relative_to(ROOT)}: {words}"
        for path in tracked_files()
        if path != Path(__file__)
        for content in [path.read_bytes()]
        for words, pattern in patterns
        if words.encode() in content and re.search(pattern.encode(), content)
    ]
    assert not found
