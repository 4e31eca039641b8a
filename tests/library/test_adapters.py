"""Adapters in the folders of models: found, named, and paired with the models they are for."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import qwen3mlx.library as library
from qwen3mlx.errors import ModelNotFoundError
from qwen3mlx.library import DEMOS, Library
from qwen3mlx.library.removal import downloaded_folder
from tests.support.adapters import demo_adapter

from .models import ids, skipped, write_model

BASE_8B = "mlx-community/Qwen3-8B-4bit"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_model(tmp_path / BASE_8B)
    demo_adapter(tmp_path / "me" / "Pirate", base_model_name_or_path="demo")
    return tmp_path


def test_an_adapter_makes_a_model_of_its_base(root: Path) -> None:
    found = Library([root])
    assert ids(found) == ["demo", "demo-moe", BASE_8B, "demo+me/Pirate"]
    for name in ("demo+me/Pirate", "demo+pirate", "DEMO+PIRATE", "demo+pirate:latest"):
        model = found.find(name)
        assert model.id == "demo+me/Pirate"
        assert model.base == found.find("demo")
        assert model.path == DEMOS["demo"]
        assert model.adapter == root / "me" / "Pirate"
        assert model.options_id == "demo"
    assert [(each.name, each.base) for each in found.scan().adapters] == [("me/Pirate", "demo")]


@pytest.mark.parametrize(
    "base",
    [
        "Qwen/Qwen3-8B",
        "unsloth/qwen3-8b-unsloth-bnb-4bit",
        "unsloth/Qwen3-8B",
        "Qwen/Qwen3-8B-MLX-bf16",
        BASE_8B,
    ],
)
def test_any_form_of_the_base_will_do(base: str, root: Path) -> None:
    demo_adapter(root / "me" / "poet", base_model_name_or_path=base)
    assert f"{BASE_8B}+me/poet" in ids(Library([root]))


@pytest.mark.parametrize(
    "base", ["Qwen/Qwen3-8B-Base", "Qwen/Qwen3-14B", "someone/Qwen3-8B-abliterated", "", None]
)
def test_other_bases_are_not_offered_but_can_be_asked_for(base: str | None, root: Path) -> None:
    demo_adapter(root / "me" / "poet", base_model_name_or_path=base)
    found = Library([root])
    assert not any(each.endswith("poet") for each in ids(found))
    assert found.find("qwen3:8b+poet").id == f"{BASE_8B}+me/poet"


def test_aliases_of_the_user(root: Path) -> None:
    found = Library([root], aliases={"parrot": "demo+pirate"})
    assert found.find("parrot").id == "demo+me/Pirate"


def test_names_that_mean_nothing(root: Path) -> None:
    found = Library([root])
    with pytest.raises(ModelNotFoundError, match=r"no adapter 'x' .* there are: me/Pirate"):
        found.find("demo+x")
    with pytest.raises(ModelNotFoundError, match="qwen3:14b"):
        found.find("qwen3:14b+pirate")
    with pytest.raises(ModelNotFoundError, match="is an adapter"):
        found.find("pirate")


def test_adapters_given_by_path_go_with_the_model_that_is_served(root: Path) -> None:
    other = demo_adapter(
        root.parent / "elsewhere" / "poet", base_model_name_or_path="Qwen/Qwen3-8B"
    )
    found = Library([], adapters=[other], adapts="demo")
    assert ids(found) == ["demo", "demo-moe", "demo+poet"]


def test_a_folder_whose_name_has_a_plus(root: Path) -> None:
    write_model(root / "me" / "a+b")
    found = Library([root])
    assert found.find("me/a+b").adapter is None
    assert found.find("me/a+b+pirate").id == "me/a+b+me/Pirate"


def test_broken_adapters_are_named(root: Path) -> None:
    demo_adapter(root / "me" / "old", peft_type="ADALORA")
    pickled = demo_adapter(root / "me" / "pickled")
    (pickled / "adapter_model.safetensors").rename(pickled / "adapter_model.bin")
    reasons = skipped(Library([root]))
    assert "ADALORA" in reasons["me/old"]
    assert "pickle" in reasons["me/pickled"]


def test_an_adapter_is_not_dropped_where_it_cannot_be_used(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = sys.modules["qwen3mlx.library.resolve"]
    monkeypatch.setattr(module, "Library", lambda: Library([root]))
    assert library.with_adapter("demo+pirate") == ("demo", str(root / "me" / "Pirate"))
    assert library.with_adapter("demo") == ("demo", None)
    assert library.adapter_folder("pirate") == root / "me" / "Pirate"
    with pytest.raises(ModelNotFoundError, match="fuse"):
        library.resolve("demo+pirate")
    with pytest.raises(ModelNotFoundError, match="adapter in"):
        downloaded_folder(Library([root]).find("demo+pirate"))
