"""Grouped-query attention with QK-norm, as in every Qwen3."""

from __future__ import annotations

from dataclasses import dataclass

import mlx.core as mx

from .cache import AttentionContext
from .linear import Projection
from .rope import Rope


@dataclass(frozen=True, slots=True, eq=False)
class Attention:
    """`qkv_proj` is q_proj, k_proj and v_proj side by side.

    `qk_norm` [heads + kv_heads, head_dim] holds q_norm's weight for each query head and k_norm's
    for each key head: normalizing and rotating queries and keys together takes half the kernels.
    """

    layer: int
    num_heads: int
    num_kv_heads: int
    head_dim: int
    eps: float
    scale: float
    qkv_proj: Projection
    o_proj: Projection
    qk_norm: mx.array
    rope: Rope

    def __call__(
        self, x: mx.array, context: AttentionContext, *, last_only: bool = False
    ) -> mx.array:
        """x [B, L, hidden] -> the same shape, or only its last position [B, 1, hidden]."""
        batch, length, _ = x.shape
        num_qk = self.num_heads + self.num_kv_heads
        qkv = self.qkv_proj(x).reshape(batch, length, -1, self.head_dim)
        qk = mx.fast.rms_norm(qkv[:, :, :num_qk], None, self.eps) * self.qk_norm
        qk = self.rope(qk.transpose(0, 2, 1, 3), context.offset)
        queries, keys = qk[:, : self.num_heads], qk[:, self.num_heads :]
        values = qkv[:, :, num_qk:].transpose(0, 2, 1, 3)
        if last_only:
            queries = queries[:, :, -1:]
        output = context.attend(self.layer, queries, keys, values, self.scale)
        return self.o_proj(output.transpose(0, 2, 1, 3).flatten(-2))
