"""A second start of a profile raises the window of the first."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from PySide6.QtCore import QLockFile
from PySide6.QtNetwork import QLocalSocket
from pytestqt.qtbot import QtBot
from qwen3mlx_app.services.first_window import FirstWindow, _name, raise_first

from tests.support.places import PROGRAM


def test_a_second_start_calls_the_first_and_ends(profile: Path, qtbot: QtBot) -> None:
    profile.mkdir()
    lock = QLockFile(str(profile / "window.lock"))
    assert lock.tryLock(0)
    first = FirstWindow(profile)
    command = [*PROGRAM, "app", "--profile-dir", str(profile), "qwen3mlx://chat"]
    with (
        subprocess.Popen(command) as second,
        qtbot.waitSignal(first.wanted, timeout=60_000) as heard,
    ):
        pass
    assert second.returncode == 0
    assert heard.args == ["qwen3mlx://chat"]


def calls(profile: Path, line: bytes) -> QLocalSocket:
    """Connect as `raise_first` does, and send this."""
    socket = QLocalSocket()
    socket.connectToServer(_name(profile))
    assert socket.waitForConnected(1000)
    socket.write(line)
    return socket


@pytest.mark.parametrize(
    ("sent", "heard"),
    [
        (b"\n", ""),
        ("qwen3mlx://你\nmore\n".encode(), "qwen3mlx://你"),
        (b"\xff\n", "\ufffd"),
        (b"a" * 200_000, "a" * 63_999),
    ],
    ids=["nothing", "two lines", "no text", "too long"],
)
def test_one_line_is_taken(profile: Path, qtbot: QtBot, sent: bytes, heard: str) -> None:
    first = FirstWindow(profile)
    with qtbot.waitSignal(first.wanted) as got:
        second = calls(profile, sent)
    assert [text[:63_999] for text in got.args] == [heard]
    qtbot.waitUntil(lambda: second.state() == QLocalSocket.LocalSocketState.UnconnectedState)


def test_a_caller_that_says_nothing_blocks_nobody(profile: Path, qtbot: QtBot) -> None:
    first = FirstWindow(profile)
    silent = calls(profile, b"")
    with qtbot.waitSignal(first.wanted):
        second = calls(profile, b"\n")
    for caller in (second, silent):
        caller.abort()


def test_another_profile_is_not_raised(profile: Path, tmp_path: Path, qtbot: QtBot) -> None:
    first = FirstWindow(profile)
    heard: list[bool] = []
    first.wanted.connect(lambda: heard.append(True))
    assert not raise_first(tmp_path / "other")
    assert heard == []
