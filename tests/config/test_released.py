"""The released configurations parse, and their parameter counts match the published sizes."""

from __future__ import annotations

import math

import pytest

from qwen3mlx.config import ModelConfig
from tests.support.checkpoints import Shape, tensor_shapes

from .released import RELEASED

PUBLISHED = {
    "0.6B": 596_049_920,
    "1.7B": 1_720_574_976,
    "4B": 4_022_468_096,
    "8B": 8_190_735_360,
    "14B": 14_768_307_200,
    "32B": 32_762_123_264,
    "30B-A3B": 30_532_122_624,
    "235B-A22B": 235_093_634_560,
}


@pytest.mark.parametrize("name", RELEASED)
def test_values_are_read(name: str) -> None:
    raw = RELEASED[name]
    config = ModelConfig.from_mapping(raw)
    for key in (
        "model_type",
        "vocab_size",
        "hidden_size",
        "intermediate_size",
        "num_hidden_layers",
        "num_attention_heads",
        "num_key_value_heads",
        "head_dim",
        "rms_norm_eps",
        "max_position_embeddings",
        "tie_word_embeddings",
    ):
        assert getattr(config, key) == raw[key]
    for key in ("num_experts", "num_experts_per_tok", "moe_intermediate_size"):
        assert getattr(config, key) == raw.get(key, 0)
    assert config.rope.theta == 1e6
    assert config.rope.kind == "default"
    assert config.dtype == "bfloat16"
    assert config.quantization is None
    assert config.eos_token_ids == (151645,)
    sparse = [config.is_sparse(layer) for layer in range(config.num_hidden_layers)]
    assert sparse == [name.endswith(("A3B", "A22B"))] * config.num_hidden_layers


@pytest.mark.parametrize("name", RELEASED)
def test_number_of_parameters(name: str) -> None:
    assert ModelConfig.from_mapping(RELEASED[name]).num_parameters == PUBLISHED[name]


@pytest.mark.parametrize("name", RELEASED)
def test_number_of_parameters_is_the_sum_of_the_tensors(name: str) -> None:
    config = ModelConfig.from_mapping(RELEASED[name])
    fields = {key: getattr(config, key) for key in Shape.__dataclass_fields__}
    assert sum(math.prod(size) for _, size in tensor_shapes(Shape(**fields))) == PUBLISHED[name]


def test_layers_of_two_kinds_are_counted_as_what_they_are() -> None:
    mixed = {"decoder_sparse_step": 2, "mlp_only_layers": [3]}
    config = ModelConfig.from_mapping(RELEASED["30B-A3B"] | mixed)
    assert 0 < config.num_sparse_layers < config.num_hidden_layers / 2
    matrices = sum(module.num_weights for module in config.modules())
    assert config.num_parameters == matrices + sum(config.norms().values())
