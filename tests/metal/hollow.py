"""The released models with 4-bit weights that take no memory: to build graphs of real shapes."""

from __future__ import annotations

from typing import Any

import mlx.core as mx

from qwen3mlx.config import ModelConfig, QuantizationSpec
from qwen3mlx.model import Qwen3
from qwen3mlx.model.attention import Attention
from qwen3mlx.model.experts import Experts, ResidentExperts
from qwen3mlx.model.feed_forward import MLP, FeedForward, MixtureOfExperts
from qwen3mlx.model.linear import QuantizedEmbedding, QuantizedExpertLinear, QuantizedLinear
from qwen3mlx.model.qwen3 import Block
from qwen3mlx.model.rope import Rope

SPEC = QuantizationSpec(64, 4)


def array(*shape: int, dtype: mx.Dtype = mx.bfloat16) -> mx.array:
    """One number, seen in a whole shape."""
    hollow = mx.broadcast_to(mx.zeros((), dtype), shape)
    mx.eval(hollow)
    return hollow


def model(raw: dict[str, Any], num_layers: int | None = None) -> Qwen3:
    """Build the model of a released config.json as a checkpoint in 4 bits would be loaded."""
    config = ModelConfig.from_mapping(
        raw | {"num_hidden_layers": num_layers or raw["num_hidden_layers"]}
    )
    embed_tokens = _linear(config.vocab_size, config.hidden_size)
    store = ResidentExperts()
    blocks = tuple(_block(config, layer, store) for layer in range(config.num_hidden_layers))
    tied = config.tie_word_embeddings
    return Qwen3(
        config=config,
        dtype=mx.bfloat16,
        shared_nbytes=0,
        kv_bits=None,
        embed_tokens=QuantizedEmbedding(embed_tokens, mx.bfloat16),
        blocks=blocks,
        norm=array(config.hidden_size),
        lm_head=embed_tokens if tied else _linear(config.vocab_size, config.hidden_size),
        experts=store,
    )


def _block(config: ModelConfig, layer: int, store: ResidentExperts) -> Block:
    rope = Rope.from_config(config.rope, config.head_dim)
    heads, kv_heads, size = (
        config.num_attention_heads,
        config.num_key_value_heads,
        config.head_dim,
    )
    attention = Attention(
        layer=layer,
        num_heads=heads,
        num_kv_heads=kv_heads,
        head_dim=size,
        eps=config.rms_norm_eps,
        scale=size**-0.5,
        qkv_proj=_linear((heads + 2 * kv_heads) * size, config.hidden_size),
        o_proj=_linear(config.hidden_size, heads * size),
        qk_norm=array(heads + kv_heads, size),
        rope=rope,
    )
    norms = array(config.hidden_size), array(config.hidden_size)
    return Block(config.rms_norm_eps, *norms, attention, _feed_forward(config, layer, store))


def _feed_forward(config: ModelConfig, layer: int, store: ResidentExperts) -> FeedForward:
    hidden, inner = config.hidden_size, config.intermediate_size
    if not config.is_sparse(layer):
        return MLP(_linear(2 * inner, hidden), _linear(hidden, inner))
    number, inner = config.num_experts, config.moe_intermediate_size
    gate_up = QuantizedExpertLinear(*_packed(number, 2 * inner, hidden), SPEC)
    store.add(layer, Experts(gate_up, QuantizedExpertLinear(*_packed(number, hidden, inner), SPEC)))
    gate = _linear(number, hidden)
    return MixtureOfExperts(config.num_experts_per_tok, config.norm_topk_prob, gate, layer, store)


def _linear(rows: int, columns: int) -> QuantizedLinear:
    return QuantizedLinear(*_packed(rows, columns), SPEC)


def _packed(*shape: int) -> tuple[mx.array, mx.array, mx.array]:
    *rows, columns = shape
    scales, biases = (array(*rows, columns // SPEC.group_size) for _ in range(2))
    return array(*rows, columns * SPEC.bits // 32, dtype=mx.uint32), scales, biases
