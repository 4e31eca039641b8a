"""The first line of the chat: which model this is."""

from __future__ import annotations

from ..config import ModelConfig
from .settings import Settings

_SWITCH = {True: "thinking on", False: "thinking off", None: "thinking on"}


def header(name: str, config: ModelConfig, settings: Settings) -> str:
    """`Qwen3-8B-MLX-4bit: 8.2B parameters, 4-bit, context 40,960 tokens, thinking on`."""
    precision = f"{config.quantization.default.bits}-bit" if config.quantization else config.dtype
    context = f"context {config.max_position_embeddings:,} tokens"
    thinking = _SWITCH[settings.think]
    return f"{name}: {_count(config)} parameters, {precision}, {context}, {thinking}"


def _count(config: ModelConfig) -> str:
    parameters = num_parameters(config)
    for unit, size in (("B", 1e9), ("M", 1e6)):
        if parameters >= size:
            return f"{parameters / size:.1f}{unit}"
    return f"{parameters / 1e3:.0f}K"


def num_parameters(config: ModelConfig) -> int:
    """Weights of the checkpoint, quantized ones counted as the numbers they stand for."""
    hidden, head = config.hidden_size, config.head_dim
    heads = config.num_attention_heads + config.num_key_value_heads
    attention = 2 * hidden * heads * head + 2 * head
    embeddings = config.vocab_size * hidden * (1 if config.tie_word_embeddings else 2)
    total = embeddings + hidden
    for layer in range(config.num_hidden_layers):
        if config.is_sparse(layer):
            expert = 3 * hidden * config.moe_intermediate_size
            feed_forward = config.num_experts * (expert + hidden)
        else:
            feed_forward = 3 * hidden * config.intermediate_size
        total += attention + feed_forward + 2 * hidden
    return total
