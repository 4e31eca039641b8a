"""The feed-forward part, in which dense and MoE Qwen3 differ."""

from __future__ import annotations

from dataclasses import dataclass

import mlx.core as mx

from .experts import Experts, ExpertStore
from .linear import Projection

# From this many routed rows on, sorting by expert pays off: each expert's weights are then read
# once per block instead of once per row.
SORT_FROM = 64


def swiglu(gate_up: mx.array) -> mx.array:
    """[..., 2 * intermediate] -> [..., intermediate]: silu(gate) * up."""
    gate, up = mx.split(gate_up, 2, axis=-1)
    return gate * mx.sigmoid(gate) * up


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
            experts = self.experts
            hidden = experts.gate_up_proj(x[:, :, None, None], expert_ids, sorted_ids=False)
            outputs = experts.down_proj(swiglu(hidden), expert_ids, sorted_ids=False).squeeze(-2)
        return (outputs * weights[..., None]).sum(axis=-2)

    def _route(self, x: mx.array) -> tuple[mx.array, mx.array]:
        """Weights and ids [B, L, k] of the chosen experts; softmax over all experts in float32."""
        k = self.num_experts_per_tok
        probabilities = mx.softmax(self.gate(x), axis=-1, precise=True)
        expert_ids = mx.argpartition(probabilities, kth=-k, axis=-1)[..., -k:]
        weights = mx.take_along_axis(probabilities, expert_ids, axis=-1)
        if self.norm_topk_prob:
            weights = weights / weights.sum(axis=-1, keepdims=True)
        return weights, expert_ids

    def _sorted_experts(self, x: mx.array, expert_ids: mx.array) -> mx.array:
        """[B, L, k, hidden]: rows are brought into the order of their experts and back."""
        k, experts = self.num_experts_per_tok, self.experts
        order = mx.argsort(expert_ids.flatten())
        rows = x.flatten(0, 1)[order // k][:, None]
        ids = expert_ids.flatten()[order]
        hidden = experts.gate_up_proj(rows, ids, sorted_ids=True)
        outputs = experts.down_proj(swiglu(hidden), ids, sorted_ids=True)
        return outputs[mx.argsort(order)].reshape(*expert_ids.shape, -1)


FeedForward = MLP | MixtureOfExperts
