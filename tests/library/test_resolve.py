from __future__ import annotations

import json
from pathlib import Path

import pytest
from huggingface_hub import constants

from qwen3mlx import hub, library
from qwen3mlx.errors import CheckpointError, ModelNotFoundError

COMMIT = "a" * 40
NEEDED = ("config.json", "tokenizer.json", "model-1.safetensors", "model-2.safetensors")


@pytest.fixture
def snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A complete download of org/model, as any Hugging Face program leaves it."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    repository = tmp_path / "models--org--model"
    folder = repository / "snapshots" / COMMIT
    folder.mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMIT)
    for name in NEEDED:
        (folder / name).write_text("{}")
    weight_map = {"a": "model-1.safetensors", "b": "model-2.safetensors"}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    return folder


def test_a_complete_snapshot_is_found_without_the_network(snapshot: Path) -> None:
    assert library.resolve("org/model") == snapshot
    assert library.resolve("org/model", revision=COMMIT) == snapshot


@pytest.mark.parametrize("name", NEEDED)
def test_an_interrupted_download_is_not_a_model_yet(snapshot: Path, name: str) -> None:
    (snapshot / name).unlink()
    with pytest.raises(library.NotDownloadedError, match="qwen3mlx pull org/model"):
        library.resolve("org/model")


def test_without_an_index_one_weights_file_is_enough(snapshot: Path) -> None:
    (snapshot / "model.safetensors.index.json").unlink()
    (snapshot / "model-2.safetensors").unlink()
    assert library.resolve("org/model") == snapshot
    (snapshot / "model-1.safetensors").unlink()
    with pytest.raises(library.NotDownloadedError):
        library.resolve("org/model")


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"weight_map": 3}'])
def test_a_broken_index_is_named(snapshot: Path, text: str) -> None:
    (snapshot / "model.safetensors.index.json").write_text(text)
    with pytest.raises(CheckpointError, match=r"model\.safetensors\.index\.json"):
        library.resolve("org/model")


def test_what_is_not_on_disk_says_how_to_get_it_and_how_large_it_is(snapshot: Path) -> None:
    with pytest.raises(library.NotDownloadedError, match="`qwen3mlx pull qwen3:8b-4bit`") as caught:
        library.resolve("qwen3:8b-4bit")
    assert caught.value.repository.repo_id == "Qwen/Qwen3-8B-MLX-4bit"
    assert isinstance(caught.value, ModelNotFoundError)


def test_an_unknown_revision_is_not_on_disk(snapshot: Path) -> None:
    for revision in ("v2", "b" * 40):
        with pytest.raises(library.NotDownloadedError):
            library.resolve("org/model", revision=revision)


def test_folders(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=f"{tmp_path} holds no model"):
        library.resolve(str(tmp_path))
    (tmp_path / "config.json").touch()
    assert library.resolve(str(tmp_path)) == tmp_path
    assert hub.fetch(str(tmp_path)) == tmp_path
    with pytest.raises(ModelNotFoundError, match="The folder /nowhere/at/all does not exist"):
        library.resolve("/nowhere/at/all")
    with pytest.raises(ModelNotFoundError, match=r"config.json is a file: use the folder"):
        library.resolve(str(tmp_path / "config.json"))


def test_gguf_files_are_to_be_imported(tmp_path: Path) -> None:
    file = tmp_path / "model.GGUF"
    file.touch()
    with pytest.raises(ModelNotFoundError, match=f"with `qwen3mlx import {file}`"):
        library.resolve(str(file))
    file.rename(tmp_path / "model.gguf")
    with pytest.raises(CheckpointError, match=r"holds GGUF files: .* with `qwen3mlx import FILE`"):
        library.resolve(str(tmp_path))
