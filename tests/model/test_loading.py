"""Every storage format of a checkpoint gives the same model."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest

from qwen3mlx.config import LoadOptions
from qwen3mlx.model import QuantizedKVCache, Qwen3, load_model, weights
from qwen3mlx.model.feed_forward import MLP, SORT_FROM, MixtureOfExperts
from qwen3mlx.model.linear import (
    UNPACK_FROM,
    Concatenated,
    ConcatenatedExperts,
    ExpertLinear,
    Linear,
    QuantizedEmbedding,
    QuantizedExpertLinear,
    QuantizedLinear,
)
from qwen3mlx.model.weights import arrays_of
from tests.support.checkpoints import (
    DENSE,
    DENSE_TIED,
    MOE,
    MOE_MIXED,
    Shape,
    StoredDtype,
    num_bytes,
    write_checkpoint,
)
from tests.support.places import IMPORT_PATH

from .support import (
    MLXPair,
    Spec,
    copy_checkpoint,
    quantize_checkpoint,
    random_ids,
    read_tensors,
    relative_difference,
    replace_tensors,
    stack_experts,
)

SHAPES = {
    name: replace(shape, num_hidden_layers=2)
    for name, shape in {
        "dense": DENSE,
        "tied": DENSE_TIED,
        "moe": MOE,
        "moe_mixed": MOE_MIXED,
    }.items()
}

# A few rows, and as many as take the paths for long inputs: both must agree with the reference.
FEW, MANY = (1, 3), (2, 20)
assert FEW[0] * FEW[1] < UNPACK_FROM <= MANY[0] * MANY[1]
assert FEW[1] * MOE.num_experts_per_tok < SORT_FROM <= 40 * MOE.num_experts_per_tok

GLU = ("gate_proj", "up_proj")

AFFINE_8: Spec = {"group_size": 64, "bits": 8}
AFFINE_4: Spec = {"group_size": 64, "bits": 4}
MXFP4: Spec = {"group_size": 32, "bits": 4, "mode": "mxfp4"}
MXFP8: Spec = {"group_size": 32, "bits": 8, "mode": "mxfp8"}
NVFP4: Spec = {"group_size": 16, "bits": 4, "mode": "nvfp4"}
AFFINE: list[Spec] = [
    {"group_size": group_size, "bits": bits}
    for bits in (1, 2, 3, 4, 5, 6, 8)
    for group_size in (32, 64, 128)
]


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One bfloat16 checkpoint of each shape."""
    folder = tmp_path_factory.mktemp("sources")
    return {name: write_checkpoint(folder / name, shape) for name, shape in SHAPES.items()}


def logits(folder: Path) -> list[np.ndarray]:
    model = load_model(folder)
    return [np.array(model(random_ids(size, vocab_size=320))) for size in (FEW, MANY)]


def assert_same_logits(ours: Path, reference: Path, tolerance: float = 0.0) -> None:
    for mine, expected in zip(logits(ours), logits(reference), strict=True):
        assert np.abs(expected).max() > 1
        assert relative_difference(mine, expected) <= tolerance


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("indexed", [True, False])
def test_shards(name: str, indexed: bool, sources: dict[str, Path], tmp_path: Path) -> None:
    sharded = write_checkpoint(tmp_path, SHAPES[name], num_shards=4)
    assert len(list(sharded.glob("*.safetensors"))) == 4
    if not indexed:
        (sharded / "model.safetensors.index.json").unlink()
    assert_same_logits(sharded, sources[name])


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("name", ["dense", "moe"])
def test_sixteen_bit_weights_compute_in_float32(
    name: str, dtype: StoredDtype, tmp_path: Path
) -> None:
    short = write_checkpoint(tmp_path / "short", SHAPES[name], dtype=dtype)
    full = copy_checkpoint(short, tmp_path / "full")
    tensors = read_tensors(short)
    assert {str(array.dtype) for array in tensors.values()} == {f"mlx.core.{dtype}"}
    replace_tensors(full, {n: array.astype(mx.float32) for n, array in tensors.items()})
    assert load_model(short).dtype == mx.float32
    assert_same_logits(short, full)


def test_tied_head_is_the_embedding(sources: dict[str, Path], tmp_path: Path) -> None:
    tensors = read_tensors(sources["tied"])
    untied = copy_checkpoint(sources["tied"], tmp_path, {"tie_word_embeddings": False})
    replace_tensors(untied, tensors | {"lm_head.weight": tensors["model.embed_tokens.weight"]})
    assert_same_logits(sources["tied"], untied)
    tied, twice = load_model(sources["tied"]), load_model(untied)
    assert twice.nbytes - tied.nbytes == DENSE.vocab_size * DENSE.hidden_size * 4


def test_tensors_without_a_use_are_skipped(sources: dict[str, Path], tmp_path: Path) -> None:
    tensors = read_tensors(sources["tied"])
    folder = copy_checkpoint(sources["tied"], tmp_path)
    spare = {"lm_head.weight": mx.zeros((4, 4)), "model.rotary_emb.inv_freq": mx.zeros(4)}
    value_head = {"v_head.summary.weight": mx.zeros((1, 4)), "v_head.summary.bias": mx.zeros(1)}
    replace_tensors(folder, tensors | spare | value_head)
    assert_same_logits(folder, sources["tied"])


@pytest.mark.parametrize("name", ["moe", "moe_mixed"])
def test_experts_one_by_one_or_stacked(name: str, sources: dict[str, Path], tmp_path: Path) -> None:
    stacked = copy_checkpoint(sources[name], tmp_path)
    tensors = stack_experts(read_tensors(sources[name]))
    assert not any(".experts." in name for name in tensors)
    replace_tensors(stacked, tensors)
    assert_same_logits(stacked, sources[name])


@pytest.mark.parametrize("spec", [*AFFINE, MXFP4, MXFP8, NVFP4], ids=str)
def test_quantized_dense(spec: Spec, sources: dict[str, Path], tmp_path: Path) -> None:
    pair = quantize_checkpoint(sources["dense"], tmp_path, spec)
    assert_same_logits(pair.quantized, pair.dequantized, 1e-5)


@pytest.mark.parametrize("name", ["tied", "moe", "moe_mixed"])
@pytest.mark.parametrize("spec", [AFFINE_4, AFFINE[3], MXFP4, MXFP8, NVFP4], ids=str)
def test_quantized_others(name: str, spec: Spec, sources: dict[str, Path], tmp_path: Path) -> None:
    pair = quantize_checkpoint(sources[name], tmp_path, spec)
    assert_same_logits(pair.quantized, pair.dequantized, 1e-5)


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_quantized_with_scales_in(dtype: StoredDtype, tmp_path: Path) -> None:
    source = write_checkpoint(tmp_path / "source", SHAPES["moe"], dtype=dtype)
    pair = quantize_checkpoint(source, tmp_path, AFFINE_4)
    assert_same_logits(pair.quantized, pair.dequantized, 1e-5)


@pytest.mark.parametrize("null_means_default", [{"group_size": None}, {"mode": None}, {}])
def test_quantization_defaults(
    null_means_default: Spec, sources: dict[str, Path], tmp_path: Path
) -> None:
    """mlx-lm's mixed recipes leave a null group_size."""
    listed = {"bits": 4, **null_means_default}
    pair = quantize_checkpoint(sources["dense"], tmp_path, AFFINE_4, listed=listed)
    assert_same_logits(pair.quantized, pair.dequantized, 1e-5)


@pytest.mark.parametrize("used", [AFFINE[0], AFFINE[4], AFFINE_8, MXFP4, MXFP8, NVFP4], ids=str)
def test_shapes_tell_what_config_does_not(
    used: Spec, sources: dict[str, Path], tmp_path: Path
) -> None:
    listed = AFFINE_8 if used == AFFINE_4 else AFFINE_4
    pair = quantize_checkpoint(sources["moe"], tmp_path, used, listed=listed)
    assert_same_logits(pair.quantized, pair.dequantized, 1e-5)


ATTENTION, MLP_PATH = "model.layers.0.self_attn", "model.layers.1.mlp"
MIXED: dict[str, Spec | bool] = {
    "lm_head": False,
    "model.embed_tokens": AFFINE_8,
    f"{ATTENTION}.q_proj": {"group_size": 32, "bits": 8},
    f"{ATTENTION}.k_proj": {"group_size": 64, "bits": 3, "mode": "affine"},
    f"{ATTENTION}.v_proj": False,
    f"{ATTENTION}.o_proj": MXFP8,
    f"{MLP_PATH}.gate_proj": MXFP4,
    f"{MLP_PATH}.down_proj": False,
}
MIXED_MOE: dict[str, Spec | bool] = {
    f"{ATTENTION}.q_proj": False,
    f"{MLP_PATH}.gate": AFFINE_8,
    f"{MLP_PATH}.switch_mlp.gate_proj": MXFP4,
    f"{MLP_PATH}.switch_mlp.down_proj": False,
    "model.layers.0.mlp.gate": False,
    "model.layers.0.mlp.switch_mlp.up_proj": False,
}


@pytest.fixture(scope="session")
def mixed(sources: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> MLXPair:
    return quantize_checkpoint(sources["dense"], tmp_path_factory.mktemp("mixed"), AFFINE_4, MIXED)


def test_overrides(mixed: MLXPair) -> None:
    assert_same_logits(mixed.quantized, mixed.dequantized, 1e-5)


def test_overrides_of_experts(sources: dict[str, Path], tmp_path: Path) -> None:
    pair = quantize_checkpoint(sources["moe"], tmp_path, AFFINE_4, MIXED_MOE)
    assert_same_logits(pair.quantized, pair.dequantized, 1e-5)
    first, second = (block.mlp for block in load_model(pair.quantized).blocks)
    assert isinstance(first, MixtureOfExperts)
    assert isinstance(second, MixtureOfExperts)
    assert [type(part) for part in parts(first.experts.gate_up_proj)] == [
        QuantizedExpertLinear,
        ExpertLinear,
    ]
    assert [type(part) for part in parts(second.experts.gate_up_proj)] == [
        QuantizedExpertLinear
    ] * 2
    assert isinstance(first.gate, Linear)
    assert isinstance(second.gate, QuantizedLinear)
    assert isinstance(second.experts.down_proj, ExpertLinear)


def parts(projection: object) -> tuple[Any, ...]:
    """The separate products that a projection makes."""
    if isinstance(projection, (Concatenated, ConcatenatedExperts)):
        return projection.parts
    return (projection,)


def test_only_equal_layouts_are_fused(mixed: MLXPair) -> None:
    model = load_model(mixed.quantized)
    first, second = model.blocks
    assert [type(part) for part in parts(first.self_attn.qkv_proj)] == [
        QuantizedLinear,
        QuantizedLinear,
        Linear,
    ]
    assert len(parts(second.self_attn.qkv_proj)) == 1
    assert isinstance(second.mlp, MLP)
    assert len(parts(second.mlp.gate_up_proj)) == 2
    assert isinstance(model.embed_tokens, QuantizedEmbedding)
    assert isinstance(model.lm_head, Linear)


def test_alike_neighbours_are_fused_beside_another(
    sources: dict[str, Path], tmp_path: Path
) -> None:
    overrides: dict[str, Spec | bool] = {f"{ATTENTION}.q_proj": AFFINE_8}
    pair = quantize_checkpoint(sources["dense"], tmp_path, AFFINE_4, overrides)
    q_proj, kv_proj = parts(load_model(pair.quantized).blocks[0].self_attn.qkv_proj)
    assert isinstance(q_proj, QuantizedLinear)
    assert isinstance(kv_proj, QuantizedLinear)
    assert (q_proj.spec.bits, kv_proj.spec.bits) == (8, 4)
    assert q_proj.weight.shape[0] == kv_proj.weight.shape[0] == 128


def test_matrices_with_a_global_scale_stay_apart(
    sources: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run only on a GPU that supports them; the products can only be checked there."""
    folder = quantize_checkpoint(sources["moe"], tmp_path, NVFP4).quantized
    path = "model.layers.0.mlp.switch_mlp"
    scales = {f"{path}.{name}.global_scale": mx.full((8,), i + 1.0) for i, name in enumerate(GLU)}
    replace_tensors(folder, read_tensors(folder) | scales)
    monkeypatch.setattr(weights, "on_cpu", lambda: False)
    first, second = (block.mlp for block in load_model(folder).blocks)
    assert isinstance(first, MixtureOfExperts)
    assert isinstance(second, MixtureOfExperts)
    kept = [part.global_scale for part in parts(first.experts.gate_up_proj)]
    assert [scale.tolist() for scale in kept] == [[1.0] * 8, [2.0] * 8]
    assert len(parts(second.experts.gate_up_proj)) == 1


@pytest.mark.parametrize("quantized", [False, True])
def test_what_is_alike_is_one_product(
    quantized: bool, sources: dict[str, Path], tmp_path: Path
) -> None:
    for name in ("dense", "moe"):
        folder = sources[name]
        if quantized:
            folder = quantize_checkpoint(folder, tmp_path / name, AFFINE_4).quantized
        for block in load_model(folder).blocks:
            assert len(parts(block.self_attn.qkv_proj)) == 1
            mlp = block.mlp
            projections = mlp.experts if isinstance(mlp, MixtureOfExperts) else mlp
            assert len(parts(projections.gate_up_proj)) == 1


def test_memory_and_parameters_are_counted(sources: dict[str, Path], mixed: MLXPair) -> None:
    for name, shape in SHAPES.items():
        model = load_model(sources[name])
        assert model.config.num_parameters == num_bytes(shape, "bfloat16") // 2
        assert model.nbytes >= model.config.num_parameters * 4
        assert model.nbytes == sum(array.nbytes for array in distinct_arrays(model))
    packed, floats = load_model(mixed.quantized), load_model(mixed.dequantized)
    assert packed.config.num_parameters == floats.config.num_parameters
    assert packed.nbytes < 0.5 * floats.nbytes


def distinct_arrays(model: Qwen3) -> list[mx.array]:
    sparse = (block.mlp for block in model.blocks if isinstance(block.mlp, MixtureOfExperts))
    experts = tuple(mlp.experts for mlp in sparse)
    layers = (model.embed_tokens, *model.blocks, model.norm, model.lm_head, experts)
    return list({id(array): array for array in arrays_of(layers)}.values())


@pytest.mark.parametrize("name", ["dense", "moe"])
def test_progress(name: str, sources: dict[str, Path]) -> None:
    calls: list[tuple[int, int]] = []
    load_model(sources[name], on_progress=lambda done, total: calls.append((done, total)))
    total = num_bytes(SHAPES[name], "bfloat16")
    assert {t for _, t in calls} == {total}
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)
    assert calls[-1] == (total, total)


def test_weights_are_read_while_loading(sources: dict[str, Path], tmp_path: Path) -> None:
    """Deleting or rewriting a file after loading must have no effect."""
    folder = copy_checkpoint(sources["dense"], tmp_path)
    model = load_model(folder)
    (folder / "model.safetensors").write_bytes(b"")
    ids = random_ids(FEW)
    assert mx.array_equal(model(ids), load_model(sources["dense"])(ids))


@pytest.mark.parametrize("name", ["dense", "moe"])
def test_a_gpu_evaluates_and_releases_once_for_each_block(
    name: str, sources: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the experts' matrices, which are large, one by one."""
    model, ids = load_model(sources[name]), random_ids(FEW)
    expected = model(ids)
    evaluated: list[object] = []
    evaluate = mx.eval

    def spied(*arrays: object) -> None:
        evaluated.append(arrays)
        evaluate(*arrays)

    monkeypatch.setattr(weights, "on_cpu", lambda: False)
    monkeypatch.setattr(mx, "eval", spied)
    loaded = load_model(sources[name])
    config = loaded.config
    outside = 2  # the embedding; head and last norm
    assert len(evaluated) == outside + config.num_hidden_layers + 2 * config.num_sparse_layers
    assert relative_difference(loaded(ids), expected) <= 1e-5


@pytest.mark.parametrize("bits", [4, 8])
def test_kv_bits_choose_the_cache(bits: int, sources: dict[str, Path]) -> None:
    model = load_model(sources["dense"], options=LoadOptions(kv_bits=bits))
    cache = model.make_cache()
    assert isinstance(cache, QuantizedKVCache)
    assert cache.bits == bits
    ids = random_ids((1, 12))
    error = relative_difference(model(ids, cache), model(ids))
    assert 0 < error < {4: 0.3, 8: 0.02}[bits]


MEASURE = """
import json, os, re, sys
import mlx.core as mx
from qwen3mlx.model import load_model

def peak():
    with open("/proc/self/status") as status:
        return int(re.search(r"VmHWM:\\s+(\\d+)", status.read())[1]) * 1024

# The libraries' own memory, a first product's too, is not the weights'.
mx.eval(mx.ones((64, 64)) @ mx.ones((64, 64)))
before = peak()
model = load_model(sys.argv[1])
after = peak()
print(json.dumps([after - before, model.nbytes]))
"""

LARGE = Shape(
    hidden_size=512,
    intermediate_size=1536,
    num_hidden_layers=16,
    num_attention_heads=8,
    head_dim=64,
)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize(
    ("shape", "dtype"),
    [
        (LARGE, "float32"),
        (LARGE, "bfloat16"),
        (replace(LARGE, num_experts=8, moe_intermediate_size=256), "float32"),
    ],
    ids=["float32", "bfloat16", "moe"],
)
def test_peak_memory_is_the_weights(shape: Shape, dtype: StoredDtype, tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path, shape, dtype=dtype)
    command = [sys.executable, "-c", MEASURE, str(folder)]
    environment = {**os.environ, "PYTHONPATH": IMPORT_PATH}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    peak, nbytes = json.loads(done.stdout)
    assert nbytes > 150e6
    assert peak <= 1.1 * nbytes + 10e6, f"{peak / nbytes:.2f} times the weights"
