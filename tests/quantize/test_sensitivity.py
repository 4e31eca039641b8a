"""`auto`: the cost of each module, and the distribution of bits."""

from __future__ import annotations

from pathlib import Path

import pytest
from qwen3mlx_quantize import recipe, sensitivity
from qwen3mlx_quantize.plan import build_plan
from qwen3mlx_quantize.quality import measure
from qwen3mlx_quantize.source import Source

from qwen3mlx.config import QuantizationSpec
from qwen3mlx.errors import UsageError
from tests.support.checkpoints import DENSE, DENSE_TIED, MOE, write_checkpoint

from .support import quantize, tokens

DOCUMENTS = [list(range(start, start + 40)) for start in (5, 170)]


@pytest.fixture(
    scope="module",
    params=[
        ("dense", DENSE),
        pytest.param(("tied", DENSE_TIED), marks=pytest.mark.slow),
        pytest.param(("moe", MOE), marks=pytest.mark.slow),
    ],
)
def source(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Source:
    name, shape = request.param
    return Source(write_checkpoint(tmp_path_factory.mktemp("auto") / name, shape))


@pytest.fixture(scope="module")
def costs(source: Source) -> dict[str, float]:
    return sensitivity.measure(source, DOCUMENTS)


def test_a_cost_is_the_divergence_of_one_quantized_module(
    source: Source, costs: dict[str, float], tmp_path: Path
) -> None:
    path = "model.layers.1.self_attn.o_proj"
    alone = recipe.parse(f'bits = 16\n[[rules]]\nmodules = ["{path}"]\nbits = 4', "x", "alone")
    quantize(source.folder, tmp_path / "out", alone, "mse")
    text = tokens(*([*document, 1] for document in DOCUMENTS))
    (quality,) = measure([tmp_path / "out"], source.folder, text)
    assert costs[path] == pytest.approx(quality.kl_mean, rel=1e-3)
    assert set(costs) == {m.path for m in source.modules if not m.path.endswith(".mlp.gate")}


@pytest.mark.parametrize("target", [4.0, 5.0, 6.5])
def test_bits_go_where_they_save_most_within_the_size(
    source: Source, costs: dict[str, float], target: float
) -> None:
    made = sensitivity.recipe(source, costs, target)
    plan = build_plan(source, made)
    assert target - 0.4 < plan.bits_per_weight <= target
    bits = {s.module.path: s.spec.bits for s in plan.steps if s.module and s.spec}
    alike = [f"model.layers.{layer}.self_attn.q_proj" for layer in range(3)]
    by_cost = sorted(alike, key=lambda path: costs[path])
    assert [bits[path] for path in by_cost] == sorted(bits[path] for path in alike)


def test_too_few_bits_are_refused_with_the_minimum(source: Source, costs: dict[str, float]) -> None:
    with pytest.raises(UsageError, match=r"the minimum is [34]\.\d\d"):
        sensitivity.recipe(source, costs, 2.0)


def test_a_router_keeps_its_bits(source: Source, costs: dict[str, float]) -> None:
    made = sensitivity.recipe(source, costs, 5.0)
    if source.config.num_experts:
        assert made.spec("model.layers.0.mlp.gate", 3) == QuantizationSpec(64, 8)
