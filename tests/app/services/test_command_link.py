"""The command on PATH: a link that is put into one of few folders, and that alone taken away."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from qwen3mlx_app.services.command_link import (
    CommandLinkError,
    bundled_command,
    links,
    path_of_terminals,
    put,
    take_away,
)

needs_a_user = pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")


@pytest.fixture
def command(tmp_path: Path) -> Path:
    made = tmp_path / "a 文件夹" / "qwen3mlx"
    made.parent.mkdir()
    made.write_text("#!/bin/sh\necho ran\n")
    made.chmod(0o755)
    return made


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    made = [tmp_path / "first", tmp_path / "second"]
    for folder in made:
        folder.mkdir()
    return made


def test_a_link_is_put_and_taken_away(command: Path, folders: list[Path]) -> None:
    link = put(command, folders, ["/bin", str(folders[1])])
    assert link == folders[1] / "qwen3mlx"
    assert subprocess.check_output([link], text=True) == "ran\n"
    assert links(command, folders) == [link]
    assert put(command, folders, [str(folders[1])]) == link
    take_away(command, folders)
    assert list(folders[1].iterdir()) == []
    assert command.is_file()


def test_a_link_that_leads_nowhere_is_replaced(command: Path, folders: list[Path]) -> None:
    (folders[0] / "qwen3mlx").symlink_to(command.parent / "moved" / "qwen3mlx")
    link = put(command, folders, [str(folders[0])])
    assert os.path.samefile(link, command)


@pytest.mark.parametrize("kind", ["file", "link", "folder"])
def test_another_program_stays(command: Path, folders: list[Path], kind: str) -> None:
    place = folders[0] / "qwen3mlx"
    if kind == "file":
        place.write_text("theirs")
    elif kind == "link":
        place.symlink_to("/bin/sh")
    else:
        place.mkdir()
    before = place.lstat()
    with pytest.raises(CommandLinkError, match="is another program"):
        put(command, folders, [str(folders[0])])
    take_away(command, folders)
    assert place.lstat() == before


def test_where_no_folder_is_on_path_the_command_is_told(command: Path, folders: list[Path]) -> None:
    for on_path in ([], ["/bin"], [f"{folders[0]}/."]):
        with pytest.raises(CommandLinkError, match="sudo mkdir -p /usr/local/bin && ") as told:
            put(command, folders, on_path)
    assert f"'{command}' /usr/local/bin/qwen3mlx" in str(told.value)
    assert not links(command, folders)


@needs_a_user
def test_a_folder_that_cannot_be_written_to(command: Path, folders: list[Path]) -> None:
    link = put(command, folders[:1], [str(folders[0])])
    folders[0].chmod(0o500)
    try:
        with pytest.raises(CommandLinkError, match="sudo rm"):
            take_away(command, folders)
        assert put(command, folders, list(map(str, folders))) == folders[1] / "qwen3mlx"
        assert link.is_symlink()
    finally:
        folders[0].chmod(0o700)


@pytest.mark.parametrize("place", ["/Volumes/Qwen3 MLX", "/private/var/folders/x/AppTranslocation"])
def test_an_app_that_is_not_installed_is_not_linked_to(place: str, folders: list[Path]) -> None:
    with pytest.raises(CommandLinkError, match="Applications"):
        put(Path(place) / "qwen3mlx", folders, [str(folders[0])])


def test_an_app_that_was_moved_is_not_linked_to(command: Path, folders: list[Path]) -> None:
    command.rename(command.with_name("gone"))
    with pytest.raises(CommandLinkError, match="was moved"):
        put(command, folders, [str(folders[0])])


def test_what_a_terminal_has() -> None:
    assert bundled_command() is None
    assert path_of_terminals({"PATH": "/a/:.::bin:/b"})[:2] == ["/a", "/b"]
    assert "." not in path_of_terminals({"PATH": ".:bin"})
