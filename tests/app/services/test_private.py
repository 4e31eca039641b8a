"""Only this user may read what the window keeps, whatever the umask is."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from qwen3mlx_app.services.private import keep_private, make_file, make_folder
from qwen3mlx_app.services.store import Store


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder: Path) -> set[int]:
    return {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


@pytest.mark.usefixtures("open_umask")
def test_folders_and_files_are_made_private(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    make_folder(folder)
    make_folder(folder)
    make_file(folder / "new")
    (folder / "old").write_text("kept")
    make_file(folder / "old")
    assert modes(folder) == {0o600}
    assert (folder / "old").read_text() == "kept"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700


@pytest.mark.usefixtures("open_umask")
def test_a_profile_that_was_open_to_others_is_closed(tmp_path: Path) -> None:
    profile = tmp_path / "profile"
    profile.mkdir(0o777)
    (profile / "window.ini").write_text("old")
    (profile / "window.lock").symlink_to("/etc/hostname")
    keep_private(profile, ("window.ini", "window.lock"))
    assert stat.S_IMODE(profile.stat().st_mode) == 0o700
    assert stat.S_IMODE((profile / "window.ini").stat().st_mode) == 0o600


@pytest.mark.usefixtures("open_umask")
def test_conversations_are_private_with_all_that_sqlite_lays_beside_them(tmp_path: Path) -> None:
    path = tmp_path / "profile" / "conversations.sqlite"
    path.parent.mkdir(0o777)
    path.touch(0o666)
    store = Store(path)
    try:
        assert len(list(path.parent.iterdir())) > 2
        assert modes(path.parent) == {0o600}
    finally:
        store.close()
