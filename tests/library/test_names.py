from __future__ import annotations

from pathlib import Path

import pytest

from qwen3mlx.errors import ModelNotFoundError
from qwen3mlx.library.names import DEMOS, Folder, Repository, aliases, is_base, parse_name

SIZES = ("0.6B", "1.7B", "4B", "8B", "14B", "32B", "30B-A3B", "235B-A22B")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("suffix", "variant"),
    [("", "4bit"), ("-4bit", "4bit"), ("-6bit", "6bit"), ("-8bit", "8bit"), ("-bf16", "bf16")],
)
def test_an_alias_names_an_official_repository(size: str, suffix: str, variant: str) -> None:
    target = parse_name(f"qwen3:{size.lower()}{suffix}")
    assert isinstance(target, Repository)
    assert target.repo_id == f"Qwen/Qwen3-{size}-MLX-{variant}"


@pytest.mark.parametrize("name", ["qwen3", "qwen3:latest", "Qwen3:8B"])
def test_the_bare_family_is_the_8b(name: str) -> None:
    assert parse_name(name) == aliases()["qwen3:8b"]


def test_the_size_of_an_alias_is_that_of_its_file() -> None:
    size = aliases()["qwen3:8b"].approximate_bytes
    assert size == pytest.approx(4.35e9, rel=0.01)  # Qwen/Qwen3-8B-MLX-4bit as published


@pytest.mark.parametrize("name", ["demo", "demo-moe"])
def test_a_demo_is_a_folder_of_the_package_whatever_else_is_called_so(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    assert parse_name(name) == Folder(DEMOS[name])
    assert DEMOS[name].parent.parent.name == "qwen3mlx"


@pytest.mark.parametrize("name", ["./x", "../x", "/x/y", "."])
def test_what_is_written_as_a_path_is_a_folder(name: str) -> None:
    assert parse_name(name) == Folder(Path(name))


def test_a_tilde_is_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    assert parse_name("~/model") == Folder(Path("/home/someone/model"))


def test_a_folder_that_exists_wins_over_a_hub_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert parse_name("models/mine") == Repository("models/mine")
    (tmp_path / "models" / "mine").mkdir(parents=True)
    assert parse_name("models/mine") == Folder(Path("models/mine"))


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("qwen3:8", "qwen3:8b"),
        ("qwen3-8b", "qwen3:8b"),
        ("Qwen3:30b", "qwen3:30b-a3b"),
        ("dmeo", "demo"),
    ],
)
def test_a_near_miss_suggests_the_right_name(name: str, meant: str) -> None:
    with pytest.raises(ModelNotFoundError, match=f"Did you mean {meant}\\?"):
        parse_name(name)


@pytest.mark.parametrize(
    "name",
    ["", "Tell me a joke", "a/b/c", "org/", "/\0", "x" * 5000, "org/re po", "-x/y", "org/re\npo"],
)
def test_an_invalid_name_is_refused_in_one_sentence_or_is_a_path(name: str) -> None:
    if name.startswith("/"):
        assert isinstance(parse_name(name), Folder)
        return
    with pytest.raises(ModelNotFoundError, match="is not a model") as caught:
        parse_name(name)
    assert "Did you mean" not in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("model", "base"),
    [
        ("Qwen/Qwen3-8B-Base", True),
        ("/models/qwen3-8b-base/", True),
        ("org/Qwen3-8B-Base-4bit", True),
        ("./my-baseline", False),
        ("Base/model", False),
        ("demo", False),
    ],
)
def test_base_models_are_known_by_their_name(model: str, base: bool) -> None:
    assert is_base(model) == base
