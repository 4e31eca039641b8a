"""The hidden working folder: nothing prepared in its place lets a run write or delete elsewhere."""

from __future__ import annotations

import json
import os
import random
import shutil
from contextlib import suppress
from pathlib import Path

import pytest
from qwen3mlx_quantize.common import ConversionError
from qwen3mlx_quantize.convert import convert
from qwen3mlx_quantize.partial import JOURNAL, check_unused, folder_of
from qwen3mlx_quantize.source import Source

from tests.support.checkpoints import DENSE, write_checkpoint

from .test_convert import Stopped, options, stopped_at


@pytest.fixture(scope="module")
def dense(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("dense") / "dense", DENSE)


@pytest.fixture(scope="module")
def interrupted(dense: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder whose run was stopped at its fourth step."""
    out = tmp_path_factory.mktemp("interrupted") / "out"
    with pytest.raises(Stopped):
        convert(Source(dense), out, options(), on_progress=stopped_at(4))
    return folder_of(out)


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
    convert(Source(dense), out, options(resume=True))


def test_a_link_in_the_place_of_the_folder(dense: Path, tmp_path: Path, victim: Path) -> None:
    out, before = tmp_path / "out", contents(victim)
    folder_of(out).symlink_to(victim)
    for run in (lambda: convert(Source(dense), out, options()), lambda: resume(dense, out)):
        with pytest.raises(ConversionError, match="is no folder of yours"):
            run()
    with pytest.raises(ConversionError, match="is no folder of yours"):
        check_unused(out, resume=True)
    assert contents(victim) == before


@pytest.mark.parametrize("journal", ["", "{", None])
def test_a_folder_with_files_of_no_conversion(
    dense: Path, tmp_path: Path, victim: Path, journal: str | None
) -> None:
    out = tmp_path / "out"
    victim.rename(folder_of(out))
    if journal is None:
        (folder_of(out) / JOURNAL).unlink()
    else:
        (folder_of(out) / JOURNAL).write_text(journal)
    with pytest.raises(ConversionError, match="holds files of no conversion"):
        resume(dense, out)
    assert (folder_of(out) / "letter.txt").read_text() == "dear"


@pytest.mark.parametrize("name", [JOURNAL, "model.safetensors", "tokenizer.json", "README.md"])
@pytest.mark.parametrize("kind", ["link", "hard link", "pipe", "folder"])
def test_a_file_of_the_folder_that_is_no_ordinary_one(
    dense: Path, interrupted: Path, tmp_path: Path, victim: Path, name: str, kind: str
) -> None:
    out = tmp_path / "out"
    shutil.copytree(interrupted, folder_of(out))
    path = folder_of(out) / name
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
    with pytest.raises(ConversionError, match="is no ordinary file"):
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
def test_an_odd_entry_in_the_journal_is_one_line(
    dense: Path, interrupted: Path, tmp_path: Path, entry: object
) -> None:
    out = tmp_path / "out"
    shutil.copytree(interrupted, folder_of(out))
    with (folder_of(out) / JOURNAL).open("a") as file:
        file.write(json.dumps(entry) + "\n")
    with pytest.raises(ConversionError, match="is damaged: delete"):
        resume(dense, out)
    assert not list(tmp_path.rglob("*escape*"))


@pytest.mark.parametrize("seed", range(30))
def test_a_damaged_journal_is_one_line_or_goes_on_to_the_end(
    dense: Path, interrupted: Path, tmp_path: Path, seed: int
) -> None:
    out = tmp_path / "out"
    shutil.copytree(interrupted, folder_of(out))
    journal = folder_of(out) / JOURNAL
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
        convert(Source(source), tmp_path / "out", options())
    assert not (tmp_path / "out").exists()
