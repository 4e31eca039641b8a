"""A rank's parts of tensors, read from disk alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest
from mlx.nn.layers.distributed import shard_linear
from mlx.nn.layers.quantized import QuantizedLinear

from qwen3mlx.config import ModelConfig
from qwen3mlx.errors import CheckpointError
from qwen3mlx.model.checkpoint import Checkpoint
from qwen3mlx.model.parallel import part_store as module
from qwen3mlx.model.parallel import pipeline_shares, tensor_shares
from qwen3mlx.model.parallel.part_store import PartStore
from tests.model.support import edit_json, quantize_checkpoint, read_tensors, replace_tensors
from tests.support.checkpoints import MOE, Shape, write_checkpoint

SPEC: dict[str, Any] = {"group_size": 32, "bits": 4}


class Rank:
    """All that mlx.nn asks a group for when it cuts a matrix."""

    def __init__(self, rank: int) -> None:
        self._rank = rank

    def rank(self) -> int:
        return self._rank

    def size(self) -> int:
        return 2


@pytest.fixture
def quantized(tmp_path: Path) -> Path:
    return quantize_checkpoint(write_checkpoint(tmp_path / "source", MOE), tmp_path, SPEC).quantized


def store_of(folder: Path, rank: int) -> PartStore:
    config = ModelConfig.from_folder(folder)
    return PartStore(Checkpoint(folder), config, tensor_shares(config, 2)[rank])


@pytest.mark.parametrize("least_piece", [1, 10**9])
@pytest.mark.parametrize(("name", "kind"), [("q", "all-to-sharded"), ("o", "sharded-to-all")])
def test_parts_are_those_of_mlx(
    name: str, kind: str, least_piece: int, quantized: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LEAST_PIECE", least_piece)
    path, tensors = f"model.layers.1.self_attn.{name}_proj", read_tensors(quantized)
    whole = QuantizedLinear(128, 128, bias=False, **SPEC)
    whole.update({part: tensors[f"{path}.{part}"] for part in ("weight", "scales", "biases")})
    for rank in range(2):
        group: Any = Rank(rank)
        expected = shard_linear(whole, kind, group=group)
        store = store_of(quantized, rank)
        for part in ("weight", "scales", "biases"):
            assert mx.array_equal(store.take(f"{path}.{part}"), expected[part])


def test_parts_put_together_are_the_checkpoint(quantized: Path) -> None:
    stores = [store_of(quantized, rank) for rank in range(2)]
    for name, tensor in read_tensors(quantized).items():
        parts = [store.take(name) for store in stores]
        if parts[0].shape == tensor.shape:
            assert all(mx.array_equal(part, tensor) for part in parts)
            continue
        axis = next(i for i, size in enumerate(tensor.shape) if parts[0].shape[i] != size)
        assert mx.array_equal(mx.concatenate(parts, axis=axis), tensor)


def test_halves_of_a_fused_stack_stay_halves(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path, MOE)
    name = "model.layers.0.mlp.switch_mlp.gate_up_proj.weight"
    fused = mx.random.uniform(shape=(8, 256, 128))
    replace_tensors(folder, {**read_tensors(folder), name: fused})
    part = store_of(folder, 1).take(name)
    expected = mx.concatenate([fused[:, 64:128], fused[:, 192:]], axis=1)
    assert mx.array_equal(part, expected)


def test_a_rank_reads_its_part_alone(tmp_path: Path) -> None:
    shape = Shape(hidden_size=128, intermediate_size=4096, num_attention_heads=4)
    folder = write_checkpoint(tmp_path, shape)
    store = store_of(folder, 0)
    names = [name for name in store.infos if "down_proj" in name or "up_proj" in name]
    for name in names:
        mx.eval(store.take(name))
    whole = sum(Checkpoint(folder).infos[name].nbytes for name in names)
    assert store.bytes_read == whole / 2


def test_layers_of_others_are_not_held(quantized: Path) -> None:
    config = ModelConfig.from_folder(quantized)
    share = pipeline_shares([1, 1, 1], [2, 1])[1]
    store = PartStore(Checkpoint(quantized), config, share)
    layers = {name.split(".")[2] for name in store.infos if ".layers." in name}
    assert layers == {"2"}
    assert "model.layers.0.input_layernorm.weight" not in store
    assert store.take("model.embed_tokens.weight").shape[0] == 160


def test_faults_are_named(quantized: Path) -> None:
    store = store_of(quantized, 0)
    with pytest.raises(CheckpointError, match="a rank's part"):
        store.take("model.layers.0.self_attn.q_proj.weight", (1, 1))
    with pytest.raises(CheckpointError, match="has no tensor"):
        store.take("nothing")
    tensors = read_tensors(quantized)
    tensors["model.layers.0.self_attn.q_proj.qweight"] = mx.zeros((4, 4), mx.int32)
    replace_tensors(quantized, tensors)
    with pytest.raises(CheckpointError, match="cannot be cut into parts for several ranks"):
        store_of(quantized, 0)


def test_odd_parts_are_refused(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path, MOE)
    tensors = read_tensors(folder)
    tensors["model.layers.0.self_attn.q_proj.weight"] = mx.zeros((127, 128))
    replace_tensors(folder, tensors)
    edit_json(folder / "config.json", {})
    with pytest.raises(CheckpointError, match=r"\[127, 128\], of which 2 ranks do not get equal"):
        store_of(folder, 0)


def test_a_file_that_shrinks_meanwhile(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path, MOE)
    store = store_of(folder, 1)
    with (folder / "model.safetensors").open("r+b") as opened:
        opened.truncate(20_000)
    with pytest.raises(CheckpointError, match="has become shorter"):
        store.take("lm_head.weight")
