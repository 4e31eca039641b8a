"""A question and the server that is to answer it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot
from qwen3mlx_app.composition import Program
from qwen3mlx_app.domain import ServerState

from ..fake_endpoint import FakeEndpoint
from .support import connect, last, shown


def test_a_question_waits_for_the_server(
    program: Program, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    url = program.process.state.url
    program.process._set(ServerState(phase="starting"))
    program.chat.send("Early")
    assert program.chat.is_busy
    with qtbot.waitSignal(program.chat.finished):
        connect(program, url or "")
    assert shown(program) == [("user", "Early"), ("assistant", "Hello!")]


def test_a_server_that_cannot_start_is_said(program: Program, qtbot: QtBot) -> None:
    program.process._set(ServerState(phase="starting"))
    program.chat.send("Early")
    with qtbot.waitSignal(program.chat.finished):
        program.process._set(ServerState(phase="failed", reason="No memory."))
    assert (last(program).status, last(program).error) == ("failed", "No memory.")


@pytest.mark.parametrize("phase", ["stopped", "failed", "stopping"])
def test_a_question_turns_the_server_on(
    profile: Path, qtbot: QtBot, fake: FakeEndpoint, tmp_path: Path, phase: Any
) -> None:
    server = tmp_path / "server.py"  # says that it answers, and ends with its stdin
    server.write_text(f'print(\'{{"url": "{fake.url}"}}\', flush=True); input()')
    program = Program(profile, [sys.executable, str(server)])
    if phase == "stopping":
        program.server.start()
        qtbot.waitUntil(lambda: program.server.state.phase == "ready", timeout=20_000)
        program.server.stop()
    else:
        program.process._set(ServerState(phase=phase, reason="No memory."))
    assert program.server.state.phase == phase
    with qtbot.waitSignal(program.chat.finished, timeout=20_000):
        program.chat.send("Are you there?")
    assert last(program).content == "Hello!"
    program.close()
