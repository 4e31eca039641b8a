"""Grouped-query attention with QK-norm, as in every Qwen3."""

from __future__ import annotations

from dataclasses import dataclass

import mlx.core as mx

from .cache import AttentionContext
from .device import on_cpu
from .linear import Projection
from .rope import Rope, Turns


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
        qkv = self.qkv_proj(x).reshape(batch, length, -1, self.head_dim)
        if context.turns is None:
            queries, new = self._rotated(qkv, context.offset)
        else:
            queries, new = self._turned(qkv, context.turns)
        if last_only:
            queries = queries[:, :, -1:]
        output = context.attend(self.layer, queries, new, self.scale)
        return self.o_proj(output.transpose(0, 2, 1, 3).flatten(-2))

    def _rotated(self, qkv: mx.array, offset: int | mx.array) -> tuple[mx.array, mx.array]:
        """qkv [B, L, all heads, D] -> queries [B, heads, L, D], new keys and values."""
        num_qk = self.num_heads + self.num_kv_heads
        if on_cpu():
            qk = mx.fast.rms_norm(qkv[:, :, :num_qk], None, self.eps)
        else:  # which would copy a part
            qk = mx.fast.rms_norm(qkv, None, self.eps)[:, :, :num_qk]
        qk = self.rope((qk * self.qk_norm).transpose(0, 2, 1, 3), offset)
        values = qkv[:, :, num_qk:].transpose(0, 2, 1, 3)
        return qk[:, : self.num_heads], mx.concatenate([qk[:, self.num_heads :], values])

    def _turned(self, qkv: mx.array, turns: Turns) -> tuple[mx.array, mx.array]:
        """Do the same for one token of each row, in two elementwise kernels.

        A GPU's other kernels would first copy an array of which they read some heads.
        """
        batch, heads, kv_heads = qkv.shape[0], self.num_heads, self.num_kv_heads
        normed = mx.fast.rms_norm(qkv, None, self.eps)
        normed, raw = (x.reshape(batch, -1, 2, self.head_dim // 2) for x in (normed, qkv))
        weight = self.qk_norm.reshape(-1, 2, self.head_dim // 2)
        first, second = (factor[:, None] for factor in turns)
        queries = _turn(*_halves(normed[:, :heads]), *_halves(weight[:heads]), first, second)
        # First all keys, then all values, of which only the keys are normalized and rotated.
        both, plain = (
            x[:, heads:].reshape(batch, 2, kv_heads, 2, -1).transpose(1, 0, 2, 3, 4)
            for x in (normed, raw)
        )
        is_value = mx.array([False, True]).reshape(2, 1, 1, 1, 1)
        new = _turn_keys(
            *_halves(both), *_halves(weight[heads:]), first[None], second[None], plain, is_value
        )
        return (
            queries.reshape(batch, heads, 1, self.head_dim),
            new.reshape(2 * batch, kv_heads, 1, self.head_dim),
        )


def _halves(x: mx.array) -> tuple[mx.array, mx.array]:
    """[..., 2, D / 2] -> both halves of each head, [..., 1, D / 2]."""
    return x[..., :1, :], x[..., 1:, :]


@mx.compile
def _turn(
    x1: mx.array, x2: mx.array, w1: mx.array, w2: mx.array, first: mx.array, second: mx.array
) -> mx.array:
    """The halves of normalized heads, and of their weights -> rotated heads [..., 2, D / 2]."""
    return ((x1 * w1) * first + (x2 * w2) * second).astype(x1.dtype)


@mx.compile
def _turn_keys(
    x1: mx.array,
    x2: mx.array,
    w1: mx.array,
    w2: mx.array,
    first: mx.array,
    second: mx.array,
    plain: mx.array,
    is_value: mx.array,
) -> mx.array:
    turned = (x1 * w1) * first + (x2 * w2) * second
    return mx.where(is_value, plain, turned.astype(plain.dtype))
