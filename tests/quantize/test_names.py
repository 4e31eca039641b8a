"""What a checkpoint is called, wherever its folder lies."""

from __future__ import annotations

from pathlib import Path

import pytest
from qwen3mlx_quantize.names import name_of, names_of


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("/models/Qwen3-8B-4bit", "Qwen3-8B-4bit"),
        ("/hub/models--Qwen--Qwen3-8B/snapshots/0123abc", "Qwen/Qwen3-8B"),
        ("/hub/models--a--b--c/snapshots/0123abc", "a/b--c"),
        ("/models/.out.partial", "out"),
        ("/models/.hidden", ".hidden"),
        ("/models/v1.partial", "v1.partial"),
    ],
)
def test_the_name_people_know(folder, name):
    assert name_of(Path(folder)) == name


def test_the_folder_one_is_in(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert name_of(Path(".")) == tmp_path.name


def test_one_name_twice_says_where():
    assert names_of([Path("/a/out"), Path("/b/out"), Path("/b/other")]) == [
        "a/out",
        "b/out",
        "other",
    ]
