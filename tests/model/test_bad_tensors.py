"""Tensors that do not match config.json cause one line that names the shard and the tensor."""

from __future__ import annotations

from pathlib import Path

import mlx.core as mx
import pytest

from qwen3mlx.config import LoadOptions
from qwen3mlx.errors import CheckpointError, InvalidRequestError, MemoryBudgetError
from qwen3mlx.model import load_model, loading
from qwen3mlx.model.checkpoint import Checkpoint
from tests.support.checkpoints import MOE, Shape, write_checkpoint

from .faults import (
    FILE,
    NORM,
    Q_PROJ,
    change_tensors,
    refused,
)
from .support import (
    edit_json,
)


@pytest.mark.parametrize(
    "name",
    [NORM, f"{Q_PROJ}.weight", "model.embed_tokens.weight"],
)
def test_missing_tensor(folder: Path, name: str) -> None:
    change_tensors(folder, {name: None})
    refused(folder, name)


@pytest.mark.parametrize(
    "name",
    ["lm_head.bias", "model.layers.2.input_layernorm.weight", f"{Q_PROJ}.bias", "visual.x", ""],
)
def test_extra_tensor(folder: Path, name: str) -> None:
    change_tensors(folder, {name: mx.zeros((4,))})
    refused(folder, FILE, name, "config.json")


@pytest.mark.parametrize(
    ("name", "size"),
    [
        (NORM, (63,)),
        (NORM, (1, 64)),
        (NORM, ()),
        (f"{Q_PROJ}.weight", (64, 128)),
        (f"{Q_PROJ}.weight", (128 * 64,)),
        ("model.embed_tokens.weight", (31, 64)),
        ("lm_head.weight", (33, 64)),
    ],
)
def test_wrong_shape(folder: Path, name: str, size: tuple[int, ...]) -> None:
    change_tensors(folder, {name: mx.zeros(size)})
    refused(folder, FILE, name, str(list(size)))


@pytest.mark.parametrize("name", [NORM, f"{Q_PROJ}.weight"])
@pytest.mark.parametrize("dtype", [mx.uint8, mx.uint32])
def test_packed_without_scales(folder: Path, name: str, dtype: mx.Dtype) -> None:
    change_tensors(folder, {name: mx.zeros((64,), dtype)})
    refused(folder, FILE, name, "no", "scales")


@pytest.mark.parametrize("part", ["weight", "scales", "biases"])
def test_a_part_of_a_packed_weight_is_missing(packed: Path, part: str) -> None:
    change_tensors(packed, {f"{Q_PROJ}.{part}": None})
    refused(packed, f"{Q_PROJ}.{part}")


@pytest.mark.parametrize("override", [False, True])
@pytest.mark.parametrize("part", ["weight", "scales", "biases"])
@pytest.mark.parametrize("size", [(), (0,), (128,), (128, 3), (127, 2), (2, 128, 2), (128, 0)])
def test_a_part_of_a_packed_weight_has_another_shape(
    packed: Path, part: str, size: tuple[int, ...], override: bool
) -> None:
    if override:
        spec = {"group_size": 32, "bits": 4}
        edit_json(packed / "config.json", {"quantization": {**spec, Q_PROJ: spec}})
    dtype = mx.uint32 if part == "weight" else mx.bfloat16
    change_tensors(packed, {f"{Q_PROJ}.{part}": mx.zeros(size, dtype)})
    refused(packed, Q_PROJ)


@pytest.mark.parametrize("mode", ["mxfp4", "mxfp8", "nvfp4"])
def test_float_scales_where_config_says_otherwise(packed: Path, mode: str) -> None:
    edit_json(packed / "config.json", {"quantization": {"mode": mode, Q_PROJ: {"mode": mode}}})
    refused(packed, Q_PROJ)


def test_byte_scales_where_config_says_affine(packed: Path) -> None:
    spec = {"group_size": 32, "bits": 4}
    edit_json(packed / "config.json", {"quantization": {**spec, Q_PROJ: spec}})
    change_tensors(packed, {f"{Q_PROJ}.scales": mx.zeros((128, 2), mx.uint8)})
    refused(packed, FILE, Q_PROJ, "U8")


def test_float_weight_beside_scales(packed: Path) -> None:
    change_tensors(packed, {f"{Q_PROJ}.weight": mx.zeros((128, 8), mx.float32)})
    refused(packed, FILE, Q_PROJ)


def test_quantized_but_config_does_not_say_so(packed: Path) -> None:
    edit_json(packed / "config.json", {}, ["quantization"])
    refused(packed, "model.embed_tokens", "config.json", "quantization")


def test_quantized_but_config_says_it_is_not(packed: Path) -> None:
    spec = {"group_size": 32, "bits": 4}
    edit_json(packed / "config.json", {"quantization": {**spec, Q_PROJ: False}})
    refused(packed, "config.json", Q_PROJ)


@pytest.mark.parametrize(
    "path", ["model.layers.0.self_attn.q_proj", "model.layers.0.mlp.switch_mlp.up_proj"]
)
def test_global_scale_where_it_cannot_be_used(experts: Path, path: str) -> None:
    """MLX has it for experts on the GPU only; skipping it would give wrong numbers."""
    size = (MOE.num_experts,) if "switch_mlp" in path else ()
    change_tensors(experts, {f"{path}.global_scale": mx.ones(size)})
    refused(experts, f"{path}.global_scale")


def test_more_than_the_memory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "usable_memory", lambda: 100_000)
    with pytest.raises(MemoryBudgetError, match=folder.name):
        load_model(folder)


def test_quantized_cache_that_does_not_fit_the_heads(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path, Shape(head_dim=16, num_hidden_layers=1))
    with pytest.raises(InvalidRequestError, match="kv_bits") as caught:
        load_model(folder, options=LoadOptions(kv_bits=4))
    assert caught.value.param == "kv_bits"


def test_each_tensor_is_handed_out_once(folder: Path) -> None:
    checkpoint = Checkpoint(folder)
    checkpoint.take(NORM)
    assert NORM not in checkpoint
    with pytest.raises(CheckpointError, match=NORM):
        checkpoint.take(NORM)
