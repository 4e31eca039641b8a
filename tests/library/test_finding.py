"""Which model on this computer a name finds, and what is said if there is none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen3mlx.errors import ModelNotFoundError
from qwen3mlx.library import DEMOS, Library
from qwen3mlx.library.family import listed_names
from qwen3mlx.request_warnings import collecting_warnings

from .models import cached, write_model


def test_names_that_find_a_model(home: Path) -> None:
    cached(home, "Qwen/Qwen3-8B-MLX-4bit")
    cached(home, "org/Other")
    library = Library([])
    for name in (
        "Qwen/Qwen3-8B-MLX-4bit",
        "qwen/qwen3-8b-mlx-4bit",
        "Qwen3-8B-MLX-4bit",
        "qwen3:8b",
        "QWEN3:8B-4bit",
        "qwen3",
        "qwen3:latest",
        "Qwen/Qwen3-8B-MLX-4bit:latest",
        "qwen/qwen3-8b",
        "qwen3-8b-mlx",
    ):
        assert library.find(name).id == "Qwen/Qwen3-8B-MLX-4bit"
    assert library.find("DEMO").id == "demo"


def test_a_short_name_of_two_models_names_both(home: Path) -> None:
    cached(home, "a/Model")
    cached(home, "b/Model")
    with pytest.raises(ModelNotFoundError, match="use a/Model or b/Model"):
        Library([]).find("model")
    assert Library([]).find("b/model").id == "b/Model"


def test_an_unknown_name_lists_the_known_ones_and_how_to_get_it(home: Path) -> None:
    library = Library([])
    with pytest.raises(ModelNotFoundError) as caught:
        library.find("gpt-4o")
    assert str(caught.value) == (
        'There is no model "gpt-4o" on this computer: there are demo, demo-moe.'
    )
    with pytest.raises(ModelNotFoundError, match="`qwen3mlx pull qwen3:8b`, or use one of demo, "):
        library.find("qwen3:8b")
    for i in range(20):
        cached(home, f"org/model-{i:02}")
    with pytest.raises(ModelNotFoundError, match=r"org/model-07 and 12 more\.$") as caught:
        library.find("x" * 300)
    assert len(str(caught.value)) < 400


def test_a_name_without_a_quantization_means_what_is_here(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qwen3mlx.library.family.memory_bytes", lambda: 16 * 2**30)
    cached(home, "lmstudio-community/Qwen3-8B-MLX-8bit")
    assert Library([]).find("qwen3:8b").id == "lmstudio-community/Qwen3-8B-MLX-8bit"
    cached(home, "mlx-community/Qwen3-8B-4bit")
    assert Library([]).find("qwen3:8b").id == "mlx-community/Qwen3-8B-4bit"
    assert Library([]).find("qwen3:8b-8bit").id == "lmstudio-community/Qwen3-8B-MLX-8bit"
    with pytest.raises(ModelNotFoundError, match="`qwen3mlx pull qwen3:8b-bf16`"):
        Library([]).find("qwen3:8b-bf16")


def test_the_nearest_quantization_is_told(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    cached(home, "mlx-community/Qwen3-30B-A3B-4bit")
    with collecting_warnings() as warnings:
        found = Library([]).find("qwen3:30b-a3b-q4_K_M")
    assert found.id == "mlx-community/Qwen3-30B-A3B-4bit"
    assert warnings == [
        "model names the quantization q4_k_m; the nearest for MLX is "
        "mlx-community/Qwen3-30B-A3B-4bit."
    ]
    caplog.clear()


def test_the_example_for_macs_works_without_change_and_as_an_alias(home: Path) -> None:
    """Qwen-Agent's README: `'model': 'qwen3-32b-mlx'`, as LM Studio calls it."""
    assert Library([], aliases={"qwen3-32b-mlx": "demo"}).find("qwen3-32b-mlx").id == "demo"
    cached(home, "Qwen/Qwen3-32B-MLX-4bit")
    assert Library([]).find("qwen3-32b-mlx").id == "Qwen/Qwen3-32B-MLX-4bit"


def test_an_alias_means_its_model(home: Path) -> None:
    cached(home, "Qwen/Qwen3-8B-MLX-4bit")
    aliases = {"gpt-4o": "qwen3:8b", "openai/gpt-4o": "qwen3-8b-mlx", "o4-mini": "demo", "x": "no"}
    library = Library([], aliases=aliases)
    for name in ("gpt-4o", "GPT-4o", " gpt-4o:latest", "openai/gpt-4o"):
        assert library.find(name).id == "Qwen/Qwen3-8B-MLX-4bit"
    assert library.find("o4-mini").id == "demo"
    assert library.find("qwen3:8b").id == "Qwen/Qwen3-8B-MLX-4bit"
    with pytest.raises(ModelNotFoundError, match='model "x", an alias for "no", on this computer'):
        library.find("x")


def test_an_alias_can_replace_any_name_but_that_of_a_model(home: Path) -> None:
    cached(home, "Qwen/Qwen3-8B-MLX-4bit")
    ours = {"qwen3:8b": "demo", "qwen/qwen3-8b-mlx-4bit": "demo"}
    library = Library([], aliases=ours)
    assert library.find("qwen3:8b").id == "demo"
    assert library.find("Qwen/Qwen3-8B-MLX-4bit").id == "Qwen/Qwen3-8B-MLX-4bit"


def test_an_alias_can_mean_a_folder_that_is_served(home: Path) -> None:
    folder = write_model(home / "elsewhere" / "mine")
    aliases = {"gpt-4o": str(folder), "o4-mini": "Mine", "x": str(home / "elsewhere" / "other")}
    library = Library([], extra=[folder], aliases=aliases)
    assert library.find("gpt-4o").path == library.find("o4-mini").path == folder
    with pytest.raises(ModelNotFoundError, match="There is no model"):
        library.find("x")


def test_aliases_do_not_follow_each_other(home: Path) -> None:
    library = Library([], aliases={"a": "b", "b": "a"})
    with pytest.raises(ModelNotFoundError, match='model "a", an alias for "b"'):
        library.find("a")


def test_the_names_that_are_listed_mean_their_models(home: Path) -> None:
    for repo_id in (
        "Qwen/Qwen3-8B-MLX-4bit",
        "mlx-community/Qwen3-8B-4bit",
        "Qwen/Qwen3-8B-MLX-8bit",
        "Qwen/Qwen3-8B",
        "mlx-community/Qwen3-4B-Instruct-2507-5bit",
        "org/Other",
    ):
        cached(home, repo_id)
    library = Library([])
    ids = [model.id for model in library.installed()]
    names = listed_names(ids)
    assert len(names) == len(set(names.values())) == 4
    assert {library.find(name).id: name for name in names.values()} == names


def test_a_near_miss_names_what_is_here(home: Path) -> None:
    cached(home, "org/Tutor")
    for name, meant in (("tutro", "Tutor"), ("dmeo", "demo")):
        with pytest.raises(ModelNotFoundError, match=rf"did you mean {meant} \(of demo, "):
            Library([]).find(name)
    with pytest.raises(
        ModelNotFoundError, match="did you mean org/Tutor, or is it one to download"
    ):
        Library([]).find("org/Tutorr")


def outside(home: Path) -> list[str]:
    folder = write_model(home / "outside")
    inside = home / "disk" / "model"
    return [
        str(folder),
        f"{inside}/../../outside",
        "../outside",
        "model/../../outside",
        str(inside),
        str(DEMOS["demo"]),
        os.path.relpath(folder),
        "~",
        "~/outside",
        "~root",
        "/etc",
        "/",
        ".",
        "..",
        "",
        "outside\0",
        "org/../../outside",
    ]


def test_no_name_leads_outside_the_library(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_model(home / "disk" / "model")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(home / "disk")
    library = Library([home / "disk"])
    for name in outside(home):
        with pytest.raises(ModelNotFoundError):
            library.find(name)
    assert library.find("model").path == home / "disk" / "model"


NAME = st.text(st.sampled_from("./~\0abMODELmodel:@ ") | st.characters(), max_size=12)


@given(NAME)
def test_whatever_the_name_a_found_model_is_one_of_the_list(name: str) -> None:
    library = Library([])
    try:
        found = library.find(name)
    except ModelNotFoundError:
        return
    assert found in library.installed()
