"""LoRA adapters as PEFT and mlx-lm save them, with random weights; and the sums they stand for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np

PEFT = {"peft_type": "LORA", "base_model_name_or_path": "example/base", "r": 4, "lora_alpha": 8}
MLX = {
    "fine_tune_type": "lora",
    "model": "example/base",
    "num_layers": 16,
    "lora_parameters": {"rank": 4, "scale": 2.0, "dropout": 0.0},
}
PREFIX = "base_model.model."
# Large enough that an adapter moves the outputs by about their own size.
SPREAD = 0.2

Shapes = Mapping[str, tuple[int, int]]


def peft_adapter(
    folder: Path, shapes: Shapes, *, rank: int = 4, seed: int = 0, **changes: Any
) -> Path:
    """Write a LoRA of the matrices in `shapes`, [out, in] by transformers' names."""
    rng = np.random.default_rng(seed)
    tensors: dict[str, mx.array] = {}
    for path, (out, width) in shapes.items():
        tensors[f"{PREFIX}{path}.lora_A.weight"] = _random(rng, rank, width)
        tensors[f"{PREFIX}{path}.lora_B.weight"] = _random(rng, out, rank)
    return write(folder, PEFT | {"r": rank} | changes, tensors, "adapter_model.safetensors")


def write(
    folder: Path, config: Mapping[str, Any], tensors: Mapping[str, mx.array], name: str
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "adapter_config.json").write_text(json.dumps(config))
    mx.eval(dict(tensors))
    mx.save_safetensors(str(folder / name), dict(tensors), metadata={"format": "pt"})
    return folder


def sums(base: Mapping[str, mx.array], adapter: Path, scale: float) -> dict[str, mx.array]:
    """Return the tensors of a checkpoint with a PEFT adapter added, in float32."""
    parts = mx.load(str(adapter / "adapter_model.safetensors"))
    assert isinstance(parts, dict)
    found = {name: tensor.astype(mx.float32) for name, tensor in base.items()}
    for name in parts:
        path = name.removeprefix(PREFIX).removesuffix(".lora_A.weight")
        if path != name.removeprefix(PREFIX):
            a, b = (parts[f"{PREFIX}{path}.lora_{part}.weight"] for part in "AB")
            found[f"{path}.weight"] = found[f"{path}.weight"] + scale * (b @ a)
    return found


def attention_shapes(
    layers: Sequence[int], hidden: int, heads: int, kv_heads: int
) -> dict[str, tuple[int, int]]:
    """Return the shapes of the attention's matrices, where `heads` are widths."""
    sizes = {
        "q_proj": (heads, hidden),
        "k_proj": (kv_heads, hidden),
        "v_proj": (kv_heads, hidden),
        "o_proj": (hidden, heads),
    }
    return {
        f"model.layers.{layer}.self_attn.{name}": size
        for layer in layers
        for name, size in sizes.items()
    }


def _random(rng: np.random.Generator, *shape: int) -> mx.array:
    return mx.array(SPREAD * rng.standard_normal(shape).astype(np.float32))


def demo_adapter(folder: Path, *, seed: int = 0, **changes: Any) -> Path:
    """Write a LoRA for `demo` that changes its answers."""
    shapes = attention_shapes(range(6), 192, 256, 128) | {
        f"model.layers.{layer}.mlp.down_proj": (192, 512) for layer in range(6)
    }
    return peft_adapter(folder, shapes, seed=seed, lora_alpha=16, **changes)
