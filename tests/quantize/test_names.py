"""Names of checkpoints, wherever their folders are."""

from __future__ import annotations

from pathlib import Path

import pytest
from qwen3mlx_quantize import ConversionError, discard
from qwen3mlx_quantize.names import name_of, names_of, staging_folder


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
def test_the_name_of_a_folder(folder: str, name: str) -> None:
    assert name_of(Path(folder)) == name


@pytest.mark.parametrize("output", ["/", ".", "", ".."])
def test_an_output_needs_a_name_of_its_own(output: str) -> None:
    for use in (staging_folder, discard):
        with pytest.raises(ConversionError, match="is not a new folder"):
            use(Path(output))


def test_the_current_folder_has_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert name_of(Path(".")) == tmp_path.name


def test_equal_names_get_their_parents_as_prefix() -> None:
    assert names_of([Path("/a/out"), Path("/b/out"), Path("/b/other")]) == [
        "a/out",
        "b/out",
        "other",
    ]
