"""Rotary embedding and YaRN compared with the papers' formulas in numpy, in every spelling."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest

from qwen3mlx.config import LoadOptions
from qwen3mlx.config.rope import RopeConfig
from qwen3mlx.model import load_model
from qwen3mlx.model.rope import Rope

from .conftest import load_golden
from .support import GOLDENS, copy_checkpoint, relative_difference

GOLDEN_YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32}
OLD_YARN = {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32}
PLAIN = {"rope_type": "default", "rope_theta": 1000000.0}
CARD_YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768}


def rope_config(scaling: dict[str, Any] | None, theta: float = 1e6) -> RopeConfig:
    return RopeConfig.from_mapping(scaling, theta=theta, max_positions=40_960, source="rope")


def frequencies(head_dim: int, theta: float, yarn: dict[str, Any] | None) -> np.ndarray:
    """Radians per position of each pair of dimensions (arXiv:2104.09864, arXiv:2309.00071)."""
    plain = theta ** (-np.arange(0, head_dim, 2, dtype=np.float64) / head_dim)
    if yarn is None:
        return plain
    context = yarn["original_max_position_embeddings"]

    def pair_turning(times: float) -> float:
        return head_dim * math.log(context / (times * 2 * math.pi)) / (2 * math.log(theta))

    low, high = pair_turning(yarn.get("beta_fast", 32)), pair_turning(yarn.get("beta_slow", 1))
    if yarn.get("truncate", True):
        low, high = math.floor(low), math.ceil(high)
    low, high = max(low, 0), min(high, head_dim - 1)
    ramp = np.clip((np.arange(head_dim // 2) - low) / max(high - low, 0.001), 0, 1)
    return plain * (1 - ramp) + plain / yarn["factor"] * ramp


def rotated(x: np.ndarray, offset: int, frequency: np.ndarray) -> np.ndarray:
    angles = (offset + np.arange(x.shape[2]))[:, None] * frequency
    left, right = np.split(x.astype(np.float64), 2, axis=-1)
    cos, sin = np.cos(angles), np.sin(angles)
    return np.concatenate([left * cos - right * sin, right * cos + left * sin], axis=-1)


def random_heads(head_dim: int, length: int = 5) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.standard_normal((1, 2, length, head_dim), dtype=np.float32)


@pytest.mark.parametrize("offset", [0, 1, 1000, 40_955, 131_067])
@pytest.mark.parametrize(
    ("head_dim", "theta", "yarn"),
    [
        (128, 1e6, None),
        (64, 1e4, None),
        (128, 5e6, None),
        (128, 1e6, CARD_YARN),
        (128, 1e6, CARD_YARN | {"factor": 2.0}),
        (128, 1e6, CARD_YARN | {"beta_fast": 16.0, "beta_slow": 2.0}),
        (128, 1e6, CARD_YARN | {"truncate": False}),
        (32, 1e6, GOLDEN_YARN),
        (32, 1e4, CARD_YARN | {"factor": 8.0}),
    ],
    ids=str,
)
def test_rotation(head_dim: int, theta: float, yarn: dict[str, Any] | None, offset: int) -> None:
    x = random_heads(head_dim)
    rope = Rope.from_config(rope_config(yarn, theta), head_dim)
    expected = rotated(x, offset, frequencies(head_dim, theta, yarn))
    # An angle of n radians in float32 is exact to n / 2**24.
    tolerance = 1e-6 + 4 * (offset + 5) / 2**24
    assert relative_difference(rope(mx.array(x), offset), expected) <= tolerance


@pytest.mark.parametrize("yarn", [None, CARD_YARN], ids=["plain", "yarn"])
def test_offset_as_array(yarn: dict[str, Any] | None) -> None:
    x = mx.array(np.repeat(random_heads(128), 3, axis=0))
    rope = Rope.from_config(rope_config(yarn), 128)
    offsets = [0, 7, 40_000]
    by_row = mx.concatenate([rope(x[i : i + 1], n) for i, n in enumerate(offsets)])
    assert relative_difference(rope(x, mx.array(offsets)), by_row) <= 1e-6
    assert relative_difference(rope(x, mx.array(7)), rope(x, 7)) <= 1e-6


@pytest.mark.parametrize(
    ("extra", "factor"),
    [
        ({}, 0.1 * math.log(4) + 1),
        ({"attention_factor": 1.5}, 1.5),
        ({"mscale": 2.0, "mscale_all_dim": 1.0}, (0.2 * math.log(4) + 1) / (0.1 * math.log(4) + 1)),
        ({"factor": 1.0}, 1.0),
    ],
    ids=str,
)
def test_yarn_scales_queries_and_keys(extra: dict[str, float], factor: float) -> None:
    rope = Rope.from_config(rope_config(CARD_YARN | extra), 128)
    assert rope.score_scale == pytest.approx(factor**2)


@pytest.mark.parametrize("name", ["dense_yarn", "moe_yarn"])
def test_yarn_as_a_load_option(name: str, tmp_path: Path) -> None:
    golden = load_golden(name)
    changes = {"rope_scaling": None, "max_position_embeddings": 32}
    folder = copy_checkpoint(GOLDENS / name, tmp_path, changes)
    plain = load_model(folder)
    scaled = load_model(folder, options=LoadOptions(rope_scaling=GOLDEN_YARN))
    assert relative_difference(plain(golden.ids), golden.logits) > 1e-3
    assert relative_difference(scaled(golden.ids), golden.logits) <= 1e-5
    assert scaled.config == golden.model.config


@pytest.mark.parametrize(
    "spelling",
    [
        {"rope_parameters": {"rope_theta": 1000000.0, **GOLDEN_YARN}},
        {"rope_parameters": GOLDEN_YARN, "rope_theta": 1000000.0},
        {"rope_scaling": {"rope_theta": 1000000.0, **GOLDEN_YARN}},
        {"rope_scaling": {"type": "yarn", **GOLDEN_YARN}, "rope_theta": 1000000.0},
        {"rope_scaling": OLD_YARN, "rope_theta": 1000000.0},
        {"rope_scaling": GOLDEN_YARN, "rope_parameters": PLAIN},
    ],
    ids=["rope_parameters", "theta beside it", "theta inside", "both types", "old type", "both"],
)
@pytest.mark.parametrize("name", ["dense_yarn", "moe_yarn"])
def test_every_spelling_of_yarn(name: str, spelling: dict[str, Any], tmp_path: Path) -> None:
    remove = {"rope_theta", "rope_scaling"} - set(spelling)
    folder = copy_checkpoint(GOLDENS / name, tmp_path, spelling, sorted(remove))
    golden = load_golden(name)
    model = load_model(folder)
    assert model.config == golden.model.config
    assert relative_difference(model(golden.ids), golden.logits) <= 1e-5


def test_rope_parameters_without_scaling(tmp_path: Path) -> None:
    golden = load_golden("moe")
    remove = ["rope_theta", "rope_scaling"]
    folder = copy_checkpoint(GOLDENS / "moe", tmp_path, {"rope_parameters": PLAIN}, remove)
    assert relative_difference(load_model(folder)(golden.ids), golden.logits) <= 1e-5


def test_theta_of_rope_parameters_counts(tmp_path: Path) -> None:
    changes = {"rope_parameters": {"rope_type": "default", "rope_theta": 10000.0}}
    folder = copy_checkpoint(GOLDENS / "moe", tmp_path, changes)
    golden = load_golden("moe")
    assert relative_difference(load_model(folder)(golden.ids), golden.logits) > 1e-3
