"""AWQ, GPTQ and FP8 checkpoints compute what their numbers mean, which numpy says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest

from qwen3mlx.config import LoadOptions, ModelConfig, PublishedQuantization
from qwen3mlx.errors import CheckpointError, InvalidRequestError
from qwen3mlx.library.local_model import _quantization
from qwen3mlx.model import footprint, load_model
from qwen3mlx.model.linear import QuantizedLinear, Reordered
from qwen3mlx.model.packed import packed, unpacked
from tests.support.checkpoints import Shape
from tests.support.foreign import ForeignPair, awq, gptq, write_fp8, write_pair
from tests.support.places import IMPORT_PATH

from .faults import change_tensors, refused
from .support import copy_checkpoint, edit_json, random_ids, read_tensors, relative_difference

DENSE = Shape(num_hidden_layers=1)
MOE = Shape(num_hidden_layers=1, num_experts=4)
AWQ = {"quant_method": "awq", "bits": 4, "group_size": 128, "version": "gemm", "zero_point": True}
GPTQ = {"quant_method": "gptq", "bits": 4, "group_size": 128, "desc_act": False, "sym": True}
Q_PROJ = "model.layers.0.self_attn.q_proj"
TOLERANCE = 1e-5


def assert_means(pair: ForeignPair) -> None:
    ours, theirs = load_model(pair.published), load_model(pair.floats)
    for size in ((1, 3), (2, 20)):
        ids = random_ids(size)
        assert relative_difference(ours(ids), theirs(ids)) <= TOLERANCE


@pytest.mark.parametrize("shape", [DENSE, MOE], ids=["dense", "moe"])
@pytest.mark.parametrize("group_size", [32, 64, 128])
def test_awq(shape: Shape, group_size: int, tmp_path: Path) -> None:
    assert_means(write_pair(tmp_path, shape, AWQ, awq(group_size)))


@pytest.mark.parametrize("shape", [DENSE, MOE], ids=["dense", "moe"])
def test_fp8_becomes_integers_if_asked(shape: Shape, tmp_path: Path) -> None:
    pair = write_fp8(tmp_path, shape)
    eight = load_model(pair.published, options=LoadOptions(quantize=8))
    floats = load_model(pair.floats)
    ids = random_ids((2, 20))
    assert 0 < relative_difference(eight(ids), floats(ids)) < 0.05
    assert isinstance(eight.blocks[0].self_attn.o_proj, QuantizedLinear)
    needed = footprint(pair.published, LoadOptions(quantize=8)).weight_bytes
    assert needed == pytest.approx(eight.nbytes, rel=0.02)
    assert needed < 0.7 * footprint(pair.published).weight_bytes


def test_other_checkpoints_are_not_quantized_as_they_load(tmp_path: Path) -> None:
    pair = write_pair(tmp_path, DENSE, AWQ, awq())
    for folder in (pair.published, pair.floats):
        with pytest.raises(InvalidRequestError, match=r"FP8 checkpoints: convert") as caught:
            load_model(folder, options=LoadOptions(quantize=8))
        assert caught.value.param == "quantize"


def test_a_quantized_router(tmp_path: Path) -> None:
    """Qwen3-30B-A3B-GPTQ-Int4 has one."""
    shape = Shape(num_hidden_layers=1, num_experts=32)
    pair = write_pair(tmp_path, shape, AWQ, awq())
    assert "model.layers.0.mlp.gate.qweight" in read_tensors(pair.published)
    assert_means(pair)


@pytest.mark.parametrize("shape", [DENSE, MOE], ids=["dense", "moe"])
@pytest.mark.parametrize("bits", [2, 3, 4, 8])
@pytest.mark.parametrize("less_one", [True, False])
def test_gptq(shape: Shape, bits: int, less_one: bool, tmp_path: Path) -> None:
    config = GPTQ | {"bits": bits, "checkpoint_format": "gptq" if less_one else "gptq_v2"}
    assert_means(write_pair(tmp_path, shape, config, gptq(bits, 32, less_one=less_one)))


@pytest.mark.parametrize("group_size", [128, -1])
def test_larger_groups_of_gptq(group_size: int, tmp_path: Path) -> None:
    """One group for a whole row of 256 inputs becomes two of MLX's."""
    assert_means(write_pair(tmp_path, DENSE, GPTQ, gptq(4, group_size)))


@pytest.mark.parametrize(("desc_act", "parts"), [("shared", 1), ("own", 3)])
def test_gptq_in_the_order_of_activations(desc_act: str, parts: int, tmp_path: Path) -> None:
    pair = write_pair(tmp_path, DENSE, GPTQ, gptq(4, 32, desc_act=desc_act))
    assert_means(pair)
    qkv = load_model(pair.published).blocks[0].self_attn.qkv_proj
    found = getattr(qkv, "parts", (qkv,))
    assert [type(part) for part in found] == [Reordered] * parts


@pytest.mark.parametrize("shape", [DENSE, MOE], ids=["dense", "moe"])
def test_fp8(shape: Shape, tmp_path: Path) -> None:
    assert_means(write_fp8(tmp_path, shape))


def test_the_integers_stay_as_they_are(tmp_path: Path) -> None:
    pair = write_pair(tmp_path, DENSE, GPTQ, gptq(3, 32))
    stored = read_tensors(pair.published)[f"{Q_PROJ.replace('q_proj', 'o_proj')}.qweight"]
    o_proj = load_model(pair.published).blocks[0].self_attn.o_proj
    assert isinstance(o_proj, QuantizedLinear)
    assert (o_proj.spec.bits, o_proj.spec.group_size) == (3, 32)
    assert mx.array_equal(o_proj.weight, stored.T.view(mx.uint32))


@pytest.mark.parametrize("bits", range(1, 9))
def test_unpacking_undoes_packing(bits: int) -> None:
    values = mx.array(np.random.default_rng(bits).integers(0, 2**bits, (3, 96)), mx.uint32)
    assert mx.array_equal(unpacked(packed(values, bits), bits), values)


@pytest.mark.parametrize("method", ["awq", "gptq", "fp8"])
def test_the_memory_is_known_before(method: str, tmp_path: Path) -> None:
    makers = {"awq": (AWQ, awq(32)), "gptq": (GPTQ, gptq(4, 32))}
    if method == "fp8":
        pair = write_fp8(tmp_path, DENSE)
    else:
        pair = write_pair(tmp_path, DENSE, *makers[method])
    expected, taken = footprint(pair.published).weight_bytes, load_model(pair.published).nbytes
    assert 0.9 * taken <= expected <= 1.1 * taken


@pytest.mark.parametrize(
    ("config", "label"),
    [
        (AWQ, "awq-4bit"),
        (GPTQ | {"bits": 8}, "gptq-8bit"),
        ({"quant_method": "fp8", "weight_block_size": [128, 128]}, "fp8"),
    ],
)
def test_labels(config: dict[str, Any], label: str) -> None:
    raw = {**DENSE_CONFIG, "quantization_config": config}
    read = ModelConfig.from_mapping(raw)
    assert read.published is not None
    assert (read.published.label, _quantization(read)) == (label, label)


DENSE_CONFIG = {
    "model_type": "qwen3",
    "vocab_size": 320,
    "hidden_size": 128,
    "intermediate_size": 256,
    "num_hidden_layers": 1,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
}


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ({"quant_method": "bitsandbytes"}, "bitsandbytes"),
        ({"quant_method": "compressed-tensors", "format": "pack-quantized"}, "compressed-tensors"),
        ({"quant_method": None}, "null"),
        (AWQ | {"bits": 3}, "3 bits"),
        (AWQ | {"version": "gemv"}, "gemv"),
        (AWQ | {"zero_point": False}, "zero_point"),
        (GPTQ | {"bits": 5}, "5 bits"),
        (GPTQ | {"bits": True}, "true bits"),
        (GPTQ | {"checkpoint_format": "marlin"}, "marlin"),
        ({"quant_method": "fp8"}, "weight_block_size"),
        ({"quant_method": "fp8", "weight_block_size": [128]}, "weight_block_size"),
        ({"quant_method": "fp8", "weight_block_size": [0, 128]}, "weight_block_size"),
        ({"quant_method": "fp8", "weight_block_size": [128, 128], "fmt": "e5m2"}, "e5m2"),
    ],
)
def test_what_cannot_be_read(config: dict[str, Any], named: str) -> None:
    with pytest.raises(CheckpointError, match=named):
        PublishedQuantization.from_mapping(config, "config.json quantization")


@pytest.fixture(scope="module")
def read_only(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pair(tmp_path_factory.mktemp("gptq"), DENSE, GPTQ, gptq(4, 32)).published


@pytest.fixture
def broken(read_only: Path, tmp_path: Path) -> Path:
    return copy_checkpoint(read_only, tmp_path / "broken")


SIXTEEN = {"scales": mx.zeros((8, 128)), "qzeros": mx.zeros((8, 16), mx.int32), "g_idx": None}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"qzeros": None}, ("qzeros",)),
        ({"scales": None}, ("scales",)),
        ({"qzeros": mx.zeros((4, 15), mx.int32)}, ("qzeros", "[4, 15]", "[4, 16]")),
        ({"qweight": mx.zeros((20, 128), mx.int32)}, ("qweight", "[20, 128]", "2, 3, 4 or 8 bits")),
        ({"qweight": mx.zeros((16, 127), mx.int32)}, ("qweight", "[16, 127]")),
        ({"qweight": mx.zeros((16, 128))}, ("qweight", "F32")),
        ({"scales": mx.zeros((3, 128))}, ("scales", "[3, 128]")),
        (SIXTEEN, ("groups of 16",)),
        ({"scales": mx.zeros(128)}, ("scales", "[128]")),
        ({"g_idx": mx.zeros(128, mx.int32)}, ("g_idx", "different sizes")),
        ({"g_idx": mx.full(128, 99, mx.int32)}, ("g_idx",)),
        ({"g_idx": mx.zeros(64, mx.int32)}, ("g_idx", "[64]")),
        ({"bias": mx.zeros(128)}, (f"{Q_PROJ}.bias",)),
    ],
)
def test_tensors_that_do_not_fit(
    changes: dict[str, mx.array | None], named: tuple[str, ...], broken: Path
) -> None:
    change_tensors(broken, {f"{Q_PROJ}.{part}": array for part, array in changes.items()})
    refused(broken, *named)


def test_packed_but_config_does_not_say_so(broken: Path) -> None:
    edit_json(broken / "config.json", {}, ["quantization_config"])
    refused(broken, Q_PROJ)


def test_fp8_without_its_scales(tmp_path: Path) -> None:
    folder = write_fp8(tmp_path, DENSE).published
    edit_json(folder / "config.json", {}, ["quantization_config"])
    refused(folder, "F8_E4M3")


def test_experts_in_the_order_of_activations(tmp_path: Path) -> None:
    pair = write_pair(tmp_path, MOE, GPTQ, gptq(4, 32, desc_act="own"))
    refused(pair.published, "experts.0.", "inputs in order")


def test_a_plain_checkpoint_imports_nothing_of_it() -> None:
    code = (
        "import sys\n"
        "from qwen3mlx.library import DEMOS\n"
        "from qwen3mlx.model import load_model\n"
        "load_model(DEMOS['demo'])\n"
        "print('qwen3mlx.model.foreign' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": IMPORT_PATH},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "False"
