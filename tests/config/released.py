"""config.json of the eight models released by Qwen, without the metadata they share."""

from __future__ import annotations

from typing import Any

COMMON: dict[str, Any] = {
    "attention_bias": False,
    "attention_dropout": 0.0,
    "bos_token_id": 151643,
    "eos_token_id": 151645,
    "head_dim": 128,
    "hidden_act": "silu",
    "initializer_range": 0.02,
    "max_position_embeddings": 40960,
    "rms_norm_eps": 1e-06,
    "rope_scaling": None,
    "rope_theta": 1000000,
    "sliding_window": None,
    "torch_dtype": "bfloat16",
    "transformers_version": "4.51.0",
    "use_cache": True,
    "use_sliding_window": False,
    "vocab_size": 151936,
}


def dense(
    hidden: int, intermediate: int, layers: int, heads: int, *, tied: bool = False
) -> dict[str, Any]:
    return COMMON | {
        "architectures": ["Qwen3ForCausalLM"],
        "model_type": "qwen3",
        "hidden_size": hidden,
        "intermediate_size": intermediate,
        "max_window_layers": layers,
        "num_attention_heads": heads,
        "num_hidden_layers": layers,
        "num_key_value_heads": 8,
        "tie_word_embeddings": tied,
    }


def moe(hidden: int, intermediate: int, inner: int, layers: int, heads: int) -> dict[str, Any]:
    return dense(hidden, intermediate, layers, heads) | {
        "architectures": ["Qwen3MoeForCausalLM"],
        "model_type": "qwen3_moe",
        "num_key_value_heads": 4,
        "decoder_sparse_step": 1,
        "mlp_only_layers": [],
        "moe_intermediate_size": inner,
        "norm_topk_prob": True,
        "num_experts": 128,
        "num_experts_per_tok": 8,
        "output_router_logits": False,
        "router_aux_loss_coef": 0.001,
    }


RELEASED: dict[str, dict[str, Any]] = {
    "0.6B": dense(1024, 3072, 28, 16, tied=True),
    "1.7B": dense(2048, 6144, 28, 16, tied=True),
    "4B": dense(2560, 9728, 36, 32, tied=True),
    "8B": dense(4096, 12288, 36, 32),
    "14B": dense(5120, 17408, 40, 40),
    "32B": dense(5120, 25600, 64, 64),
    "30B-A3B": moe(2048, 6144, 768, 48, 32),
    "235B-A22B": moe(4096, 12288, 1536, 94, 64),
}
