"""The window's server as a process: real ones die of real signals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from qwen3mlx_app.domain import ServerState
from qwen3mlx_app.services.server_process import ServerProcess

READY = """echo '{"url": "http://127.0.0.1:1"}'; echo "a line of its log" >&2; """
Start = Callable[..., ServerProcess]


@pytest.fixture
def start(qtbot: QtBot, tmp_path: Path) -> Iterator[Start]:
    """Starts a server that is the given lines of shell."""
    processes: list[ServerProcess] = []

    def start(lines: str, *, pauses: tuple[int, ...] = (0, 1, 2)) -> ServerProcess:
        command = ["/bin/sh", "-c", lines]
        process = ServerProcess(command, crash_log=tmp_path / "crash.log", pauses=pauses)
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.wait_until_stopped()


def watched(process: ServerProcess) -> tuple[list[str], list[ServerState]]:
    """The crashes and states that it tells."""
    crashes: list[str] = []
    states: list[ServerState] = []
    process.crashed.connect(crashes.append)
    process.state_changed.connect(states.append)
    return crashes, states


def test_a_server_that_crashes_again_and_again_stays_off_and_says_so(
    start: Start, qtbot: QtBot, tmp_path: Path
) -> None:
    process = start(READY + "kill -SEGV $$")
    crashes, states = watched(process)
    process.start()
    qtbot.waitUntil(lambda: process.state.phase == "failed", timeout=20_000)
    assert len(crashes) == 3
    assert all("crashed (SIGSEGV)" in crash for crash in crashes)
    assert "has crashed 4 times and will not be restarted" in (process.state.reason or "")
    assert [state.phase for state in states] == [*["starting", "ready"] * 4, "failed"]
    assert (tmp_path / "crash.log").read_text() == "a line of its log\n"
    assert (tmp_path / "crash.log").stat().st_mode & 0o777 == 0o600


def test_a_person_starts_it_again_and_it_may_die_as_often(start: Start, qtbot: QtBot) -> None:
    process = start(READY + "kill -ABRT $$", pauses=(0,))
    crashes, _ = watched(process)
    for _ in range(2):
        process.start()
        qtbot.waitUntil(lambda: process.state.phase == "failed", timeout=20_000)
    assert len(crashes) == 2
    assert "crashed (SIGABRT)" in crashes[0]


def test_each_time_it_waits_longer(
    start: Start, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = start(READY + "kill -KILL $$", pauses=(0, 3, 9))
    crashes, _ = watched(process)
    waited: list[int] = []
    begin = process._restart_timer.start
    monkeypatch.setattr(process._restart_timer, "start", lambda ms: waited.append(ms) or begin(ms))
    process.start()
    qtbot.waitUntil(lambda: process.state.phase == "failed", timeout=20_000)
    assert waited == [0, 3, 9]
    assert "may need too much memory" in crashes[0]


def test_a_crash_before_it_ever_answered_is_told_at_once(start: Start, qtbot: QtBot) -> None:
    process = start("kill -SEGV $$")
    crashes, _ = watched(process)
    process.start()
    qtbot.waitUntil(lambda: process.state.phase == "failed")
    assert not crashes
    assert "crashed (SIGSEGV)" in (process.state.reason or "")


@pytest.mark.parametrize("end", ["stop", "wait_until_stopped"])
def test_stopped_during_the_pause_it_is_not_started(start: Start, qtbot: QtBot, end: str) -> None:
    process = start(READY + "kill -SEGV $$", pauses=(200, 200))
    with qtbot.waitSignal(process.crashed):
        process.start()
    getattr(process, end)()
    _, states = watched(process)
    qtbot.wait(400)
    assert "ready" not in [state.phase for state in states]
    assert process._process is None


def test_started_by_a_person_during_the_pause_there_is_one(start: Start, qtbot: QtBot) -> None:
    process = start(READY + "read line; exit 0", pauses=(100,))
    process.start()
    qtbot.waitUntil(lambda: process.state.phase == "ready")
    assert process._process is not None
    process._process.kill()
    with qtbot.waitSignal(process.crashed):
        pass
    _, states = watched(process)
    process.restart()
    qtbot.waitUntil(lambda: process.state.phase == "ready")
    qtbot.wait(200)
    assert [state.phase for state in states] == ["ready"]


def test_a_crash_log_that_cannot_be_written_is_not_named(qtbot: QtBot, tmp_path: Path) -> None:
    command = ["/bin/sh", "-c", READY + "kill -SEGV $$"]
    process = ServerProcess(command, crash_log=tmp_path / "no" / "folder", pauses=())
    process.start()
    qtbot.waitUntil(lambda: process.state.phase == "failed")
    assert "details" not in (process.state.reason or "")
