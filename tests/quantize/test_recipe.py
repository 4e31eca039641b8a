"""Recipes: how they choose the bits of a module, and how an invalid one is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from qwen3mlx_quantize import recipe

from qwen3mlx.config import QuantizationSpec
from qwen3mlx.errors import UsageError

AFFINE = {"2bit": 2, "3bit": 3, "4bit": 4, "5bit": 5, "6bit": 6, "8bit": 8}


def test_every_built_in_recipe_loads_and_describes_itself() -> None:
    assert {*AFFINE, "mixed-4-8", "mxfp4", "mxfp8", "nvfp4", "bf16"} == set(recipe.names())
    for name in recipe.names():
        loaded = recipe.load(name)
        assert loaded.name == name
        assert loaded.about


@pytest.mark.parametrize(("name", "bits"), AFFINE.items())
def test_a_router_has_at_least_eight_bits(name: str, bits: int) -> None:
    loaded = recipe.load(name)
    assert loaded.spec("model.layers.3.mlp.gate", 8) == QuantizationSpec(64, 8)
    assert loaded.spec("model.layers.3.mlp.gate_proj", 8) == QuantizationSpec(64, bits)


def test_mixed_4_8_gives_more_bits_where_errors_cost_most() -> None:
    mixed = recipe.load("mixed-4-8")

    def bits(path: str) -> int:
        spec = mixed.spec(path, 28)
        assert spec is not None
        return spec.bits

    assert bits("model.embed_tokens") == bits("lm_head") == 8
    assert bits("model.layers.14.self_attn.v_proj") == 8
    assert bits("model.layers.0.mlp.up_proj") == bits("model.layers.27.mlp.up_proj") == 8
    assert bits("model.layers.14.mlp.up_proj") == 4
    assert bits("model.layers.14.mlp.down_proj") == 6


def test_the_first_matching_rule_decides() -> None:
    text = """
    bits = 4
    [[rules]]
    modules = ["*.q_proj"]
    bits = 16
    [[rules]]
    modules = ["*.self_attn.*"]
    bits = 6
    group_size = 32
    """
    parsed = recipe.parse(text, "mine.toml", "mine")
    assert parsed.spec("model.layers.0.self_attn.q_proj", 4) is None
    assert parsed.spec("model.layers.0.self_attn.k_proj", 4) == QuantizationSpec(32, 6)
    assert parsed.spec("model.layers.0.mlp.up_proj", 4) == QuantizationSpec(64, 4)
    assert parsed.with_group_size(128).spec("lm_head", 4) == QuantizationSpec(128, 4)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("bitz = 4", "unknown key 'bitz'"),
        ("bits = 7", "bits 7"),
        ("bits = 4\ngroup_size = 48", "group_size 48"),
        ('mode = "int4"', "mode is 'int4'"),
        ("rules = 3", "rules must be tables"),
        ('[[rules]]\nmodules = "q_proj"', "rule 1: modules must be a non-empty list"),
        ('[[rules]]\nmodules = ["*"]\nlayers = "first"', "rule 1: layers is 'first'"),
        ('[[rules]]\nmodules = ["*"]\nweight = 1', "rule 1: unknown key 'weight'"),
        ("name = 3", "name must be a string, not 3"),
        ("bits = ", "is not valid TOML"),
    ],
)
def test_an_invalid_recipe_names_file_and_key(text: str, named: str) -> None:
    with pytest.raises(UsageError, match=r"mine\.toml") as error:
        recipe.parse(text, "mine.toml")
    assert named in str(error.value)


def test_an_unknown_recipe_lists_the_valid_ones(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="4bit"):
        recipe.load("4bits")
    with pytest.raises(UsageError, match="cannot be read"):
        recipe.load(str(tmp_path / "none.toml"))


def test_a_group_size_that_the_mode_lacks_is_refused() -> None:
    with pytest.raises(UsageError, match="--group-size 64"):
        recipe.load("mxfp4").with_group_size(64)


@pytest.mark.parametrize(
    ("base", "mode"), [("4bit", "mxfp4"), ("8bit", "mxfp8"), ("4bit", "nvfp4")]
)
def test_a_mode_gives_the_recipe_of_the_same_name(base: str, mode: str) -> None:
    assert recipe.load(base).with_mode(mode).default == recipe.load(mode).default
    assert recipe.load(mode).with_mode("affine").default == recipe.load(base).default


def test_a_mode_leaves_the_rules_unchanged() -> None:
    mixed = recipe.load("mixed-4-8")
    assert mixed.with_mode("mxfp4").rules == mixed.rules
    spec = mixed.with_mode("mxfp4").spec("model.layers.9.mlp.up_proj", 28)
    assert spec is not None
    assert spec.mode == "mxfp4"
