"""The first line of the chat: the model's name, size and settings."""

from __future__ import annotations

from ..config import ModelConfig
from .settings import Settings

_SWITCH = {True: "thinking on", False: "thinking off", None: "thinking on"}


def header(name: str, config: ModelConfig, settings: Settings) -> str:
    """`Qwen3-8B-MLX-4bit: 8.2B parameters, 4-bit, context 40,960 tokens, thinking on`."""
    precision = config.published.label if config.published else config.dtype
    if config.quantization:
        precision = f"{config.quantization.default.bits}-bit"
    context = f"context {config.max_position_embeddings:,} tokens"
    thinking = _SWITCH[settings.think]
    return f"{name}: {_count(config)} parameters, {precision}, {context}, {thinking}"


def _count(config: ModelConfig) -> str:
    parameters = config.num_parameters
    for unit, size in (("B", 1e9), ("M", 1e6)):
        if parameters >= size:
            return f"{parameters / size:.1f}{unit}"
    return f"{parameters / 1e3:.0f}K"
