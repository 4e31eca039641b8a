"""The staging folder: nothing planted in its place makes a run write or delete elsewhere."""

from __future__ import annotations

import json
import os
import random
import shutil
from contextlib import suppress
from pathlib import Path

import pytest
from qwen3mlx_quantize import ConversionError
from qwen3mlx_quantize.names import staging_folder
from qwen3mlx_quantize.staging import JOURNAL, check_unused

from .support import quantize


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """What a prepared link leads to."""
    folder = tmp_path / "victim"
    folder.mkdir()
    (folder / "letter.txt").write_text("dear")
    (folder / JOURNAL).write_text("")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def resume(dense: Path, out: Path) -> None:
    quantize(dense, out, resume=True)


def test_a_link_in_the_folders_place_is_refused(dense: Path, tmp_path: Path, victim: Path) -> None:
    out, before = tmp_path / "out", contents(victim)
    staging_folder(out).symlink_to(victim)
    for run in (lambda: quantize(dense, out), lambda: resume(dense, out)):
        with pytest.raises(ConversionError, match="is not a folder of yours"):
            run()
    with pytest.raises(ConversionError, match="is not a folder of yours"):
        check_unused(out, resume=True)
    assert contents(victim) == before


@pytest.mark.parametrize("journal", ["", "{", None])
def test_a_folder_with_other_files_is_refused(
    dense: Path, tmp_path: Path, victim: Path, journal: str | None
) -> None:
    out = tmp_path / "out"
    victim.rename(staging_folder(out))
    if journal is None:
        (staging_folder(out) / JOURNAL).unlink()
    else:
        (staging_folder(out) / JOURNAL).write_text(journal)
    with pytest.raises(ConversionError, match="holds files that are not a conversion"):
        resume(dense, out)
    assert (staging_folder(out) / "letter.txt").read_text() == "dear"


@pytest.mark.parametrize("name", [JOURNAL, "model.safetensors", "tokenizer.json", "README.md"])
@pytest.mark.parametrize("kind", ["link", "hard link", "pipe", "folder"])
def test_files_that_are_not_ordinary_are_refused(
    dense: Path, interrupted: Path, tmp_path: Path, victim: Path, name: str, kind: str
) -> None:
    out = tmp_path / "out"
    shutil.copytree(interrupted, staging_folder(out))
    path = staging_folder(out) / name
    target = victim / "letter.txt"
    if path.exists():
        shutil.copyfile(path, target)
        path.unlink()
    before = contents(victim)
    if kind == "link":
        path.symlink_to(target)
    elif kind == "hard link":
        path.hardlink_to(target)
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    with pytest.raises(ConversionError, match="is not an ordinary file"):
        resume(dense, out)
    assert contents(victim) == before


ENTRIES: list[object] = [
    7,
    [],
    None,
    {},
    {"step": "model.norm"},
    {"step": [], "file": "model.safetensors", "end": 0, "crc": 0},
    {"step": "model.norm.weight", "file": "../../escape", "end": 0, "crc": 0},
    {"step": "model.norm.weight", "file": "model.safetensors", "end": -1, "crc": 0},
    {"step": "model.norm.weight", "file": "model.safetensors", "end": "9", "crc": 0},
    {"step": "model.norm.weight", "file": "model.safetensors", "end": 0, "crc": None},
    {"step": "model.norm.weight", "file": "model.safetensors", "end": 0, "crc": 0, "error": "x"},
]


@pytest.mark.parametrize("entry", ENTRIES)
def test_an_invalid_journal_entry_is_refused_in_one_line(
    dense: Path, interrupted: Path, tmp_path: Path, entry: object
) -> None:
    out = tmp_path / "out"
    shutil.copytree(interrupted, staging_folder(out))
    with (staging_folder(out) / JOURNAL).open("a") as file:
        file.write(json.dumps(entry) + "\n")
    with pytest.raises(ConversionError, match="is damaged: delete"):
        resume(dense, out)
    assert not list(tmp_path.rglob("*escape*"))


@pytest.mark.parametrize("seed", range(30))
def test_a_damaged_journal_is_refused_or_resumed_to_the_end(
    dense: Path, interrupted: Path, tmp_path: Path, seed: int
) -> None:
    out = tmp_path / "out"
    shutil.copytree(interrupted, staging_folder(out))
    journal = staging_folder(out) / JOURNAL
    data = bytearray(journal.read_bytes())
    chance = random.Random(seed)
    for _ in range(chance.randint(1, 8)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    journal.write_bytes(data)
    with suppress(ConversionError):
        resume(dense, out)
        assert (out / "config.json").exists()


def test_a_link_in_the_source_is_not_followed_into_the_result(
    dense: Path, tmp_path: Path, victim: Path
) -> None:
    source = tmp_path / "source"
    shutil.copytree(dense, source)
    (source / "notes.txt").symlink_to(victim / "letter.txt")
    with pytest.raises(Exception, match="a link to a place outside the model"):
        quantize(source, tmp_path / "out")
    assert not (tmp_path / "out").exists()
