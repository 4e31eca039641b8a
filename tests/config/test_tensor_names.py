"""Tensors are found under whatever prefix a trainer put before all of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen3mlx.config.tensor_names import is_bare, is_of_adapter, mlx_names

LAYER = "model.layers.0.self_attn.q_proj.weight"
NAMES = ["model.embed_tokens.weight", LAYER, "model.norm.weight", "lm_head.weight"]
WRAPPERS = ["_orig_mod", "module", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"]
PARTS = st.sampled_from([*WRAPPERS, "model", "base_model", "language_model", "policy", "x"])


def renamed(prefix: str) -> dict[str, str]:
    return {name: f"{prefix}{name}" for name in NAMES}


@given(st.lists(PARTS, max_size=4))
def test_any_prefix_of_all_names(parts: list[str]) -> None:
    names = renamed("".join(f"{part}." for part in parts))
    assert mlx_names(names.values()) == names


@given(st.lists(PARTS, max_size=3))
def test_any_prefix_of_a_bare_model(parts: list[str]) -> None:
    prefix = "".join(f"{part}." for part in [*parts, "language_model"])
    names = {name: prefix + name.removeprefix("model.") for name in NAMES}
    assert mlx_names(names.values()) == names


@pytest.mark.parametrize("head", ["lm_head.weight", "model.lm_head.weight"])
def test_the_head_may_stand_outside(head: str) -> None:
    names = {name: name.replace("model.", "model.model.", 1) for name in NAMES}
    names["lm_head.weight"] = head
    assert mlx_names(names.values()) == names


def test_the_language_model_of_a_vision_model() -> None:
    names = {name: name.replace("model.", "model.language_model.", 1) for name in NAMES}
    assert mlx_names([*names.values(), "model.visual.x"]) == {
        **names, "model.visual.x": "model.visual.x",
    }  # fmt: skip


@given(st.lists(st.sampled_from(WRAPPERS), max_size=2), st.integers(0, 5))
def test_wrappers_may_stand_anywhere(wrappers: list[str], place: int) -> None:
    parts = LAYER.split(".")
    wrapped = ".".join([*parts[:place], *wrappers, *parts[place:]])
    assert mlx_names([*NAMES[:1], wrapped])[LAYER] == wrapped


def test_two_models_are_not_mixed_up() -> None:
    both = [*NAMES, *renamed("ema.").values()]
    assert mlx_names(both) == {name: name for name in both}


def test_one_tensor_twice_is_one_too_few() -> None:
    assert len(mlx_names([LAYER, f"_orig_mod.{LAYER}"])) == 1


@given(st.lists(st.text("amodel._embtkns0", max_size=12) | st.sampled_from(NAMES), max_size=6))
def test_no_tensor_is_lost(stored: list[str]) -> None:
    assert set(mlx_names(stored).values()) <= set(stored)


def test_what_is_bare() -> None:
    assert is_bare("embed_tokens.weight")
    assert is_bare("module.embed_tokens.weight")
    assert not is_bare("model.embed_tokens.weight")
    assert not is_bare("language_model.embed_tokens.weight")


@pytest.mark.parametrize(
    ("name", "of_adapter"),
    [
        ("base_model.model.model.layers.0.mlp.up_proj.base_layer.weight", True),
        ("model.layers.0.mlp.up_proj.lora_A.default.weight", True),
        ("model.layers.0.mlp.up_proj.lora_b", True),
        ("model.layers.0.mlp.up_proj.weight", False),
        ("model.lora_Ax.weight", False),
    ],
)
def test_parts_of_an_adapter(name: str, of_adapter: bool) -> None:
    assert is_of_adapter(name) == of_adapter
