"""The script of docs/agents.md, run by Qwen-Agent's own interpreter."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.server.live import live_server
from tests.support.scripted import answer, write_scripted_checkpoint

from .test_qwen_agent import PYTHON, ROOT

PAGE = ROOT / "docs" / "agents.md"
SCRIPT = [
    answer(
        thoughts="I need the time.", calls=[("time-get_current_time", {"timezone": "Europe/Paris"})]
    ),
    answer("It is late.", thoughts="Now I know."),
]
# A `uv` that runs a program of the interpreter's environment.
UV = '#!/bin/sh\nshift\nname="$1"\nshift\nexec "{python}" -m "$(echo "$name" | tr - _)" "$@"\n'


def here(module: str) -> bool:
    """Whether the interpreter has a module."""
    return succeeds(str(PYTHON), "-c", f"import {module}")


def succeeds(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def script(port: int) -> str:
    """The page's script for another port, without what this computer lacks."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    code = code.replace("localhost:1234", f"127.0.0.1:{port}")
    if not here("mcp_server_fetch"):
        code = re.sub(r' *"fetch": .*\n', "", code)
    docker = shutil.which("docker")
    if docker is None or not succeeds(docker, "info"):
        code = code.replace('    "code_interpreter",\n', "")
    return code


@pytest.mark.slow
def test_the_announcements_agent_works_as_it_is(tmp_path: Path) -> None:
    uv = tmp_path / "bin" / "uv"
    uv.parent.mkdir()
    uv.write_text(UV.format(python=PYTHON))
    uv.chmod(0o755)
    folder = write_scripted_checkpoint(tmp_path / "scripted", SCRIPT)
    with live_server(model=str(folder), alias=("qwen3-32b-mlx=scripted",)) as server:
        done = subprocess.run(
            [PYTHON, "-c", script(server.port)],
            env={**os.environ, "PATH": f"{uv.parent}:{os.environ['PATH']}", "HOME": str(tmp_path)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert "time-get_current_time" in done.stdout
    assert "It is late." in done.stdout
    assert "Europe/Paris" in done.stdout
