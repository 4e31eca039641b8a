"""Which files a model's folder can have, and where links in it can lead."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from qwen3mlx.config import model_file, model_text
from qwen3mlx.errors import CheckpointError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret.txt").write_text("secret")
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    return folder


def snapshot_in(cache: Path) -> Path:
    snapshot = cache / "models--org--model" / "snapshots" / ("a" * 40)
    snapshot.mkdir(parents=True)
    return snapshot


def test_a_file_and_a_link_within_the_folder(folder: Path) -> None:
    (folder / "again.json").symlink_to("config.json")
    assert model_text(folder / "config.json") == model_text(folder / "again.json") == "{}"


def test_the_ends_of_lines_are_read_as_one(folder: Path) -> None:
    (folder / "chat_template.jinja").write_bytes("a\r\nb\rc\nd\r\r\né".encode())
    assert model_text(folder / "chat_template.jinja") == "a\nb\nc\nd\n\né"


def test_a_mark_of_the_encoding_is_no_text(folder: Path) -> None:
    (folder / "chat_template.jinja").write_bytes("\ufeffa\ufeff".encode())
    assert model_text(folder / "chat_template.jinja") == "a\ufeff"


def test_a_folder_that_is_a_link_itself(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").symlink_to(folder)
    assert model_text(tmp_path / "mine" / "config.json") == "{}"


@pytest.mark.parametrize(
    "target", ["../secret.txt", "/etc/passwd", "/dev/zero", "/proc/self/environ"]
)
def test_a_link_that_leads_out(folder: Path, target: str) -> None:
    (folder / "LICENSE").symlink_to(target)
    with pytest.raises(CheckpointError, match="a link to a place outside the model"):
        model_file(folder / "LICENSE")


def test_a_link_through_a_folder_that_leads_out(folder: Path, tmp_path: Path) -> None:
    (folder / "sub").symlink_to(tmp_path)
    (folder / "LICENSE").symlink_to("sub/secret.txt")
    with pytest.raises(CheckpointError, match="a link to a place outside the model"):
        model_file(folder / "LICENSE")


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "folder"])
def test_only_regular_files_are_read(folder: Path, make: object) -> None:
    make(folder / "LICENSE")  # type: ignore[operator]
    with pytest.raises(CheckpointError, match="is not a regular file"):
        model_file(folder / "LICENSE")


def test_a_loop_of_links_and_a_missing_file(folder: Path) -> None:
    (folder / "loop").symlink_to("loop")
    (folder / "gone").symlink_to("nowhere")
    with pytest.raises(CheckpointError, match="cannot be read"):
        model_file(folder / "loop")
    with pytest.raises(CheckpointError, match="is missing"):
        model_file(folder / "gone")


@pytest.mark.parametrize("place", ["models--org--model/blobs", "blobs/ab"])
def test_the_blobs_of_a_hub_cache(tmp_path: Path, place: str) -> None:
    snapshot = snapshot_in(tmp_path)
    blob = tmp_path / place / "1234"
    blob.parent.mkdir(parents=True)
    blob.write_text("{}")
    (snapshot / "config.json").symlink_to(os.path.relpath(blob, snapshot))
    assert model_text(snapshot / "config.json") == "{}"


@pytest.mark.parametrize("place", ["models--org--other/blobs", "models--org--model", "token", "."])
def test_no_other_place_of_a_hub_cache(tmp_path: Path, place: str) -> None:
    snapshot = snapshot_in(tmp_path)
    secret = tmp_path / place / "1234"
    secret.parent.mkdir(parents=True, exist_ok=True)
    secret.write_text("secret")
    (snapshot / "config.json").symlink_to(secret)
    with pytest.raises(CheckpointError, match="a link to a place outside the model"):
        model_text(snapshot / "config.json")


def test_a_file_that_is_too_large(folder: Path) -> None:
    with (folder / "config.json").open("r+b") as file:
        file.truncate(1 << 40)
    with pytest.raises(CheckpointError, match="too much for such a file"):
        model_text(folder / "config.json")
