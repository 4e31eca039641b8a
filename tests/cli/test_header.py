from __future__ import annotations

from qwen3mlx.cli.header import header
from qwen3mlx.cli.settings import Settings
from qwen3mlx.config import ModelConfig

QWEN3_8B = {
    "model_type": "qwen3",
    "vocab_size": 151936,
    "hidden_size": 4096,
    "intermediate_size": 12288,
    "num_hidden_layers": 36,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "max_position_embeddings": 40960,
    "quantization": {"group_size": 128, "bits": 4},
}


def test_header() -> None:
    config = ModelConfig.from_mapping(QWEN3_8B)
    assert header("Qwen3-8B", config, Settings(think=False)) == (
        "Qwen3-8B: 8.2B parameters, 4-bit, context 40,960 tokens, thinking off"
    )
