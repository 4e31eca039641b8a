"""Files in allowed folders, and nothing outside of them."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen3mlx.tools.builtin import files as files_module
from qwen3mlx.tools.builtin.files import Files
from qwen3mlx.tools.builtin.made import ToolFault


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    (tmp_path / "secret.txt").write_text("hush")
    folder = tmp_path / "notes"
    (folder / "inner").mkdir(parents=True)
    (folder / "a.txt").write_text("one\nTwo\nthree")
    (folder / "inner" / "b.md").write_text("two again")
    (folder / "empty").write_text("")
    (folder / "picture.png").write_bytes(b"\x89PNG\0\0")
    (folder / "out").symlink_to(tmp_path)
    (folder / "out.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "in.txt").symlink_to(folder / "a.txt")
    (folder / "loop").symlink_to(folder / "loop")
    os.mkfifo(folder / "pipe")
    return folder


def test_files_are_listed_read_and_searched(notes: Path) -> None:
    files = Files([notes])
    assert files.listed({}) == f"{notes}/"
    assert files.listed({"path": "inner"}) == "b.md"
    assert files.read({"path": "a.txt"}) == "one\nTwo\nthree"
    assert files.read({"path": str(notes / "a.txt"), "start_line": 3}) == "three"
    assert files.read({"path": "in.txt"}) == "one\nTwo\nthree"
    assert files.read({"path": "empty"}) == "(The file is empty.)"
    assert files.search({"text": "TWO"}).splitlines() == [
        f"{notes}/a.txt:2: Two",
        f"{notes}/in.txt:2: Two",
        f"{notes}/inner/b.md:1: two again",
    ]
    assert files.search({"text": "two", "path": "inner"}) == f"{notes}/inner/b.md:1: two again"
    assert files.search({"text": "picture"}) == f"{notes}/picture.png"
    assert files.search({"text": "hush"}) == "(Nothing was found.)"


@pytest.mark.parametrize(
    "path",
    [
        *("../secret.txt", "out/secret.txt", "out.txt", "inner/../../secret.txt", "/etc/passwd"),
        *("~/x", "absent", "loop", "", "/", "..", "out", "a\0b", "x" * 4000, "/dev/zero"),
    ],
)
def test_nothing_else_can_be_read(notes: Path, path: str) -> None:
    with pytest.raises(ToolFault):
        Files([notes]).read({"path": path})


@pytest.mark.parametrize(
    ("path", "told"),
    [("picture.png", "no text"), ("pipe", "is no file"), ("inner", "Is a directory")],
)
def test_what_is_no_text_is_told(notes: Path, path: str, told: str) -> None:
    with pytest.raises(ToolFault, match=told):
        Files([notes]).read({"path": path})


def test_what_is_large_is_cut(notes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files_module, "MOST_RETURNED", 8)
    assert Files([notes]).read({"path": "a.txt"}).endswith("(Cut: read on at line 3.)")
    monkeypatch.setattr(files_module, "LARGEST", 8)
    with pytest.raises(ToolFault, match="too large"):
        Files([notes]).read({"path": "a.txt"})
    with pytest.raises(ToolFault, match="only 1 lines"):
        Files([notes]).read({"path": "empty", "start_line": 2})
    monkeypatch.setattr(files_module, "MOST_TOLD", 1)
    assert Files([notes]).listed({"path": str(notes)}).endswith("more.)")
    assert "There may be more" in Files([notes]).search({"text": "t"})


@given(path=st.text(alphabet="./~ab\0outnes", max_size=30))
def test_no_path_leads_out(tmp_path_factory: pytest.TempPathFactory, path: str) -> None:
    base = tmp_path_factory.getbasetemp()
    folder = base / "fuzzed"
    folder.mkdir(exist_ok=True)
    (base / "a").write_text("outside")
    with suppress(ToolFault):
        assert "outside" not in Files([folder]).read({"path": path})
