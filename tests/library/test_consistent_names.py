"""A name means the same model to the command line, to Python and to requests."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from huggingface_hub import constants

from qwen3mlx import library
from qwen3mlx.cli.models import find_installed
from qwen3mlx.errors import ModelNotFoundError
from qwen3mlx.library import DEMOS, Library


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """A model in the cache, one in a folder of the user's, one of LM Studio's."""
    home = tmp_path / "user"
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    repository = tmp_path / "hub" / "models--Org--Cached-8B"
    places = {
        "cached": repository / "snapshots" / ("c" * 40),
        "mine": tmp_path / "models" / "My-Model",
        "studio": home / ".lmstudio" / "models" / "Publisher" / "Studio-4B",
    }
    for place in places.values():
        shutil.copytree(DEMOS["demo"], place)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("c" * 40)
    settings = tmp_path / "state" / "settings.json"
    settings.parent.mkdir()
    settings.write_text(json.dumps({"model_folders": [str(tmp_path / "models")]}))
    return places | DEMOS


NAMES = [
    ("demo", "demo"),
    ("DEMO", "demo"),
    (" demo\n", "demo"),
    ("demo:latest", "demo"),
    ("Demo-MoE:LATEST ", "demo-moe"),
    ("Org/Cached-8B", "cached"),
    ("org/cached-8b", "cached"),
    ("Cached-8B", "cached"),
    ("cached-8b:latest", "cached"),
    ("https://huggingface.co/Org/Cached-8B", "cached"),
    ("https://huggingface.co/Org/Cached-8B/tree/main?x=1", "cached"),
    ("hf.co/Org/Cached-8B", "cached"),
    ("HF.co/org/cached-8B:latest", "cached"),
    ("My-Model", "mine"),
    ("my-model ", "mine"),
    ("Publisher/Studio-4B", "studio"),
    ("studio-4b", "studio"),
    ("STUDIO-4B:latest", "studio"),
]


@pytest.mark.parametrize(("name", "meant"), NAMES)
def test_every_name_a_request_may_use(models: dict[str, Path], name: str, meant: str) -> None:
    place = models[meant].resolve()
    assert Library().find(name).path.resolve() == place
    assert library.resolve(name).resolve() == place
    assert find_installed(name).path.resolve() == place
    assert find_installed(name).id == Library().find(name).id


def test_a_folder_is_for_people_and_not_for_requests(models: dict[str, Path]) -> None:
    name = str(models["mine"])
    assert library.resolve(name) == models["mine"]
    assert find_installed(name).path == models["mine"]
    with pytest.raises(ModelNotFoundError):
        Library().find(name)


def test_python_loads_by_the_same_names(models: dict[str, Path]) -> None:
    import qwen3mlx

    assert qwen3mlx.load(" Studio-4B:latest").path == models["studio"]


def test_an_ambiguous_name_lists_both_models(models: dict[str, Path]) -> None:
    shutil.copytree(models["mine"], models["studio"].parent.parent / "Other" / "Studio-4B")
    for find in (Library().find, library.resolve, find_installed):
        with pytest.raises(ModelNotFoundError, match="is ambiguous"):
            find("studio-4b")


@pytest.mark.parametrize("name", ["", " ", ":latest", "https://example.com/Org/Cached-8B", "nope"])
def test_invalid_names(models: dict[str, Path], name: str) -> None:
    for find in (Library().find, library.resolve, find_installed):
        with pytest.raises(ModelNotFoundError):
            find(name)
