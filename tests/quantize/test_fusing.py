"""`fuse` writes what a base and its adapter compute together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest
from qwen3mlx_quantize import ConversionError, Event, FuseRequest, JobWarning, fuse

from qwen3mlx.errors import CheckpointError
from qwen3mlx.model import load_model
from qwen3mlx.model.adapter import adapted
from tests.cli.in_process import invoke
from tests.model.support import (
    quantize_checkpoint,
    random_ids,
    read_tensors,
    relative_difference,
)
from tests.support.adapters import attention_shapes, demo_adapter, peft_adapter
from tests.support.checkpoints import DENSE, MOE, Shape, write_checkpoint

SPEC: dict[str, Any] = {"group_size": 64, "bits": 8}
DORA = Path(__file__).parents[1] / "data" / "adapters" / "dora"
SHAPES = attention_shapes(range(1), 128, 128, 64)


def base_of(tmp_path: Path, shape: Shape) -> Path:
    base = write_checkpoint(tmp_path / "base", shape, dtype="float32")
    (base / "tokenizer.json").write_text("{}")
    return base


def fused(base: Path, adapter: Path, **options: Any) -> tuple[Path, list[Event]]:
    events: list[Event] = []
    output = base.parent / "fused"
    fuse(FuseRequest(base=base, adapter=adapter, output=output, **options), events.append)
    return output, events


@pytest.mark.parametrize("shape", [DENSE, MOE], ids=["dense", "moe"])
def test_a_float_base(shape: Shape, tmp_path: Path) -> None:
    base = base_of(tmp_path, shape)
    shapes = dict(SHAPES)
    if shape is MOE:
        shapes |= {"model.layers.2.mlp.experts.3.up_proj": (128, 128)}
    adapter = peft_adapter(tmp_path / "adapter", shapes)
    output, events = fused(base, adapter)
    ids = random_ids((1, 12))
    both = adapted(load_model(base), adapter)(ids)
    assert relative_difference(load_model(output)(ids), both) <= 1e-5
    assert not any(isinstance(event, JobWarning) for event in events)
    assert "base with the LoRA adapter adapter:" in (output / "README.md").read_text()


def test_a_dora(tmp_path: Path) -> None:
    causal = DORA.parents[1] / "forms" / "causal"
    base = tmp_path / "base"
    base.mkdir()
    for name in ("config.json",):
        (base / name).write_bytes((causal / name).read_bytes())
    tensors = {name: each.astype(mx.float32) for name, each in read_tensors(causal).items()}
    mx.save_safetensors(str(base / "model.safetensors"), tensors)
    (base / "tokenizer.json").write_text("{}")
    output, _ = fused(base, DORA)
    ids = random_ids((1, 12), 64)
    both = adapted(load_model(base), DORA)(ids)
    assert relative_difference(load_model(output)(ids), both) <= 1e-5


@pytest.mark.parametrize("shape", [DENSE, MOE], ids=["dense", "moe"])
def test_a_quantized_base(shape: Shape, tmp_path: Path) -> None:
    """What the adapter leaves alone is the same bit by bit; a module has its own bits."""
    overrides: dict[str, Any] = {
        "model.layers.1.self_attn.o_proj": {"group_size": 32, "bits": 4},
        "model.layers.1.mlp.gate": {"group_size": 64, "bits": 4},
        "lm_head": False,
    }
    base = quantize_checkpoint(base_of(tmp_path, shape), tmp_path, SPEC, overrides).quantized
    adapter = peft_adapter(tmp_path / "adapter", SHAPES)
    output, events = fused(base, adapter)
    assert any(isinstance(event, JobWarning) for event in events)
    before, after = read_tensors(base), read_tensors(output)
    assert before.keys() == after.keys()
    changed = {name for name in before if not mx.array_equal(before[name], after[name])}
    paths = {name.rpartition(".")[0] for name in changed}
    assert paths == set(SHAPES)
    quantization = json.loads((output / "config.json").read_text())["quantization"]
    assert quantization["model.layers.1.self_attn.o_proj"]["bits"] == 4
    if shape is DENSE:  # a MoE's router sends tokens elsewhere for the least difference
        ids = random_ids((1, 12))
        both = adapted(load_model(base), adapter)(ids)
        assert relative_difference(load_model(output)(ids), both) <= 0.05


def test_float_of_a_quantized_base(tmp_path: Path) -> None:
    base = quantize_checkpoint(base_of(tmp_path, DENSE), tmp_path, SPEC).quantized
    adapter = peft_adapter(tmp_path / "adapter", SHAPES)
    output, _ = fused(base, adapter, dequantize=True)
    ids = random_ids((1, 12))
    both = adapted(load_model(base), adapter)(ids)
    assert relative_difference(load_model(output)(ids), both) <= 1e-4
    assert "quantization" not in json.loads((output / "config.json").read_text())


def test_what_cannot_be_fused_leaves_nothing(tmp_path: Path) -> None:
    base = base_of(tmp_path, DENSE)
    adapter = peft_adapter(tmp_path / "adapter", attention_shapes(range(1), 64, 64, 64))
    with pytest.raises(CheckpointError, match="for a matrix"):
        fused(base, adapter)
    good = peft_adapter(tmp_path / "good", SHAPES)
    (tmp_path / "fused").mkdir()
    with pytest.raises(ConversionError, match="already exists"):
        fused(base, good)
    assert not list((tmp_path / "fused").iterdir())


def test_the_command(tmp_path: Path) -> None:
    adapter = demo_adapter(tmp_path / "pirate")
    done = invoke("fuse", "demo", str(adapter), str(tmp_path / "out"))
    assert done.exit_code == 0, done.output
    assert done.stdout.strip() == str(tmp_path / "out")
    assert "bits per weight" in done.stderr
    again = invoke("fuse", "demo", str(adapter), str(tmp_path / "out"))
    assert again.exit_code == 1
    assert "already exists" in again.stderr
