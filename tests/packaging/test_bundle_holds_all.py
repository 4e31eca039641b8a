"""All that the program imports and starts is in the bundle, also what it needs late."""

from __future__ import annotations

import ast
import json
import os
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import contents
import pytest

from qwen3mlx.child_process import CHILDREN, RUN_CHILD
from tests.quantize.test_gguf import SHAPE
from tests.support.gguf_files import write_gguf
from tests.support.places import ROOT

from .bundle import Run, bare, started

pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.timeout(1800)]

SOURCES = ("qwen3mlx", "app/qwen3mlx_app", "quantize/qwen3mlx_quantize")
# What only another system, an older Python or an extra that is not in the bundle has.
ELSEWHERE = {*contents.LEFT_OUT, *contents.LEFT_OUT_OF_MLX, "kagglehub", "tomli"}
MINI = ROOT / "tests" / "tools" / "mini_server.py"
SAYS_ENVIRONMENT = "import json, os, sys; print(json.dumps(dict(os.environ)), file=sys.stderr)"


def modules() -> Iterator[str]:
    """The program's own modules, but for those that run when they are imported."""
    for source in SOURCES:
        folder = ROOT / source
        for path in sorted(folder.rglob("*.py")):
            if path.name not in ("__main__.py", "peer_child.py"):
                inner = path.relative_to(folder.parent).with_suffix("")
                yield ".".join(part for part in inner.parts if part != "__init__")


def imported() -> Iterator[str]:
    """What these import of others, wherever in a module they do."""
    for source in SOURCES:
        for path in (ROOT / source).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Import):
                    yield from (name.name for name in node.names)
                elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                    yield node.module


def is_elsewhere(name: str) -> bool:
    return name in ELSEWHERE or name.partition(".")[0] in ELSEWHERE


def python(bundle: Path, home: Path, code: str) -> str:
    """What code prints that runs within the bundle, as `run_python` runs it."""
    done = subprocess.run(
        [bundle / "qwen3mlx", RUN_CHILD, "qwen3mlx.tools.builtin.python_code"],
        input=code,
        env=bare(home, QT_QPA_PLATFORM="offscreen"),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


IMPORT_ALL = """
import importlib, json
failed = {{}}
for name in {names!r}:
    try:
        importlib.import_module(name)
    except Exception as error:
        failed[name] = repr(error)
print(json.dumps(failed))
"""


def test_every_module_and_what_it_imports_is_there(bundle: Path, home: Path) -> None:
    names = [*modules(), *sorted({name for name in imported() if not is_elsewhere(name)})]
    assert {"qwen3mlx.ranks.rank", "mcp.client.stdio", "gguf"} <= set(names)
    assert json.loads(python(bundle, home, IMPORT_ALL.format(names=names))) == {}


def test_every_file_that_is_not_code_is_there(bundle: Path) -> None:
    listed = subprocess.check_output(["git", "ls-files", *SOURCES], cwd=ROOT, text=True)
    for path in map(Path, listed.splitlines()):
        if path.suffix not in (".py", ".ts") and (ROOT / path).is_file():
            inner = path if path.parts[0] == "qwen3mlx" else path.relative_to(path.parts[0])
            assert (bundle / "_internal" / inner).is_file(), path
    assert (bundle / "_internal/qwen3mlx_app/help/docs/api/server.md").is_file()


@pytest.mark.parametrize("module", CHILDREN)
def test_every_child_is_found_and_ends(bundle: Path, home: Path, module: str) -> None:
    job = {"command": ["/bin/cat"], "env": {}, "cwd": "/", "log": str(home / "log")}
    done = subprocess.run(
        [bundle / "qwen3mlx", RUN_CHILD, module],
        stdin=subprocess.DEVNULL,
        env=bare(home, QWEN3MLX_MCP_SERVER=json.dumps(job)),
        capture_output=True,
        text=True,
        timeout=60,
        start_new_session=True,
        check=False,
    )
    assert "ImportError" not in done.stderr
    assert "ModuleNotFoundError" not in done.stderr


def test_a_gguf_file_becomes_a_model(run: Run, home: Path) -> None:
    write_gguf(home / "a.gguf", SHAPE, "Q8_0")
    done = run("import", str(home / "a.gguf"), "-o", str(home / "from gguf"))
    assert done.returncode == 0, done.stderr
    assert (home / "from gguf" / "model.safetensors").is_file()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("fit", "demo"), "demo"),
        (("search", "--help"), "Usage: qwen3mlx search"),
        (("mcp", "list"), ""),
        (("show", "demo"), "demo"),
        (("list",), "demo"),
        (("evaluate", "--help"), "Usage: qwen3mlx evaluate"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_the_other_verbs_answer(run: Run, words: tuple[str, ...], told: str) -> None:
    done = run(*words)
    assert done.returncode == 0, done.stderr
    assert told in done.stdout


def test_a_server_of_tools_runs_with_the_systems_libraries(run: Run, home: Path) -> None:
    """A server is a program of the system: the bundle's libraries are not for it."""
    profile = home / ".local" / "share" / "qwen3mlx"
    profile.mkdir(parents=True)
    servers: dict[str, Any] = {
        "mini": {"command": sys.executable, "args": [str(MINI), "mini"]},
        "says": {"command": sys.executable, "args": ["-c", SAYS_ENVIRONMENT]},
    }
    (profile / "mcp.json").write_text(json.dumps({"mcpServers": servers}))
    assert "mini" in run("mcp", "list").stdout
    tested = run("mcp", "test", "mini")
    assert tested.returncode == 0, tested.stderr
    assert "echo" in tested.stdout
    run("mcp", "test", "says")
    log = (profile / "tool-logs" / "says.log").read_text("utf-8")
    line = next(line for line in log.splitlines() if "PATH" in line)
    assert "LD_LIBRARY_PATH" not in json.loads(line[line.index("{") :])


def test_a_tool_runs_code_in_the_bundles_python(bundle: Path, home: Path) -> None:
    """With something in the place of bubblewrap that drops the walls, and runs the command."""
    walls = home / "bin" / "bwrap"
    walls.parent.mkdir()
    walls.write_text('#!/bin/sh\nwhile [ "$1" != "--" ]; do shift; done\nshift\nexec "$@"\n')
    walls.chmod(walls.stat().st_mode | stat.S_IXUSR)
    environment = bare(home, PATH=f"{walls.parent}:/bin", QWEN3MLX_PARENT_KEY="the window's")
    turn_on = [str(bundle / "qwen3mlx"), "mcp", "enable", "run_python"]
    subprocess.run(turn_on, env=environment, check=True, stdout=subprocess.DEVNULL)
    command = [str(bundle / "qwen3mlx"), "serve", "--port", "0"]
    with started(command, environment) as server:
        url = json.loads(server.stdout.readline())["url"]
        code = "import numpy; print(int(numpy.arange(4).sum()) * 7)"
        asked = {"server": "builtin", "tool": "run_python", "arguments": {"code": code}}
        request = urllib.request.Request(
            f"{url}/api/qwen3mlx/tools/calls",
            json.dumps(asked).encode(),
            {"Content-Type": "application/json", "Authorization": "Bearer the window's"},
        )
        with urllib.request.urlopen(request, timeout=60) as response:
            told = response.read().decode()
    assert '"42"' in told, told


def test_a_program_of_the_system_gets_its_own_libraries(bundle: Path, home: Path) -> None:
    """The window starts a browser, and `autostart` systemctl: with what was set before, if any."""
    fake = home / "bin" / "systemctl"
    fake.parent.mkdir()
    fake.write_text('#!/bin/sh\necho "${LD_LIBRARY_PATH-unset}" >>"$HOME/libraries"\n')
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    for more in ({}, {"LD_LIBRARY_PATH": "/their/own"}):
        environment = bare(home, PATH=str(fake.parent), **more)
        command = [str(bundle / "qwen3mlx"), "autostart", "on"]
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    assert set((home / "libraries").read_text().split()) == {"unset", "/their/own"}
    assert os.fspath(bundle) in (home / ".config/systemd/user/qwen3mlx.service").read_text("utf-8")
