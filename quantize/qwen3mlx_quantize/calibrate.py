"""What each matrix sees when text runs through the model, a block at a time.

A block's inputs are those that the quantized blocks before it give, so that later blocks can make
good what earlier ones lost. In memory are one block, the hidden states, and one block's inputs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import mlx.core as mx

from qwen3mlx.config import QuantizationSpec
from qwen3mlx.model.cache import NoCache
from qwen3mlx.model.checkpoint import Checkpoint
from qwen3mlx.model.footprint import compute_dtype
from qwen3mlx.model.loading import load_block
from qwen3mlx.model.qwen3 import Block
from qwen3mlx.model.rope import Rope
from qwen3mlx.model.weights import Weights

from .evaluate import bounded
from .held import Held
from .methods import gptq, mse, rtn
from .packing import PackedMatrix
from .source import Module, Source

# Tokens: more cost memory and time, and change little.
MOST_TOKENS = 32_768
# An expert that saw fewer rows than this has its scales searched without them.
LEAST_ROWS = 64


@dataclass(eq=False)
class Recorder:
    """Stands in a projection's place and keeps what it is given.

    `rows` [n, in] each, and for experts the `ids` [n] of whose they are.
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
        """All rows, and the expert of each."""
        if len(self.rows) > 1:
            self.rows = [mx.concatenate(self.rows)]
            self.ids = [mx.concatenate(self.ids)] if self.ids else []
            mx.eval(self.rows, self.ids)
        return self.rows[0], self.ids[0] if self.ids else None


class Calibrated:
    """A Quantizer for gptq: embedding, head and routers as `mse`, all else with its inputs."""

    keeps_weights = True

    def __init__(self, source: Source, documents: Sequence[Sequence[int]]) -> None:
        self._source = source
        self._documents = [mx.array([list(ids)]) for ids in bounded(documents, MOST_TOKENS)]
        self._config = replace(source.config, quantization=None)
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
        """As the Quantizer protocol; modules come in the order of the computation."""
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
        seen = rows if ids is None else _rows_of(rows, ids, index)
        if seen.shape[0] < LEAST_ROWS:
            return mse.quantized(matrix, spec)
        return gptq.quantized(matrix, seen, spec)

    def seen(self, module: Module, spec: QuantizationSpec | None, read: Any) -> None:
        """A module that an earlier run has written already."""
        if spec is None:
            floats = [self._source.matrix(module, e) for e in range(module.num_matrices)]
        else:
            arrays = read()
            path, whole = module.path, len(module.shape) == 2
            parts = [arrays[f"{path}.{name}"] for name in ("weight", "scales")]
            parts.append(arrays.get(f"{path}.biases"))
            floats = [
                PackedMatrix(*(a if a is None or whole else a[e] for a in parts)).unpacked(
                    spec, self._dtype
                )
                for e in range(module.num_matrices)
            ]
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
        """Bring the hidden states to the inputs of the module's block."""
        parts = module.path.split(".")
        layer = int(parts[2]) if parts[1:2] == ["layers"] else self._layer
        if layer == self._layer:
            return
        if self._layer >= 0:
            block = self._block(Held(self._source.folder, self._new | self._norms()))
            self._states = [block(states, NoCache()) for states in self._states]
            mx.eval(self._states)
        self._layer, self._inputs, self._new = layer, {}, {}

    def _record(self) -> None:
        """Run the block as it is in the source, keeping what each projection is given."""
        config = self._source.config
        weights = Weights(Checkpoint(self._source.folder), config, self._dtype)
        block = load_block(weights, self._layer, self._rope)
        attention, mlp = block.self_attn, block.mlp
        self._inputs = {
            "qkv_proj": Recorder(attention.qkv_proj),
            "o_proj": Recorder(attention.o_proj),
            "gate_up_proj": Recorder(mlp.gate_up_proj),
            "down_proj": Recorder(mlp.down_proj),
        }
        recorders: dict[str, Any] = self._inputs
        attention = replace(attention, qkv_proj=recorders["qkv_proj"], o_proj=recorders["o_proj"])
        mlp = replace(mlp, gate_up_proj=recorders["gate_up_proj"], down_proj=recorders["down_proj"])
        watched = replace(block, self_attn=attention, mlp=mlp)
        for states in self._states:
            mx.eval(watched(states, NoCache()))

    def _block(self, held: Held) -> Block:
        return load_block(Weights(held, self._config, self._dtype), self._layer, self._rope)

    def _norms(self) -> dict[str, mx.array]:
        prefix = f"model.layers.{self._layer}."
        names = [name for name in self._source.vectors if name.startswith(prefix)]
        return {name: self._source.vector(name) for name in names}


# Which projection of a loaded block a module is part of.
_FUSED = {
    "q_proj": "qkv_proj",
    "k_proj": "qkv_proj",
    "v_proj": "qkv_proj",
    "gate_proj": "gate_up_proj",
    "up_proj": "gate_up_proj",
}


def _rows_of(rows: mx.array, ids: mx.array, expert: int) -> mx.array:
    """The rows that one expert was given."""
    order = mx.argsort(ids != expert)
    return rows[order[: (ids == expert).sum().item()]]
