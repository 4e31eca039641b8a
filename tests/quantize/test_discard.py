"""`discard` deletes what an interrupted conversion left, and nothing else."""

from __future__ import annotations

import errno
import os
import random
import shutil
from itertools import islice
from pathlib import Path

import pytest
from qwen3mlx_quantize import ConversionError, discard
from qwen3mlx_quantize.names import staging_folder
from qwen3mlx_quantize.plan import build_plan
from qwen3mlx_quantize.recipe import load
from qwen3mlx_quantize.source import Source
from qwen3mlx_quantize.staging import JOURNAL, MANIFEST, Staging, is_beginning

from tests.security.hostile import journals

from .support import Stopped, quantize


@pytest.fixture
def out(interrupted: Path, tmp_path: Path) -> Path:
    """The output of an interrupted conversion, beside another file."""
    shutil.copytree(interrupted, staging_folder(tmp_path / "out"))
    (tmp_path / "letter.txt").write_text("dear")
    return tmp_path / "out"


def test_the_staging_folder_goes_and_a_new_run_can_start(dense: Path, out: Path) -> None:
    assert discard(out)
    assert [path.name for path in out.parent.iterdir()] == ["letter.txt"]
    assert not discard(out)
    quantize(dense, out)
    assert not discard(out)
    assert (out / "model.safetensors").exists()


@pytest.mark.parametrize("left", ["empty journal", "half a line", "manifest"])
def test_a_run_killed_at_its_start_or_its_end(dense: Path, tmp_path: Path, left: str) -> None:
    out = tmp_path / "out"
    folder = staging_folder(out)
    if left == "manifest":
        quantize(dense, out)
        out.rename(folder)
        assert (folder / MANIFEST).exists()
    else:
        folder.mkdir()
    if left == "empty journal":
        (folder / JOURNAL).touch()
    elif left == "half a line":
        (folder / JOURNAL).write_text('{"method": "m')
    assert discard(out)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["letter.txt", ".hidden", "model.safetensors.bak"])
def test_a_file_that_the_conversion_did_not_write_keeps_everything(
    dense: Path, out: Path, name: str
) -> None:
    folder = staging_folder(out)
    (folder / name).write_text("dear")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(ConversionError, match=f"{name} was not written .* nothing was deleted"):
        discard(out)
    with pytest.raises(ConversionError, match=f"{name} was not written by the conversion"):
        quantize(dense, out, resume=True)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    (folder / name).unlink()
    assert discard(out)


@pytest.mark.parametrize("name", [".DS_Store", "._model.safetensors"])
def test_what_macos_adds_is_in_nobodys_way(dense: Path, out: Path, name: str) -> None:
    """Finder's notes, and on a disk without extended attributes a file beside each other file."""
    (staging_folder(out) / name).write_bytes(b"\0")
    quantize(dense, out, resume=True)
    assert (out / "model.safetensors").exists()
    shutil.rmtree(out)
    staging_folder(out).mkdir()
    (staging_folder(out) / name).write_bytes(b"\0")
    assert not discard(out)
    (staging_folder(out) / JOURNAL).touch()
    assert discard(out)
    assert [path.name for path in out.parent.iterdir()] == ["letter.txt"]


def test_a_finished_folder_with_another_file_is_kept(dense: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    quantize(dense, out)
    folder = out.rename(staging_folder(out))
    (folder / "letter.txt").write_text("dear")
    with pytest.raises(ConversionError, match=r"letter\.txt was not written by the conversion"):
        discard(out)
    (folder / "letter.txt").unlink()
    assert discard(out)


def test_the_copies_of_an_interrupted_conversion_go_too(dense: Path, tmp_path: Path) -> None:
    source, out = tmp_path / "source", tmp_path / "out"
    shutil.copytree(dense, source)
    for name in ("tokenizer.json", "notes.txt", "LICENSE"):
        (source / name).write_text("{}")

    def stop(event: object) -> None:
        if getattr(event, "phase", "") == "verifying":
            raise Stopped

    with pytest.raises(Stopped):
        quantize(source, out, on_event=stop)
    assert (staging_folder(out) / "notes.txt").exists()
    assert discard(out)
    assert not staging_folder(out).exists()


def test_an_empty_folder_is_not_a_conversions(dense: Path, tmp_path: Path) -> None:
    folder = staging_folder(tmp_path / "out")
    folder.mkdir()
    assert not discard(tmp_path / "out")
    assert folder.exists()
    quantize(dense, tmp_path / "out")
    assert not folder.exists()


def test_another_text_named_like_the_journal_is_kept(dense: Path, tmp_path: Path) -> None:
    folder = staging_folder(tmp_path / "out")
    folder.mkdir()
    for text in ("dear", "{", '{"a": 1}'):
        (folder / JOURNAL).write_text(text)
        if text == "{":
            assert is_beginning(folder / JOURNAL)
            continue
        with pytest.raises(ConversionError, match="nothing was deleted"):
            discard(tmp_path / "out")
        with pytest.raises(ConversionError, match="holds files that are not a conversion"):
            quantize(dense, tmp_path / "out", resume=True)
        assert (folder / JOURNAL).read_text() == text


def test_a_full_disk_costs_no_other_file(
    dense: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = staging_folder(tmp_path / "out")

    def full(*_: object) -> None:
        (folder / "letter.txt").write_text("dear")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("qwen3mlx_quantize.convert.copy_companions", full)
    with pytest.raises(ConversionError, match="is full"):
        quantize(dense, tmp_path / "out")
    assert [path.name for path in folder.iterdir()] == ["letter.txt"]


def test_a_damaged_journal_still_identifies_its_conversion(out: Path) -> None:
    with (staging_folder(out) / JOURNAL).open("a") as file:
        file.write("{{{\n")
    assert discard(out)


@pytest.mark.parametrize(
    "journal", [None, "", "[]\n", "{}\n", '{"source": []}\n', "\xff\n", "[" * 9999]
)
def test_a_folder_that_is_not_a_conversions_is_kept(tmp_path: Path, journal: str | None) -> None:
    folder = staging_folder(tmp_path / "out")
    folder.mkdir()
    (folder / "letter.txt").write_text("dear")
    if journal is not None:
        (folder / JOURNAL).write_text(journal, encoding="latin-1")
    with pytest.raises(ConversionError, match="nothing was deleted"):
        discard(tmp_path / "out")
    assert (folder / "letter.txt").read_text() == "dear"


@pytest.mark.parametrize("kind", ["link", "hard link", "pipe", "folder"])
def test_what_is_not_an_ordinary_file_keeps_everything(out: Path, kind: str) -> None:
    folder, letter = staging_folder(out), out.parent / "letter.txt"
    path = folder / "tokenizer.json"
    before = sorted(folder.iterdir())
    if kind == "link":
        path.symlink_to(letter)
    elif kind == "hard link":
        path.hardlink_to(letter)
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    with pytest.raises(ConversionError, match="is not an ordinary file"):
        discard(out)
    assert sorted(folder.iterdir()) == sorted([*before, path])
    assert letter.read_text() == "dear"


def test_a_link_in_the_place_of_the_folder_is_not_followed(
    interrupted: Path, tmp_path: Path
) -> None:
    elsewhere = shutil.copytree(interrupted, tmp_path / "elsewhere")
    staging_folder(tmp_path / "out").symlink_to(elsewhere)
    with pytest.raises(ConversionError, match="is not a folder of yours"):
        discard(tmp_path / "out")
    assert (elsewhere / JOURNAL).exists()


def test_a_running_conversion_is_kept(dense: Path, tmp_path: Path) -> None:
    staging = Staging(
        tmp_path / "out", build_plan(Source(dense), load("4bit")), _IDENTITY, resume=False
    )
    with pytest.raises(ConversionError, match="Another run is writing"):
        discard(tmp_path / "out")
    staging.close()
    assert discard(tmp_path / "out")


_IDENTITY = {"source": [], "recipe": "", "method": "rtn", "versions": []}


def test_whatever_somebody_else_prepared_all_of_it_goes_or_nothing(tmp_path: Path) -> None:
    for number, (name, write) in enumerate(islice(journals.cases(random.Random(15)), 40)):
        place = tmp_path / str(number)
        case, letter = place / "a" / "case", place / "outside" / "letter.txt"
        for folder in (case, letter.parent):
            folder.mkdir(parents=True)
        letter.write_text("dear")
        write(case)
        before = set(place.rglob("*"))
        try:
            assert discard(case / "out"), name
        except ConversionError:
            assert set(place.rglob("*")) == before, name
        else:
            assert not staging_folder(case / "out").exists(), name
        assert letter.read_text() == "dear", name
