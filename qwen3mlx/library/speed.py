"""How fast a model is: as measured on this computer, or else as its chip lets one expect.

The estimate is a roofline. Decoding reads the weights that a step needs, and the keys and values of
all tokens before; prefill computes two operations for each weight of a token's way, and attention.
The efficiencies are fitted to published speeds: see docs/which-model.md, which compares them.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Literal, NamedTuple

from ..config.memory import kv_bytes_per_token
from ..config.model import ModelConfig
from ..settings.state import StateFile
from .machine import Chip

# The share of the memory's bandwidth, and of the GPU's operations in dense matrices and in those
# of experts, which each get few rows.
BANDWIDTH_SHARE, DENSE_SHARE, EXPERTS_SHARE = 0.88, 0.63, 0.5
# Seconds that the kernels of a layer take in a step beside reading: their launches and small parts.
LAYER_S, SPARSE_LAYER_S = 60e-6, 85e-6
_VALUE_BYTES = 2  # keys and values in bfloat16

MEASURED = "measured.json"


class Speed(NamedTuple):
    """Tokens per second of one answer; `decode_tps` after a context, beside parallel answers."""

    prefill_tps: float
    decode_tps: float
    source: Literal["estimated", "measured here"] = "estimated"


class Depth(NamedTuple):
    """A measured speed, after so many tokens."""

    prompt_tokens: int
    prefill_tps: float
    decode_tps: float


def estimated(
    chip: Chip,
    config: ModelConfig,
    bits_per_weight: float,
    *,
    context_length: int,
    parallel: int = 1,
    kv_bits: int | None = None,
) -> Speed:
    """Return what to expect where the context holds so many tokens."""
    step_s = sum(
        step_seconds(
            chip,
            config,
            bits_per_weight,
            context_length=context_length,
            parallel=parallel,
            kv_bits=kv_bits,
        )
    )
    share = EXPERTS_SHARE if config.num_sparse_layers else DENSE_SHARE
    prefill_tps = chip.matmul_tflops * 1e12 * share / _operations(config, context_length)
    return Speed(prefill_tps, 1 / step_s)


def step_seconds(
    chip: Chip,
    config: ModelConfig,
    bits_per_weight: float,
    *,
    context_length: int,
    parallel: int = 1,
    kv_bits: int | None = None,
) -> tuple[float, float]:
    """Return how long a decode step reads, and how long its kernels take beside that."""
    read = _weights_read(config, parallel) * bits_per_weight / 8
    read += parallel * context_length * kv_bytes_per_token(config, _VALUE_BYTES, kv_bits)
    sparse = config.num_sparse_layers
    overhead = sparse * SPARSE_LAYER_S + (config.num_hidden_layers - sparse) * LAYER_S
    return read / (chip.bandwidth * 1e9 * BANDWIDTH_SHARE), overhead


def measured(folder: Path, context_length: int) -> Speed | None:
    """Return what `qwen3mlx bench` measured of this folder, nearest to such a context."""
    depths = [Depth(*row) for row in StateFile(MEASURED).read().get(str(folder), [])]
    if not depths:
        return None
    near = min(depths, key=lambda depth: abs(depth.prompt_tokens - context_length))
    return Speed(near.prefill_tps, near.decode_tps, "measured here")


def remember(folder: Path, depths: list[Depth]) -> None:
    """Keep what was measured of a folder's model. Raises NotSavedError."""
    with StateFile(MEASURED).edit() as known:
        known[str(folder)] = [list(depth) for depth in depths]


def _weights_read(config: ModelConfig, parallel: int) -> float:
    """Return how many weights a step of so many rows reads: of experts, those that are chosen."""
    total = 0.0
    for module in config.modules():
        if module.path == "model.embed_tokens" and not config.tie_word_embeddings:
            continue  # one row of it for each token
        idle = 0.0
        if len(module.shape) == 3:
            idle = math.pow(1 - config.num_experts_per_tok / config.num_experts, parallel)
        total += module.num_weights * (1 - idle)
    return total


def _operations(config: ModelConfig, context_length: int) -> float:
    """Return the operations of a prompt's average token; only the last one has logits."""
    weights = _weights_read(config, 1) - config.vocab_size * config.hidden_size
    queries = config.num_attention_heads * config.head_dim
    attention = 4 * config.num_hidden_layers * queries * context_length / 2
    return 2 * weights + attention
