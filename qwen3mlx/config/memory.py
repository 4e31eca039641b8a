"""How the memory of a computer is shared, and what a model takes of it: bytes, without arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .model import ModelConfig

# The share of the memory that this program takes; what MLX caches of freed memory is part of it.
MEMORY_SHARE, CACHE_SHARE, LARGEST_CACHE = 0.9, 0.05, 10**9
# The prefix cache gets at most this share of the memory that the weights leave.
PREFIX_SHARE = 0.5
# macOS lets the GPU keep two thirds of a small memory, and three quarters of one that is larger
# than this (Metal's recommendedMaxWorkingSetSize on such Macs).
_SMALL_MEMORY = 36 << 30
# Tokens per prefill pass. More keep no device busier, except with experts on a GPU: each one gets
# a small part of the tokens.
PREFILL_CHUNK, PREFILL_CHUNK_OF_EXPERTS = 512, 2048
# On a GPU, the kernels of a command buffer keep what they read until all of them are done: about
# two layers' activations.
_LAYERS_AT_ONCE = 2


def working_set(memory_bytes: int) -> int:
    """Return what macOS lets the GPU of a Mac with this memory keep resident."""
    return memory_bytes * 2 // 3 if memory_bytes <= _SMALL_MEMORY else memory_bytes * 3 // 4


def kept_when_freed(usable: int) -> int:
    """Return how much freed memory MLX may keep on a GPU that may use `usable` bytes."""
    return min(int(usable * CACHE_SHARE), LARGEST_CACHE)


def memory_limit(usable: int) -> int:
    """Return the bytes for weights, keys and values, and cached prefixes; the rest is for freed
    memory that MLX keeps, for activations, and all else on the machine.
    """
    return int(usable * MEMORY_SHARE) - kept_when_freed(usable)


def kv_group_size(head_dim: int) -> int:
    """Return how many numbers share a scale when keys and values are quantized."""
    return 64 if head_dim % 64 == 0 else 32


def kv_bytes_per_token(config: ModelConfig, value_bytes: int, kv_bits: int | None) -> int:
    """Keys and values of all layers, of numbers with `value_bytes` each.

    Each group of quantized numbers has a scale and a bias.
    """
    width = config.head_dim * value_bytes
    if kv_bits is not None:
        groups = config.head_dim // kv_group_size(config.head_dim)
        width = config.head_dim * kv_bits // 8 + 2 * groups * value_bytes
    return 2 * config.num_hidden_layers * config.num_key_value_heads * width


def prefill_chunk(config: ModelConfig, *, on_cpu: bool) -> int:
    """Return the most tokens of a prompt that are computed at once."""
    return PREFILL_CHUNK_OF_EXPERTS if config.num_experts and not on_cpu else PREFILL_CHUNK


def activation_bytes(
    config: ModelConfig, context_length: int, value_bytes: int, *, on_cpu: bool
) -> int:
    """Estimate what prefill takes at its largest, beside weights, keys and values.

    A layer holds, for each token of a chunk: the residual and what norms, the queries' forms, the
    gated products and, with experts, a row for each of them. Then there are the last one's logits.
    The CPU computes attention's scores one array at a time; a GPU's kernel keeps none. The factors
    are those of measured peaks: tests/engine/test_peak_memory.py compares.
    """
    queries = config.num_attention_heads * config.head_dim
    inner = config.intermediate_size
    if config.num_experts:
        rows = config.num_experts_per_tok * (config.moe_intermediate_size + config.hidden_size)
        inner = max(rows, inner if config.mlp_only_layers else 0)
    chunk = min(prefill_chunk(config, on_cpu=on_cpu), context_length)
    logits = 2 * config.vocab_size * 4
    numbers = 6 * config.hidden_size + 8 * queries + 3 * inner
    if not on_cpu:
        return logits + _LAYERS_AT_ONCE * chunk * numbers * value_bytes
    if config.num_experts and config.quantization is not None:
        numbers -= inner * 17 // 10  # the CPU's kernel for quantized experts keeps fewer copies
    scores = config.num_attention_heads * context_length * 11 // 10
    return logits + chunk * (numbers + scores) * value_bytes
