"""Adapters compute what PEFT and mlx-lm compute with them, on any base, and share its arrays."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest

from qwen3mlx.errors import CheckpointError
from qwen3mlx.model import Qwen3, load_model
from qwen3mlx.model.adapter import adapted, check_adapter
from qwen3mlx.model.weights import arrays_of
from tests.support.adapters import MLX, PEFT, PREFIX, attention_shapes, peft_adapter, sums, write
from tests.support.checkpoints import DENSE, MOE, write_checkpoint

from .support import (
    copy_checkpoint,
    edit_json,
    quantize_checkpoint,
    random_ids,
    read_tensors,
    relative_difference,
    replace_tensors,
    stack_experts,
)

DATA = Path(__file__).parents[1] / "data"
FORMS = DATA / "forms"
BASES = {"lora": "causal", "rslora": "causal", "dora": "causal", "moe": "moe"} | {
    "embedding": "embedding"
}
TOLERANCE = 1e-5
# What `attention_shapes` needs of support.checkpoints' shapes.
ATTENTION = attention_shapes(range(3), 128, 128, 64)
MLP = {"model.layers.1.mlp.up_proj": (256, 128), "model.layers.2.mlp.down_proj": (128, 256)}


@pytest.mark.parametrize("name", BASES)
def test_what_peft_computes(name: str) -> None:
    """rslora has ranks and alphas of single modules, and dora magnitudes."""
    arrays = np.load(DATA / "adapters" / name / "expected.npz")
    base = load_model(FORMS / BASES[name])
    model = adapted(base, DATA / "adapters" / name)
    ids = mx.array(arrays["ids"])
    assert relative_difference(model(ids), arrays["output"]) <= TOLERANCE
    assert relative_difference(base(ids), arrays["output"]) > 0.1


def lora(folder: Path, **changes: Any) -> Path:
    return peft_adapter(folder, ATTENTION | MLP, **changes)


def test_a_lora_is_the_sum_of_its_matrices(tmp_path: Path) -> None:
    base = write_checkpoint(tmp_path / "base", DENSE, dtype="float32")
    adapter = lora(tmp_path / "adapter")
    fused = copy_checkpoint(base, tmp_path / "fused")
    replace_tensors(fused, sums(read_tensors(base), adapter, 8 / 4))
    ids = random_ids((2, 20))
    ours = adapted(load_model(base), adapter)(ids)
    assert relative_difference(ours, load_model(fused)(ids)) <= TOLERANCE


@pytest.mark.parametrize(
    "spec",
    [
        {"group_size": 64, "bits": 4},
        {"group_size": 32, "bits": 4, "mode": "mxfp4"},
    ],
)
@pytest.mark.parametrize("dora", [False, True])
def test_on_a_quantized_base(spec: dict[str, Any], dora: bool, tmp_path: Path) -> None:
    """k_proj is quantized otherwise, so that the three projections are not one matrix."""
    base = write_checkpoint(tmp_path / "base", DENSE)
    other = {"model.layers.0.self_attn.k_proj": {"group_size": 32, "bits": 8}}
    pair = quantize_checkpoint(base, tmp_path, spec, other)
    adapter = lora(tmp_path / "adapter")
    if dora:
        add_magnitudes(adapter)
    ids = random_ids((1, 20))
    ours = adapted(load_model(pair.quantized), adapter)(ids)
    assert relative_difference(ours, adapted(load_model(pair.dequantized), adapter)(ids)) <= 1e-4


def add_magnitudes(adapter: Path) -> None:
    """Make a DoRA of a LoRA."""
    file = adapter / "adapter_model.safetensors"
    tensors = read_tensors(adapter)
    rng = np.random.default_rng(1)
    for name in list(tensors):
        if name.endswith("lora_B.weight"):
            size = tensors[name].shape[0]
            magnitude = mx.array(rng.uniform(1, 2, size).astype(np.float32))
            tensors[name.replace("lora_B.weight", "lora_magnitude_vector")] = magnitude
    write(adapter, PEFT | {"use_dora": True}, tensors, file.name)


def test_experts_one_by_one_as_peft_has_them(tmp_path: Path) -> None:
    """One expert has no adapter, and one layer's router has one; ranks differ."""
    base = write_checkpoint(tmp_path / "base", MOE, dtype="float32")
    shapes = {
        f"model.layers.{layer}.mlp.experts.{expert}.{name}": (128, 128)
        for layer in (0, 2)
        for expert in range(7)
        for name in ("gate_proj", "up_proj", "down_proj")
    }
    shapes |= {"model.layers.1.mlp.gate": (8, 128)}
    adapter = peft_adapter(tmp_path / "adapter", shapes)
    grow_rank(adapter, "model.layers.2.mlp.experts.3.up_proj", 6)
    fused = copy_checkpoint(base, tmp_path / "fused")
    tensors = sums(read_tensors(base), adapter, 2)
    path = "model.layers.2.mlp.experts.3.up_proj"
    change = tensors[f"{path}.weight"] - read_tensors(base)[f"{path}.weight"]
    tensors[f"{path}.weight"] = tensors[f"{path}.weight"] - change / 3  # 8 / 6 in place of 8 / 4
    replace_tensors(fused, tensors)
    model, reference = adapted(load_model(base), adapter), load_model(fused)
    for length in (3, 60):  # few rows, and rows sorted by expert
        ids = random_ids((1, length))
        assert relative_difference(model(ids), reference(ids)) <= TOLERANCE


def grow_rank(adapter: Path, path: str, rank: int) -> None:
    file = adapter / "adapter_model.safetensors"
    tensors = read_tensors(adapter)
    for part, axis in (("A", 0), ("B", 1)):
        name = f"{PREFIX}{path}.lora_{part}.weight"
        tensors[name] = mx.concatenate([tensors[name], tensors[name][:2] if axis == 0
                                        else tensors[name][:, :2]], axis=axis)  # fmt: skip
    write(adapter, PEFT | {"rank_pattern": {path: rank}}, tensors, file.name)


MLX_PEER = """
import sys
import mlx.core as mx
from mlx_lm.tuner.utils import load_adapters
from mlx_lm.utils import load_model
from pathlib import Path
base, adapter, ids, out = sys.argv[1:]
model, _ = load_model(Path(base), lazy=False)
model = load_adapters(model, adapter)
model.eval()
mx.save(out, model(mx.load(ids)).astype(mx.float32))
"""


@pytest.mark.slow  # importing mlx-lm takes seconds
@pytest.mark.parametrize("kind", ["lora", "dora", "moe", "quantized", "quantized dora"])
def test_what_mlx_lm_computes(kind: str, tmp_path: Path) -> None:
    pytest.importorskip("mlx_lm")
    shape = MOE if kind == "moe" else DENSE
    base = write_checkpoint(tmp_path / "base", shape, dtype="float32")
    if "quantized" in kind:
        base = quantize_checkpoint(base, tmp_path, {"group_size": 64, "bits": 8}).quantized
    adapter = mlx_adapter(tmp_path / "adapter", moe=kind == "moe", dora="dora" in kind)
    ids = random_ids((1, 20))
    files = [str(tmp_path / name) for name in ("ids.npy", "out.npy")]
    mx.save(files[0], ids)
    command = [sys.executable, "-c", MLX_PEER, str(base), str(adapter), *files]
    subprocess.run(command, check=True, timeout=100)
    ours = adapted(load_model(base), adapter)(ids)
    assert relative_difference(ours, mx.load(files[1])) <= 1e-4


def mlx_adapter(folder: Path, *, moe: bool = False, dora: bool = False) -> Path:
    """Adapt the last two layers, as mlx-lm does by default: the last ones."""
    rng = np.random.default_rng(3)

    def values(*shape: int) -> mx.array:
        return mx.array(0.1 * rng.standard_normal(shape).astype(np.float32))

    tensors: dict[str, mx.array] = {}
    modules = {"self_attn.q_proj": (128, 128), "self_attn.v_proj": (64, 128)}
    if not moe:
        modules["mlp.down_proj"] = (128, 256)
    for layer in (1, 2):
        for name, (out, width) in modules.items():
            path = f"model.layers.{layer}.{name}"
            tensors[f"{path}.lora_a"], tensors[f"{path}.lora_b"] = values(width, 4), values(4, out)
            if dora:
                tensors[f"{path}.m"] = mx.abs(values(out)) + 1
        for name in ("gate_proj", "down_proj") if moe else ():
            path = f"model.layers.{layer}.mlp.switch_mlp.{name}"
            tensors[f"{path}.lora_a"] = values(8, 4, 128)
            tensors[f"{path}.lora_b"] = values(8, 128, 4)
    keys = [*modules, *(["mlp.switch_mlp.gate_proj", "mlp.switch_mlp.down_proj"] if moe else [])]
    config = MLX | {
        "fine_tune_type": "dora" if dora else "lora",
        "num_layers": 2,
        "lora_parameters": {"rank": 4, "scale": 2.5, "dropout": 0.0, "keys": keys},
    }
    return write(folder, config, tensors, "adapters.safetensors")


def test_mlx_lm_and_peft_mean_the_same(tmp_path: Path) -> None:
    """The same matrices in both forms, whose factors are 2.5."""
    base = write_checkpoint(tmp_path / "base", MOE, dtype="float32")
    ours = mlx_adapter(tmp_path / "mlx", moe=True)
    tensors = {}
    for name, tensor in read_tensors(ours).items():
        path, part = name.rsplit(".", 1)
        letter = {"lora_a": "A", "lora_b": "B"}[part]
        if ".switch_mlp." in path:
            for expert in range(8):
                each = path.replace("switch_mlp", f"experts.{expert}")
                tensors[f"{PREFIX}{each}.lora_{letter}.weight"] = tensor[expert]
        else:
            tensors[f"{PREFIX}{path}.lora_{letter}.weight"] = tensor.T
    config = PEFT | {"lora_alpha": 10}
    theirs = write(tmp_path / "peft", config, tensors, "adapter_model.safetensors")
    ids, model = random_ids((1, 20)), load_model(base)
    assert relative_difference(adapted(model, ours)(ids), adapted(model, theirs)(ids)) <= TOLERANCE


def test_an_adapted_model_shares_the_base(tmp_path: Path) -> None:
    """Its own memory is that of the adapter's numbers, here the bytes of its file's tensors."""
    for name, shape in (("dense", DENSE), ("moe", MOE)):
        base = load_model(write_checkpoint(tmp_path / name, shape, dtype="float32"))
        adapter = (
            lora(tmp_path / f"{name}-adapter")
            if name == "dense"
            else mlx_adapter(tmp_path / f"{name}-adapter", moe=True)
        )
        model = adapted(base, adapter)
        stored = sum(tensor.nbytes for tensor in read_tensors(adapter).values())
        assert model.nbytes - base.nbytes == stored
        ours = {id(array) for array in held(model)}
        assert {id(array) for array in held(base)} <= ours


def held(model: Qwen3) -> list[mx.array]:
    layers = [model.experts.experts(layer) for layer in model.experts._layers]  # type: ignore[attr-defined]
    return arrays_of((model.embed_tokens, *model.blocks, model.norm, model.lm_head, *layers))


# Bad input


def refused(adapter: Path, base: Path, *named: str) -> str:
    """Checking the adapter fails with one line that has all of `named`, before the base loads."""
    with pytest.raises(CheckpointError) as caught:
        check_adapter(adapter, base)
    message = str(caught.value)
    assert "\n" not in message
    for name in named:
        assert name in message
    return message


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return write_checkpoint(tmp_path / "base", DENSE, dtype="float32")


def test_an_adapter_of_another_shape(base: Path, tmp_path: Path) -> None:
    shapes = attention_shapes(range(3), 256, 128, 64)
    adapter = peft_adapter(tmp_path / "adapter", shapes, base_model_name_or_path="Qwen/Qwen3-8B")
    refused(adapter, base, "q_proj", "[4, 256]", "[128, 128]", "made for 'Qwen/Qwen3-8B'")


def test_an_adapter_of_more_layers(base: Path, tmp_path: Path) -> None:
    adapter = peft_adapter(tmp_path / "adapter", attention_shapes(range(4), 128, 128, 64))
    refused(adapter, base, "model.layers.3.self_attn", "example/base")


@pytest.mark.parametrize(
    "changes",
    [
        {"peft_type": "LOHA"},
        {"modules_to_save": ["lm_head"]},
        {"layer_replication": [[0, 2]]},
        {"trainable_token_indices": [1]},
        {"lora_bias": True},
        {"init_lora_weights": "pissa"},
        {"target_parameters": ["mlp.experts.down_proj"]},
        {"alora_invocation_tokens": [1]},
        {"use_dora": "yes"},
        {"r": 0},
        {"r": 8},
        {"lora_alpha": None},
        {"lora_alpha": "NaN"},
        {"rank_pattern": []},
        {"rank_pattern": {"(a+)+$": 4}},
        {"alpha_pattern": {"q_proj": -1}},
        {"use_dora": True},
    ],
)
def test_what_changes_the_result_and_is_not_supported(
    changes: dict[str, Any], base: Path, tmp_path: Path
) -> None:
    adapter = lora(tmp_path / "adapter")
    edit_json(adapter / "adapter_config.json", changes)
    refused(adapter, base, str(adapter))


def test_fields_of_the_training_alone(base: Path, tmp_path: Path) -> None:
    ignored = {"bias": "none", "lora_dropout": 0.1, "inference_mode": True, "eva_config": None}
    ignored |= {"fan_in_fan_out": False, "layers_to_transform": None, "target_modules": ["q_proj"]}
    adapter = lora(tmp_path / "adapter", **ignored)
    check_adapter(adapter, base)


def test_tensors_that_are_no_part_of_a_lora(base: Path, tmp_path: Path) -> None:
    adapter = lora(tmp_path / "adapter")
    file = adapter / "adapter_model.safetensors"
    tensors = read_tensors(adapter)
    for name in (
        "base_model.model.lm_head.weight",
        "base_model.model.model.embed_tokens.lora_embedding_A",
        "base_model.model.model.layers.0.self_attn.q_proj.lora_B.bias",
        "model.layers.0.self_attn.q_proj.lora_A.weight",
    ):
        write(adapter, PEFT, tensors | {name: mx.zeros((4, 128))}, file.name)
        refused(adapter, base, name)
    missing = dict(tensors)
    del missing["base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight"]
    write(adapter, PEFT, missing, file.name)
    refused(adapter, base, "model.layers.0.self_attn.q_proj", "1 tensors")
    write(adapter, PEFT, {}, file.name)
    refused(adapter, base, "holds no LoRA")
    write(adapter, PEFT, tensors | {PREFIX + "x.lora_A.weight": mx.zeros(4)}, file.name)
    refused(adapter, base, "x")


def test_embeddings_are_not_adapted(base: Path, tmp_path: Path) -> None:
    adapter = peft_adapter(tmp_path / "adapter", {"model.embed_tokens": (320, 128)})
    refused(adapter, base, "embed_tokens")


def test_a_pickle_is_not_read(base: Path, tmp_path: Path) -> None:
    adapter = lora(tmp_path / "adapter")
    (adapter / "adapter_model.safetensors").rename(adapter / "adapter_model.bin")
    refused(adapter, base, "adapter_model.bin", "pickle")
    (adapter / "adapter_model.bin").unlink()
    refused(adapter, base, "adapter_model.safetensors", "missing")


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"fine_tune_type": "full", "lora_parameters": None},
        {"fine_tune_type": "lora"},
        {"fine_tune_type": "lora", "lora_parameters": {"rank": 4, "alpha": 8}},
        {"fine_tune_type": "lora", "lora_parameters": {"rank": 0, "scale": 8}},
    ],
)
def test_configurations_of_mlx_lm(config: dict[str, Any], base: Path, tmp_path: Path) -> None:
    adapter = mlx_adapter(tmp_path / "adapter")
    (adapter / "adapter_config.json").write_text(json.dumps(config))
    refused(adapter, base, str(adapter))


def test_dora_of_experts_is_refused(tmp_path: Path) -> None:
    base = write_checkpoint(tmp_path / "base", MOE, dtype="float32")
    path = "model.layers.0.mlp.experts.1.up_proj"
    adapter = peft_adapter(tmp_path / "adapter", {path: (128, 128)})
    add_magnitudes(adapter)
    refused(adapter, base, "DoRA", "experts")


def test_stacked_experts_hold_the_same(tmp_path: Path) -> None:
    """The base's own form does not matter: mlx-lm's stacks and Hugging Face's single experts."""
    base = write_checkpoint(tmp_path / "base", MOE, dtype="float32")
    stacked = copy_checkpoint(base, tmp_path / "stacked")
    replace_tensors(stacked, stack_experts(read_tensors(base)))
    adapter, ids = mlx_adapter(tmp_path / "adapter", moe=True), random_ids((1, 9))
    ours, theirs = (adapted(load_model(each), adapter)(ids) for each in (base, stacked))
    assert mx.array_equal(ours, theirs)


def test_eight_adapters_over_one_base_give_what_eight_fused_models_give(tmp_path: Path) -> None:
    base = write_checkpoint(tmp_path / "base", DENSE, dtype="float32")
    shared, ids, total = load_model(base), random_ids((1, 12)), 0
    for seed in range(8):
        adapter = lora(tmp_path / f"adapter-{seed}", seed=seed)
        fused = copy_checkpoint(base, tmp_path / f"fused-{seed}")
        replace_tensors(fused, sums(read_tensors(base), adapter, 2))
        model = adapted(shared, adapter)
        total += model.nbytes - shared.nbytes
        assert relative_difference(model(ids), load_model(fused)(ids)) <= TOLERANCE
    assert total == sum(
        tensor.nbytes
        for seed in range(8)
        for tensor in read_tensors(tmp_path / f"adapter-{seed}").values()
    )
