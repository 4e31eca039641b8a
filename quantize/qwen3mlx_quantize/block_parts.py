"""The projections of a loaded block, which can be replaced by others that watch or change them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from qwen3mlx.model.experts import Experts, ResidentExperts
from qwen3mlx.model.feed_forward import MLP, FeedForward, MixtureOfExperts
from qwen3mlx.model.qwen3 import Block

# The modules that a block's projections hold, side by side.
PARTS = {
    "qkv_proj": ("q_proj", "k_proj", "v_proj"),
    "o_proj": ("o_proj",),
    "gate_up_proj": ("gate_proj", "up_proj"),
    "down_proj": ("down_proj",),
}
# The projection that holds a module.
PROJECTION = {kind: name for name, kinds in PARTS.items() for kind in kinds}


def projections(block: Block) -> dict[str, Any]:
    """Return the block's projections by name; those of its experts if it has experts."""
    attention, mlp = block.self_attn, block.mlp
    inner = mlp.experts if isinstance(mlp, MixtureOfExperts) else mlp
    return {
        "qkv_proj": attention.qkv_proj,
        "o_proj": attention.o_proj,
        "gate_up_proj": inner.gate_up_proj,
        "down_proj": inner.down_proj,
    }


def with_projections(block: Block, made: Mapping[str, Any]) -> Block:
    """Return the block with other projections."""
    attention = replace(block.self_attn, qkv_proj=made["qkv_proj"], o_proj=made["o_proj"])
    return replace(block, self_attn=attention, mlp=_feed_forward(block.mlp, made))


def _feed_forward(mlp: FeedForward, made: Mapping[str, Any]) -> FeedForward:
    if isinstance(mlp, MLP):
        return MLP(made["gate_up_proj"], made["down_proj"])
    store = ResidentExperts()
    store.add(mlp.layer, Experts(made["gate_up_proj"], made["down_proj"]))
    return replace(mlp, store=store)
