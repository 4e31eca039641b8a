"""A checkpoint's index can only name files in its folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from qwen3mlx.config import INDEX_NAME, read_weight_map
from qwen3mlx.errors import CheckpointError


def write(folder: Path, index: Any) -> None:
    (folder / INDEX_NAME).write_text(json.dumps(index))


def test_a_good_one(tmp_path: Path) -> None:
    weight_map = {"a": "model-00001-of-00002.safetensors", "b": "ü.safetensors"}
    write(tmp_path, {"metadata": {"total_size": 1}, "weight_map": weight_map})
    assert read_weight_map(tmp_path) == weight_map


@pytest.mark.parametrize("index", [[], {}, 7, None, {"weight_map": []}, {"weight_map": {}}])
def test_other_things(tmp_path: Path, index: Any) -> None:
    write(tmp_path, index)
    with pytest.raises(CheckpointError, match=r"model\.safetensors\.index\.json"):
        read_weight_map(tmp_path)


@pytest.mark.parametrize(
    "name",
    [5, None, [], {}, True, "", "..", "/", "../a.safetensors", "/etc/a.safetensors",
     "a/b.safetensors", "a\0.safetensors", "a\ud800.safetensors", "a\n.safetensors",
     "x" * 250 + ".safetensors", "config.json"],
    ids=repr,
)  # fmt: skip
def test_only_files_of_the_folder_are_named(tmp_path: Path, name: Any) -> None:
    write(tmp_path, {"weight_map": {"good": "a.safetensors", "bad": name}})
    with pytest.raises(
        CheckpointError, match="which is not a safetensors file in this folder"
    ) as caught:
        read_weight_map(tmp_path)
    assert str(caught.value).isprintable()
