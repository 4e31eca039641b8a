"""README.md is true: its options and commands exist, and its sizes match the alias table."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from qwen3mlx import library

from .cli.conftest import Serve
from .cli.in_process import invoke

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def printed_by(*command: str) -> str:
    return subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=ROOT, stdin=subprocess.DEVNULL
    ).stdout


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def test_the_options_exist() -> None:
    verbs = ("run", "serve", "quantize", "evaluate")
    known = "".join(invoke(verb, "--help").stdout for verb in verbs)
    shown = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", README)) - {"--help"}
    shown -= {"--identifier"}  # of `lms`
    assert shown
    assert {option for option in shown if option not in known} == set()


def test_the_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    shown = {name for block in blocks("") for name in re.findall("^make ([a-z-]+)", block, re.M)}
    assert shown
    assert shown <= targets


def test_the_table_is_the_alias_table() -> None:
    rows = re.findall(r"^\| `(\S+)` \| [^|]+ \| ([\d.]+) \| ([\d.]+) \|", README, re.MULTILINE)
    shown = {alias: (four, eight) for alias, four, eight in rows}
    members = library.members()
    assert shown.keys() == {m.name for m in members if m.family == "qwen3" and not m.variant}
    for alias, (four, eight) in shown.items():
        assert four == gigabytes(f"{alias}-4bit")
        assert eight == gigabytes(f"{alias}-8bit")


def gigabytes(alias: str) -> str:
    target = library.parse_name(alias)
    assert isinstance(target, library.Wanted)
    num_bytes = target.repository.approximate_bytes
    assert num_bytes is not None
    return f"{num_bytes / 1e9:.1f}"


def test_the_one_shot_examples_answer() -> None:
    commands = [
        shlex.split(line, comments=True)
        for block in blocks("")
        for line in block.splitlines()
        if line.startswith("qwen3mlx run demo ")
    ]
    assert commands
    for command in commands:
        assert printed_by(sys.executable, "-m", *command).strip()


def test_the_python_example_answers() -> None:
    [code] = [block for block in blocks("python") if "import qwen3mlx" in block]
    assert re.search(r"\d tokens/s", printed_by(sys.executable, "-c", code))


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = Serve(tmp_path_factory.mktemp("serve"))
    yield server.url
    server.close()


def test_the_client_example_answers(url: str) -> None:
    [code] = [block for block in blocks("python") if "import OpenAI" in block]
    code = code.replace("http://127.0.0.1:1234", url)
    assert printed_by(sys.executable, "-c", code).strip()


def test_the_endpoint_has_the_paths_of_the_table(url: str) -> None:
    table = README[README.index("| client |") : README.index("Only programs on this")]
    paths = [path.replace("…", "models") for path in re.findall(r"`(/[^`]*)`", table)]
    assert len(paths) > 10
    found = {path: httpx.get(url + path).status_code for path in paths}
    assert set(found.values()) <= {200, 405}, found
