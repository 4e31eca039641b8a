"""Calibration for GPTQ: the inputs of each matrix when text runs through the model, block by block.

A block's inputs come from the quantized blocks before it, so that later blocks can compensate for
earlier errors. In memory are one block, the hidden states, and one block's inputs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import mlx.core as mx

from qwen3mlx.config import Module, QuantizationSpec
from qwen3mlx.model.cache import NoCache
from qwen3mlx.model.checkpoint import Checkpoint
from qwen3mlx.model.experts import Experts, ResidentExperts
from qwen3mlx.model.feed_forward import MLP, FeedForward, MixtureOfExperts
from qwen3mlx.model.footprint import compute_dtype
from qwen3mlx.model.loading import load_block
from qwen3mlx.model.qwen3 import Block
from qwen3mlx.model.rope import Rope
from qwen3mlx.model.weights import Weights

from .in_memory import InMemoryCheckpoint
from .methods import gptq, mse, rtn
from .packing import PackedMatrix
from .quality import bounded
from .quantizer import Read
from .source import Source

# Tokens to calibrate with: more cost memory and time, and change little.
MOST_TOKENS = 32_768
# With fewer inputs than this, an expert is quantized by `mse`.
LEAST_ROWS = 64


@dataclass(eq=False)
class Recorder:
    """Replaces a projection and records its inputs.

    `rows` are [n, in] each; for experts, `ids` [n] say which expert each row is for.
    """

    inner: Any
    rows: list[mx.array] = field(default_factory=list)
    ids: list[mx.array] = field(default_factory=list)

    def __call__(self, x: mx.array, expert_ids: mx.array | None = None, **kind: Any) -> mx.array:
        if expert_ids is None:
            self.rows.append(x.reshape(-1, x.shape[-1]))
            return cast("mx.array", self.inner(x))
        spread = mx.broadcast_to(x, (*expert_ids.shape, *x.shape[-2:]))
        self.rows.append(spread.reshape(-1, x.shape[-1]))
        self.ids.append(expert_ids.flatten())
        mx.eval(self.rows[-1], self.ids[-1])
        return cast("mx.array", self.inner(x, expert_ids, **kind))

    def inputs(self) -> tuple[mx.array, mx.array | None]:
        """Return all rows, and the expert of each."""
        if len(self.rows) > 1:
            self.rows = [mx.concatenate(self.rows)]
            self.ids = [mx.concatenate(self.ids)] if self.ids else []
            mx.eval(self.rows, self.ids)
        return self.rows[0], self.ids[0] if self.ids else None


class Calibrated:
    """The Quantizer for gptq; embedding, head and routers are quantized by `mse`."""

    keeps_weights = True

    def __init__(self, source: Source, documents: Sequence[Sequence[int]]) -> None:
        self._source = source
        self._documents = [mx.array([list(ids)]) for ids in bounded(documents, MOST_TOKENS)]
        self._config = source.config._replace(quantization=None)
        self._dtype = compute_dtype(source.infos)
        self._rope = Rope.from_config(source.config.rope, source.config.head_dim)
        self._states: list[mx.array] = []
        self._layer = -1
        self._inputs: dict[str, Recorder] = {}
        self._new: dict[str, mx.array] = {}
        self._floats: list[mx.array] = []

    def vector(self, name: str, values: mx.array) -> mx.array:
        return values

    def packed(
        self, module: Module, spec: QuantizationSpec, index: int, blocks: Iterator[mx.array]
    ) -> Iterator[PackedMatrix]:
        recorder = self._recorder(module)
        matrix = mx.concatenate(list(blocks))
        made = self._quantized(matrix, spec, recorder, index)
        yield made
        self._floats.append(made.unpacked(spec, self._dtype))
        mx.eval(self._floats[-1])
        if len(self._floats) == module.num_matrices:
            self._keep(module, self._floats)

    def _quantized(
        self, matrix: mx.array, spec: QuantizationSpec, recorder: Recorder | None, index: int
    ) -> PackedMatrix:
        if spec.mode != "affine":
            return rtn.quantized(matrix, spec)
        if recorder is None:
            return mse.quantized(matrix, spec)
        rows, ids = recorder.inputs()
        inputs = rows if ids is None else _rows_of(rows, ids, index)
        if inputs.shape[0] < LEAST_ROWS:
            return mse.quantized(matrix, spec)
        return gptq.quantized(matrix, inputs, spec)

    def skip(self, module: Module, spec: QuantizationSpec | None, read: Read) -> None:
        if spec is None:
            floats = [self._source.matrix(module, e) for e in range(module.num_matrices)]
        else:
            packed = PackedMatrix.named(read(), module.path)
            is_stack = len(module.shape) == 3
            matrices = [packed[e] for e in range(module.num_matrices)] if is_stack else [packed]
            floats = [matrix.unpacked(spec, self._dtype) for matrix in matrices]
        self._enter(module)
        self._keep(module, floats)

    def _keep(self, module: Module, floats: list[mx.array]) -> None:
        weight = floats[0] if len(module.shape) == 2 else mx.stack(floats)
        self._floats = []
        mx.eval(weight)
        if module.path == "model.embed_tokens":
            self._states = [weight[ids] for ids in self._documents]
            mx.eval(self._states)
        elif module.path != "lm_head":
            self._new[f"{module.path}.weight"] = weight

    def _recorder(self, module: Module) -> Recorder | None:
        self._enter(module)
        if module.path in ("model.embed_tokens", "lm_head") or module.path.endswith(".mlp.gate"):
            return None
        if not self._inputs:
            self._record()
        kind = module.path.rsplit(".", 1)[-1]
        return self._inputs[_FUSED.get(kind, kind)]

    def _enter(self, module: Module) -> None:
        """Advance the hidden states to the module's block."""
        parts = module.path.split(".")
        layer = int(parts[2]) if parts[1:2] == ["layers"] else self._layer
        if layer == self._layer:
            return
        if self._layer >= 0:
            block = self._block(self._new | self._norms())
            self._states = [block(states, NoCache()) for states in self._states]
            mx.eval(self._states)
        self._layer, self._inputs, self._new = layer, {}, {}

    def _record(self) -> None:
        """Run the block as it is in the source, recording the inputs of each projection."""
        config = self._source.config
        weights = Weights(Checkpoint(self._source.folder), config, self._dtype)
        block = load_block(weights, self._layer, self._rope)
        attention, mlp = block.self_attn, block.mlp
        projections = mlp.experts if isinstance(mlp, MixtureOfExperts) else mlp
        self._inputs = {
            "qkv_proj": Recorder(attention.qkv_proj),
            "o_proj": Recorder(attention.o_proj),
            "gate_up_proj": Recorder(projections.gate_up_proj),
            "down_proj": Recorder(projections.down_proj),
        }
        recorders: dict[str, Any] = self._inputs
        attention = replace(attention, qkv_proj=recorders["qkv_proj"], o_proj=recorders["o_proj"])
        projections = replace(
            projections, gate_up_proj=recorders["gate_up_proj"], down_proj=recorders["down_proj"]
        )
        watched = replace(block, self_attn=attention, mlp=_with_projections(mlp, projections))
        for states in self._states:
            mx.eval(watched(states, NoCache()))

    def _block(self, tensors: dict[str, mx.array]) -> Block:
        checkpoint = InMemoryCheckpoint(self._source.folder, tensors)
        return load_block(Weights(checkpoint, self._config, self._dtype), self._layer, self._rope)

    def _norms(self) -> dict[str, mx.array]:
        prefix = f"model.layers.{self._layer}."
        names = [name for name in self._source.vectors if name.startswith(prefix)]
        return {name: self._source.vector(name) for name in names}


# Where a loaded block keeps the projection of a module.
_FUSED = {
    "q_proj": "qkv_proj",
    "k_proj": "qkv_proj",
    "v_proj": "qkv_proj",
    "gate_proj": "gate_up_proj",
    "up_proj": "gate_up_proj",
}


def _with_projections(mlp: FeedForward, projections: MLP | Experts) -> FeedForward:
    """Return `mlp` with other projections; those of its experts if it has experts."""
    if isinstance(projections, MLP) or not isinstance(mlp, MixtureOfExperts):
        assert isinstance(projections, MLP)
        return projections
    store = ResidentExperts()
    store.add(mlp.layer, projections)
    return replace(mlp, store=store)


def _rows_of(rows: mx.array, ids: mx.array, expert: int) -> mx.array:
    """Return the rows for one expert."""
    order = mx.argsort(ids != expert)
    return rows[order[: (ids == expert).sum().item()]]
