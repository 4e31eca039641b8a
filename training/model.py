"""Qwen3 and Qwen3-MoE in PyTorch, for training only: parameter names as in the checkpoints.

The MoE evaluates every expert for every token and weights the results, with zero for experts that
were not chosen. That equals sparse routing, and at this size one wide matmul beats eight gathers.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class Shape:
    """The numbers of config.json that differ between the two demos."""

    hidden_size: int = 192
    num_hidden_layers: int = 6
    num_attention_heads: int = 4
    num_key_value_heads: int = 2
    head_dim: int = 64
    intermediate_size: int = 512
    vocab_size: int = 1984
    rope_theta: float = 10000.0
    max_position_embeddings: int = 4096
    rms_norm_eps: float = 1e-6
    num_experts: int = 0
    num_experts_per_tok: int = 2
    moe_intermediate_size: int = 128

    def config(self) -> dict[str, Any]:
        """Return config.json as transformers writes it."""
        moe = self.num_experts > 0
        values = asdict(self)
        if not moe:
            for key in ("num_experts", "num_experts_per_tok", "moe_intermediate_size"):
                del values[key]
        else:
            values |= {
                "decoder_sparse_step": 1,
                "mlp_only_layers": [],
                "norm_topk_prob": True,
                "output_router_logits": False,
                "router_aux_loss_coef": 0.001,
            }
        return values | {
            "architectures": ["Qwen3MoeForCausalLM" if moe else "Qwen3ForCausalLM"],
            "model_type": "qwen3_moe" if moe else "qwen3",
            "attention_bias": False,
            "attention_dropout": 0.0,
            "hidden_act": "silu",
            "initializer_range": 0.02,
            "tie_word_embeddings": True,
            "torch_dtype": "bfloat16",
            "use_cache": True,
            "use_sliding_window": False,
            "sliding_window": None,
            "rope_scaling": None,
        }


SHAPES = {
    "dense": Shape(),
    "moe": Shape(num_hidden_layers=5, num_experts=8),
}

LONGEST_PLAIN = 512


class RMSNorm(nn.Module):
    def __init__(self, size: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        y = x.float()
        y = y * torch.rsqrt(y.square().mean(-1, keepdim=True) + self.eps)
        return (y * self.weight).to(x.dtype)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    left, right = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-right, left), dim=-1) * sin


def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Causal grouped-query attention.

    Up to 512 tokens two plain matmuls, with the heads of a group stacked as rows, are two to four
    times faster here than PyTorch's fused attention on the CPU (forward and backward, bfloat16).
    """
    rows, heads, length, dim = q.shape
    groups = k.size(1)
    if length > LONGEST_PLAIN or q.is_cuda:
        return F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
    mask = torch.full((length, length), -1e4, dtype=q.dtype, device=q.device).triu(1)
    stacked = (q * dim**-0.5).reshape(rows, groups, -1, dim)
    scores = (stacked @ k.mT).view(rows, groups, -1, length, length) + mask
    return (scores.softmax(-1).view(rows, groups, -1, length) @ v).view(rows, heads, length, dim)


class Attention(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        size, dim = shape.hidden_size, shape.head_dim
        self.q_proj = nn.Linear(size, shape.num_attention_heads * dim, bias=False)
        self.k_proj = nn.Linear(size, shape.num_key_value_heads * dim, bias=False)
        self.v_proj = nn.Linear(size, shape.num_key_value_heads * dim, bias=False)
        self.o_proj = nn.Linear(shape.num_attention_heads * dim, size, bias=False)
        self.q_norm = RMSNorm(dim, shape.rms_norm_eps)
        self.k_norm = RMSNorm(dim, shape.rms_norm_eps)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        rows, length, _ = x.shape
        heads = (rows, length, -1, self.shape.head_dim)
        q = self.q_norm(self.q_proj(x).view(heads)).transpose(1, 2)
        k = self.k_norm(self.k_proj(x).view(heads)).transpose(1, 2)
        v = self.v_proj(x).view(heads).transpose(1, 2)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        y = attend(q, k, v)
        return self.o_proj(y.transpose(1, 2).reshape(rows, length, -1))


class MLP(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        size, inner = shape.hidden_size, shape.intermediate_size
        self.gate_proj = nn.Linear(size, inner, bias=False)
        self.up_proj = nn.Linear(size, inner, bias=False)
        self.down_proj = nn.Linear(inner, size, bias=False)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x)), x.new_zeros(())


class MoE(nn.Module):
    """Stacked experts; `forward` also returns the load-balancing loss of this layer."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        experts, size, inner = shape.num_experts, shape.hidden_size, shape.moe_intermediate_size
        self.gate = nn.Linear(size, experts, bias=False)
        self.gate_proj = nn.Parameter(torch.empty(experts, inner, size))
        self.up_proj = nn.Parameter(torch.empty(experts, inner, size))
        self.down_proj = nn.Parameter(torch.empty(experts, size, inner))

    def _routing(self, x: Tensor) -> tuple[Tensor, Tensor]:
        chances = F.linear(x.float(), self.gate.weight.float()).softmax(-1)
        best, chosen = chances.topk(self.shape.num_experts_per_tok, dim=-1)
        picked = F.one_hot(chosen, self.shape.num_experts).to(chances.dtype)
        weights = (picked * (best / best.sum(-1, keepdim=True)).unsqueeze(-1)).sum(-2)
        load = picked.sum(-2).flatten(0, -2).mean(0)
        balance = self.shape.num_experts * (load * chances.flatten(0, -2).mean(0)).sum()
        return weights, balance

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        weights, balance = self._routing(x)
        h = F.silu(F.linear(x, self.gate_proj.flatten(0, 1))) * F.linear(
            x, self.up_proj.flatten(0, 1)
        )
        h = h.unflatten(-1, (self.shape.num_experts, -1)) * weights.unsqueeze(-1).to(h.dtype)
        return F.linear(h.flatten(-2), self.down_proj.transpose(0, 1).flatten(1)), balance


class Block(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.input_layernorm = RMSNorm(shape.hidden_size, shape.rms_norm_eps)
        self.self_attn = Attention(shape)
        self.post_attention_layernorm = RMSNorm(shape.hidden_size, shape.rms_norm_eps)
        self.mlp = MoE(shape) if shape.num_experts else MLP(shape)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor]:
        x = x + self.self_attn(self.input_layernorm(x), cos, sin)
        y, balance = self.mlp(self.post_attention_layernorm(x))
        return x + y, balance


class Qwen3(nn.Module):
    """The decoder; the output projection is the embedding."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embed_tokens = nn.Embedding(shape.vocab_size, shape.hidden_size)
        self.layers = nn.ModuleList(Block(shape) for _ in range(shape.num_hidden_layers))
        self.norm = RMSNorm(shape.hidden_size, shape.rms_norm_eps)
        self.apply_init()

    def apply_init(self) -> None:
        """Initialize normal weights, small for what writes to the residual stream."""
        for name, weight in self.named_parameters():
            if weight.dim() < 2:
                continue
            std = 0.02 if "embed" in name else weight.shape[-1] ** -0.5
            if name.endswith(("o_proj.weight", "down_proj.weight", "down_proj")):
                std /= (2 * self.shape.num_hidden_layers) ** 0.5
            nn.init.normal_(weight, std=std)

    def rope(self, length: int, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        dim = self.shape.head_dim
        frequency = self.shape.rope_theta ** -(torch.arange(0, dim, 2).float() / dim)
        angles = torch.arange(length).float()[:, None] * frequency[None]
        angles = torch.cat((angles, angles), dim=-1)
        return angles.cos().to(dtype), angles.sin().to(dtype)

    def forward(self, ids: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor]:
        """The final hidden states, and the mean load-balancing loss."""
        x = self.embed_tokens(ids).to(cos.dtype)
        balance = x.new_zeros((), dtype=torch.float32)
        for layer in self.layers:
            x, extra = layer(x, cos, sin)
            balance = balance + extra.float() / len(self.layers)
        return self.norm(x), balance

    def logits(self, hidden: Tensor) -> Tensor:
        return F.linear(hidden, self.embed_tokens.weight)
