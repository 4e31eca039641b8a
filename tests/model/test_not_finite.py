"""Norms, scales and adapters with numbers that are not finite are named as they are loaded."""

from __future__ import annotations

from pathlib import Path

import mlx.core as mx
import pytest

from qwen3mlx.config import ModelConfig
from qwen3mlx.errors import CheckpointError
from qwen3mlx.model import load_model
from qwen3mlx.model.deltas import read_deltas
from tests.support.adapters import peft_adapter
from tests.support.checkpoints import DENSE, MOE, write_checkpoint
from tests.support.foreign import awq, write_pair

from .faults import NORM, Q_PROJ, change_tensors, refused
from .support import quantize_checkpoint, read_tensors

VALUES = [float("nan"), float("inf"), float("-inf")]
NORMS = [NORM, "model.layers.1.input_layernorm.weight", "model.layers.0.self_attn.k_norm.weight"]


def spoil(folder: Path, name: str, value: float) -> None:
    tensor = read_tensors(folder)[name]
    tensor[(-1,) * tensor.ndim] = value
    change_tensors(folder, {name: tensor})


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("name", NORMS)
def test_a_norm(folder: Path, name: str, value: float) -> None:
    spoil(folder, name, value)
    refused(folder, name, "not finite")


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("name", [f"{Q_PROJ}.scales", "model.embed_tokens.biases"])
def test_a_scale_or_bias(packed: Path, name: str, value: float) -> None:
    spoil(packed, name, value)
    refused(packed, name, "not finite")


@pytest.mark.parametrize(
    ("mode", "byte"), [("mxfp4", 255), ("mxfp8", 255), ("nvfp4", 127), ("nvfp4", 255)]
)
def test_a_scale_of_a_byte(mode: str, byte: int, tmp_path: Path) -> None:
    source = write_checkpoint(tmp_path / "source", DENSE)
    folder = quantize_checkpoint(source, tmp_path / "pair", {"mode": mode}).quantized
    load_model(folder)
    spoil(folder, f"{Q_PROJ}.scales", byte)
    refused(folder, f"{Q_PROJ}.scales", "not finite")


def test_a_scale_of_an_expert(tmp_path: Path) -> None:
    source = write_checkpoint(tmp_path / "source", MOE)
    spec = {"group_size": 64, "bits": 4}
    folder = quantize_checkpoint(source, tmp_path / "pair", spec).quantized
    name = "model.layers.2.mlp.switch_mlp.down_proj.scales"
    spoil(folder, name, float("nan"))
    refused(folder, name, "not finite")


def test_a_scale_of_awq(tmp_path: Path) -> None:
    config = {"quant_method": "awq", "bits": 4, "group_size": 64, "version": "gemm"}
    folder = write_pair(tmp_path, DENSE, config, awq(64)).published
    spoil(folder, f"{Q_PROJ}.scales", float("inf"))
    refused(folder, Q_PROJ, "not finite")


def test_an_adapter(folder: Path, tmp_path: Path) -> None:
    config = ModelConfig.from_folder(folder)
    out, width = next(module.shape for module in config.modules() if module.path == Q_PROJ)
    adapter = peft_adapter(tmp_path / "adapter", {Q_PROJ: (out, width)})
    file = adapter / "adapter_model.safetensors"
    tensors = mx.load(str(file))
    assert isinstance(tensors, dict)
    name = f"base_model.model.{Q_PROJ}.lora_B.weight"
    tensors[name][0, 0] = float("nan")
    mx.eval(tensors)
    mx.save_safetensors(str(file), tensors)
    with pytest.raises(CheckpointError, match="not finite") as caught:
        read_deltas(adapter, config)
    assert name in str(caught.value)
    assert str(file) in str(caught.value)
