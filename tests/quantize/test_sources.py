"""What a conversion reads is what `load_model` reads; what it cannot read, it names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest
from qwen3mlx_quantize.source import Source

from qwen3mlx.errors import CheckpointError
from qwen3mlx.model import load_model
from tests.model.faults import Q_PROJ, change_tensors
from tests.model.support import (
    copy_checkpoint,
    edit_json,
    quantize_checkpoint,
    read_tensors,
    relative_difference,
    replace_tensors,
)
from tests.support.checkpoints import DENSE, DENSE_TIED, write_checkpoint

from .support import quantize

IDS = mx.array([[5, 17, 200, 31]])
FOUR = {"group_size": 64, "bits": 4}
SIX = {"group_size": 32, "bits": 6}


@pytest.fixture(scope="module")
def floats(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("floats"), DENSE, dtype="float32")


@pytest.fixture
def source(floats: Path, tmp_path: Path) -> Path:
    return copy_checkpoint(floats, tmp_path / "source")


def assert_refused(source: Path, output: Path, *named: str) -> None:
    with pytest.raises(CheckpointError) as caught:
        quantize(source, output)
    message = str(caught.value)
    assert "\n" not in message
    assert all(name in message for name in (str(source), *named))
    assert not output.exists()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("name", ["model.norm.weight", f"{Q_PROJ}.weight", "lm_head.weight"])
def test_a_number_that_is_not_finite(source: Path, tmp_path: Path, name: str, value: float) -> None:
    tensor = read_tensors(source)[name]
    tensor[(-1,) * tensor.ndim] = value
    change_tensors(source, {name: tensor})
    assert_refused(source, tmp_path / "out", name, "not finite")


def test_a_scale_that_is_not_finite(floats: Path, tmp_path: Path) -> None:
    source = quantize_checkpoint(floats, tmp_path / "pair", FOUR).quantized
    scales = read_tensors(source)[f"{Q_PROJ}.scales"]
    scales[3, 1] = float("nan")
    change_tensors(source, {f"{Q_PROJ}.scales": scales})
    assert_refused(source, tmp_path / "out", f"{Q_PROJ}.weight", "not finite")


@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize("own", [SIX, {"mode": "mxfp4"}, {"mode": "nvfp4"}])
def test_modules_that_are_packed_in_their_own_way(
    floats: Path, tmp_path: Path, own: dict[str, Any], listed: bool
) -> None:
    """mlx-lm's issue 1214: the overrides have other names than the tensors."""
    pair = quantize_checkpoint(floats, tmp_path / "pair", FOUR, {Q_PROJ: own})
    if not listed:
        overrides = {**FOUR, f"language_model.{Q_PROJ}": own}
        edit_json(pair.quantized / "config.json", {"quantization": overrides})
    expected = load_model(pair.dequantized)(IDS)
    assert relative_difference(load_model(pair.quantized)(IDS), expected) < 1e-4
    quantize(pair.quantized, tmp_path / "out", "bf16")
    written = read_tensors(tmp_path / "out")[f"{Q_PROJ}.weight"]
    right = read_tensors(pair.dequantized)[f"{Q_PROJ}.weight"]
    assert relative_difference(written, right) < 0.01


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"biases": None}, "biases"),
        ({"scales": mx.zeros((128, 3))}, "[128, 3]"),
        ({"biases": mx.zeros((2, 2))}, "[2, 2]"),
        ({"scales": mx.zeros((128, 2), mx.uint8)}, "U8"),
        ({"weight": mx.zeros((128, 128))}, "not packed"),
        ({"scales": None, "biases": None}, "U32"),
        ({"global_scale": mx.ones(())}, "global_scale"),
    ],
)
def test_parts_that_do_not_fit(
    floats: Path, tmp_path: Path, changes: dict[str, mx.array | None], named: str
) -> None:
    source = quantize_checkpoint(floats, tmp_path / "pair", FOUR, {Q_PROJ: FOUR}).quantized
    change_tensors(source, {f"{Q_PROJ}.{part}": array for part, array in changes.items()})
    assert_refused(source, tmp_path / "out", Q_PROJ, named)


def test_a_norm_of_integers(source: Path, tmp_path: Path) -> None:
    name = "model.layers.0.input_layernorm.weight"
    change_tensors(source, {name: mx.zeros((128,), mx.uint32)})
    assert_refused(source, tmp_path / "out", name, "U32")


def test_names_with_a_prefix_become_mlxs(source: Path, tmp_path: Path) -> None:
    expected = load_model(source)(IDS)
    names = list(read_tensors(source))
    tensors = read_tensors(source).items()
    replace_tensors(source, {f"_orig_mod.{name}": array for name, array in tensors})
    quantize(source, tmp_path / "out", "bf16")
    assert sorted(read_tensors(tmp_path / "out")) == sorted(names)
    assert mx.array_equal(load_model(tmp_path / "out")(IDS), expected)


def test_a_head_that_differs_is_written_and_said(tmp_path: Path) -> None:
    source = write_checkpoint(tmp_path / "source", DENSE_TIED, dtype="float32")
    change_tensors(source, {"lm_head.weight": mx.random.normal((320, 128))})
    quantize(source, tmp_path / "out", "bf16")
    assert Source(tmp_path / "out").config.tie_word_embeddings is False
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert config["tie_word_embeddings"] is False
    assert mx.array_equal(load_model(tmp_path / "out")(IDS), load_model(source)(IDS))
