from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from qwen3mlx.cli import window

from .conftest import COMMAND


@pytest.fixture
def offscreen(environment: dict[str, str]) -> dict[str, str]:
    return environment | {"QT_QPA_PLATFORM": "offscreen"}


def run_app(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, "app", *arguments],
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )


@contextmanager
def open_window(environment: dict[str, str], profile: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*COMMAND, "app", "--profile-dir", str(profile)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False


def wait_for_server(port: int) -> None:
    deadline = time.monotonic() + 60
    while not answers(port):
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_window_ends_with_its_server(offscreen: dict[str, str], tmp_path: Path) -> None:
    port = free_port()
    profile = tmp_path / "profile"
    profile.mkdir()
    (profile / "settings.json").write_text(json.dumps({"server": {"port": port}}))
    with open_window(offscreen, profile) as process:
        wait_for_server(port)
        second = run_app(offscreen, "--profile-dir", str(profile))
        assert (second.returncode, second.stdout, second.stderr) == (0, "", "")  # it is raised
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
        # These are said by the platform without a screen, and by no other.
        for call in ("propagateSizeHints", "raise"):
            err = err.replace(f"This plugin does not support {call}()\n", "")
        assert (process.returncode, out, err) == (0, "", "")
    assert not answers(port)
    assert (profile / "conversations.sqlite").exists()


def test_a_killed_window_leaves_no_server_and_opens_again(
    offscreen: dict[str, str], tmp_path: Path
) -> None:
    port = free_port()
    profile = tmp_path / "profile"
    profile.mkdir()
    (profile / "settings.json").write_text(json.dumps({"server": {"port": port}}))
    for _ in range(2):
        with open_window(offscreen, profile) as process:
            wait_for_server(port)
            process.kill()
            process.communicate(timeout=30)
        deadline = time.monotonic() + 30
        while answers(port):
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_a_profile_that_is_not_a_folder_is_an_error(
    offscreen: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("mine")
    offscreen |= {"LC_ALL": "C"}  # of which Qt has more to say
    result = run_app(offscreen, "--profile-dir", str(tmp_path / "file"))
    assert result.returncode == 1
    said = "cannot be used (File exists): name another with --profile-dir."
    assert result.stderr == f"qwen3mlx: {tmp_path / 'file'} {said}\n"
    assert (tmp_path / "file").read_text() == "mine"


def test_without_a_display_the_terminal_is_named(environment: dict[str, str]) -> None:
    names = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    bare = {name: value for name, value in environment.items() if name not in names}
    result = run_app(bare)
    assert result.returncode == 2
    assert "`qwen3mlx run`" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("platform", ["xcb", "no-such-platform"])
def test_a_qt_that_can_open_no_window_is_told_in_one_sentence(
    environment: dict[str, str], tmp_path: Path, platform: str
) -> None:
    """Qt aborts the process then, with a traceback of the interpreter."""
    bare = environment | {"QT_QPA_PLATFORM": platform, "DISPLAY": f"{tmp_path}/none:0"}
    result = run_app(bare, "--profile-dir", str(tmp_path / "profile"))
    assert result.returncode == 1
    assert result.stderr.startswith("qwen3mlx: Qt cannot open a window (")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("error", "command"),
    [
        (ModuleNotFoundError("No module named 'PySide6'"), "pip install 'qwen3mlx[app]'"),
        (ImportError("libEGL.so.1: cannot open shared object file"), "apt-get install libegl1"),
    ],
)
def test_what_is_missing_is_named_with_its_remedy(error: ImportError, command: str) -> None:
    sentence = window._how_to_install(error)
    assert command in sentence
    assert str(error) in sentence
