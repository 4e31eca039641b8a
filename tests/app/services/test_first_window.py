"""A second start of a profile raises the window of the first."""

from __future__ import annotations

import subprocess
from pathlib import Path

from PySide6.QtCore import QLockFile
from pytestqt.qtbot import QtBot
from qwen3mlx_app.services.first_window import FirstWindow, raise_first

from tests.support.places import PROGRAM


def test_a_second_start_calls_the_first_and_ends(profile: Path, qtbot: QtBot) -> None:
    profile.mkdir()
    lock = QLockFile(str(profile / "window.lock"))
    assert lock.tryLock(0)
    first = FirstWindow(profile)
    command = [*PROGRAM, "app", "--profile-dir", str(profile)]
    with (
        subprocess.Popen(command) as second,
        qtbot.waitSignal(first.wanted, timeout=60_000),
    ):
        pass
    assert second.returncode == 0


def test_another_profile_is_not_raised(profile: Path, tmp_path: Path, qtbot: QtBot) -> None:
    first = FirstWindow(profile)
    heard: list[bool] = []
    first.wanted.connect(lambda: heard.append(True))
    assert not raise_first(tmp_path / "other")
    assert heard == []
