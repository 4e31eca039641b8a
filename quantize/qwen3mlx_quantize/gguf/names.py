"""GGUF's name of each tensor of a Qwen3."""

from __future__ import annotations

# The last parts of a module's path -> GGUF's name behind `blk.N.`.
_IN_BLOCK = {
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "mlp.gate": "ffn_gate_inp",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "mlp.switch_mlp.gate_proj": "ffn_gate_exps",
    "mlp.switch_mlp.up_proj": "ffn_up_exps",
    "mlp.switch_mlp.down_proj": "ffn_down_exps",
}
_OUTSIDE = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "lm_head": "output",
    "score": "cls.output",
}


def tensor_name(path: str) -> str:
    """Return the tensor that holds module or norm `path`.

    llama.cpp permutes the rows of queries and keys for Llama; for Qwen3 they are as released.
    """
    if path in _OUTSIDE:
        return f"{_OUTSIDE[path]}.weight"
    _, _, layer, name = path.split(".", 3)
    return f"blk.{layer}.{_IN_BLOCK[name]}.weight"
