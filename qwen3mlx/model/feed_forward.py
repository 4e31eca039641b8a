"""The feed-forward part, in which dense and MoE Qwen3 differ."""

from __future__ import annotations

from dataclasses import dataclass

import mlx.core as mx

from .device import on_cpu
from .experts import Experts, ExpertStore
from .linear import Projection

# From this many routed rows on, sorting by expert pays off: each expert's weights are then read
# once per block instead of once per row.
SORT_FROM = 64


def swiglu(gate_up: mx.array) -> mx.array:
    """[..., 2 * intermediate] -> [..., intermediate]: silu(gate) * up."""
    gate, up = mx.split(gate_up, 2, axis=-1)
    return _gated(gate, up) if on_cpu() else _fused(gate, up)


def _gated(gate: mx.array, up: mx.array) -> mx.array:
    return gate * mx.sigmoid(gate) * up


# One kernel instead of three where the pass as a whole is not compiled, as in prefill. On the CPU
# it would wait for a C++ compiler.
_fused = mx.compile(_gated, shapeless=True)


@dataclass(frozen=True, slots=True, eq=False)
class MLP:
    gate_up_proj: Projection
    down_proj: Projection

    def __call__(self, x: mx.array) -> mx.array:
        """x [B, L, hidden] -> the same shape."""
        return self.down_proj(swiglu(self.gate_up_proj(x)))


@dataclass(frozen=True, slots=True, eq=False)
class MixtureOfExperts:
    """`gate` is the router; `num_experts_per_tok` experts process each token."""

    num_experts_per_tok: int
    norm_topk_prob: bool
    gate: Projection
    layer: int
    store: ExpertStore

    @property
    def experts(self) -> Experts:
        return self.store.experts(self.layer)

    def __call__(self, x: mx.array) -> mx.array:
        """x [B, L, hidden] -> the same shape."""
        weights, expert_ids = self._route(x)
        if expert_ids.size >= SORT_FROM:
            outputs = self._sorted_experts(x, expert_ids)
        else:
            outputs = self._few_experts(x, expert_ids)
        return (weights[..., None, :] @ outputs).squeeze(-2)

    def _route(self, x: mx.array) -> tuple[mx.array, mx.array]:
        """Weights and ids [B, L, k] of the chosen experts.

        Their softmax is that over all experts, normalized; like it, it computes in float32.
        """
        k = self.num_experts_per_tok
        scores = self.gate(x)
        if not self.norm_topk_prob:
            scores = mx.softmax(scores, axis=-1, precise=True)
        expert_ids = mx.argpartition(scores, kth=-k, axis=-1)[..., -k:]
        expert_ids = mx.stop_gradient(expert_ids)  # else no gradient can be computed
        weights = mx.take_along_axis(scores, expert_ids, axis=-1)
        if self.norm_topk_prob:
            weights = mx.softmax(weights, axis=-1, precise=True)
        return weights, expert_ids

    def _few_experts(self, x: mx.array, expert_ids: mx.array) -> mx.array:
        """[B, L, k, hidden]: each row's experts, as they come."""
        batch, length, k = expert_ids.shape
        # Which row each expert reads; a kernel computes these indices where they are not given.
        tokens = mx.array(list(range(batch * length)), mx.uint32).reshape(batch, length, 1)
        rows = mx.array(list(range(expert_ids.size)), mx.uint32).reshape(batch, length, k)
        experts = self.experts
        hidden = experts.gate_up_proj(x[:, :, None, None], expert_ids, rows=tokens)
        return experts.down_proj(swiglu(hidden), expert_ids, rows=rows).squeeze(-2)

    def _sorted_experts(self, x: mx.array, expert_ids: mx.array) -> mx.array:
        """[B, L, k, hidden]: rows are brought into the order of their experts and back."""
        k, experts = self.num_experts_per_tok, self.experts
        ids = expert_ids.flatten()
        order = mx.argsort(ids)
        rows, ids = x.flatten(0, 1)[order // k][:, None], ids[order]
        hidden = experts.gate_up_proj(rows, ids)
        outputs = experts.down_proj(swiglu(hidden), ids)
        return outputs[mx.argsort(order)].reshape(*expert_ids.shape, -1)


FeedForward = MLP | MixtureOfExperts
