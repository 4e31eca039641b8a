"""Puts an adapter beside the matrices of a loaded model: see `adapted.py` for the computation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import mlx.core as mx

from ..config import read_checkpoint
from .adapted import Adapted, AdaptedExperts
from .deltas import Delta, Deltas, read_deltas
from .experts import Experts, ResidentExperts
from .feed_forward import MLP, FeedForward
from .linear import (
    Concatenated,
    ExpertProjection,
    Linear,
    NoHead,
    Projection,
    QuantizedLinear,
    Reordered,
    dequantized,
)
from .qwen3 import Block, Qwen3
from .weights import arrays_of


def adapted(model: Qwen3, folder: Path) -> Qwen3:
    """Return the model with the adapter in `folder`; it shares the arrays of `model`.

    Raises CheckpointError if the adapter is broken, not supported, or for another model.
    """
    return _Adapting(model, read_deltas(folder, model.config)).model()


def check_adapter(folder: Path, base: Path) -> None:
    """Raise CheckpointError for an adapter that does not fit the checkpoint in `base`."""
    read_deltas(folder, read_checkpoint(base)[0])


class _Adapting:
    def __init__(self, model: Qwen3, deltas: Deltas) -> None:
        self._model = model
        self._deltas = deltas
        self._shapes = {module.path: module.shape for module in model.config.modules()}
        self._experts = ResidentExperts()
        self._added: list[mx.array] = []

    def model(self) -> Qwen3:
        model = self._model
        blocks = tuple(self._block(layer, block) for layer, block in enumerate(model.blocks))
        head = "score" if model.config.kind == "classifier" else "lm_head"
        lm_head = model.lm_head
        if not isinstance(lm_head, NoHead):
            lm_head = self._projection(lm_head, head)
        return replace(
            model,
            shared_nbytes=model.shared_nbytes + sum(array.nbytes for array in self._added),
            blocks=blocks,
            lm_head=lm_head,
            experts=self._experts,
        )

    def _block(self, layer: int, block: Block) -> Block:
        path = f"model.layers.{layer}.self_attn"
        attention = block.self_attn
        attention = replace(
            attention,
            qkv_proj=self._projection(
                attention.qkv_proj, f"{path}.q_proj", f"{path}.k_proj", f"{path}.v_proj"
            ),
            o_proj=self._projection(attention.o_proj, f"{path}.o_proj"),
        )
        return replace(block, self_attn=attention, mlp=self._feed_forward(layer, block.mlp))

    def _feed_forward(self, layer: int, mlp: FeedForward) -> FeedForward:
        path = f"model.layers.{layer}.mlp"
        if isinstance(mlp, MLP):
            return MLP(
                gate_up_proj=self._projection(
                    mlp.gate_up_proj, f"{path}.gate_proj", f"{path}.up_proj"
                ),
                down_proj=self._projection(mlp.down_proj, f"{path}.down_proj"),
            )
        base, path = mlp.experts, f"{path}.switch_mlp"
        experts = Experts(
            gate_up_proj=self._of_experts(
                base.gate_up_proj, f"{path}.gate_proj", f"{path}.up_proj"
            ),
            down_proj=self._of_experts(base.down_proj, f"{path}.down_proj"),
        )
        self._experts.add(layer, experts)
        gate = self._projection(mlp.gate, f"model.layers.{layer}.mlp.gate")
        return replace(mlp, gate=gate, store=self._experts)

    def _projection(self, base: Projection, *paths: str) -> Projection:
        deltas = self._found(paths)
        if deltas is None:
            return base
        down, ups = self._matrices(deltas)
        gain = None
        if any(delta.magnitude is not None for delta in deltas):
            gain = _gain(base, deltas).astype(self._model.dtype)
        new = arrays_of((down, ups, gain))
        mx.eval(new)
        self._added += new
        return Adapted(base, down, ups, gain)

    def _of_experts(self, base: ExpertProjection, *paths: str) -> ExpertProjection:
        deltas = self._found(paths)
        if deltas is None:
            return base
        down, ups = self._matrices(deltas)
        mx.eval(down, ups)
        return AdaptedExperts(base, down, ups)

    def _found(self, paths: Sequence[str]) -> list[Delta] | None:
        """Return the delta of each module, of rank 0 where there is none; None without any."""
        if not any(path in self._deltas for path in paths):
            return None
        return [self._deltas.get(path) or Delta.nothing(self._shapes[path]) for path in paths]

    def _matrices(self, deltas: Sequence[Delta]) -> tuple[mx.array, tuple[mx.array, ...]]:
        dtype = self._model.dtype
        down = mx.concatenate([delta.down for delta in deltas], axis=-1)
        return down.astype(dtype), tuple(mx.contiguous(d.up.astype(dtype)) for d in deltas)


def _gain(base: Projection, deltas: Sequence[Delta]) -> mx.array:
    """Return a DoRA's gain [sum of out] for the matrices that `base` has side by side."""
    matrix, start, gains = _matrix(base), 0, []
    for delta in deltas:
        end = start + delta.up.shape[1]
        gains.append(delta.gain(delta.added_to(matrix[start:end])))
        start = end
    return mx.concatenate(gains)


def _matrix(base: Projection) -> mx.array:
    """Return what a projection of a base multiplies with: [out, in] in float32."""
    if isinstance(base, Linear):
        return base.weight.T.astype(mx.float32)
    if isinstance(base, QuantizedLinear):
        return dequantized(base.weight, base.scales, base.biases, base.spec, mx.float32)
    if isinstance(base, Reordered):
        return _matrix(base.linear)[:, mx.argsort(base.order)]
    assert isinstance(base, Concatenated)
    return mx.concatenate([_matrix(part) for part in base.parts])
