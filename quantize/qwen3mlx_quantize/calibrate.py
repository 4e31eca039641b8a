"""Calibration for GPTQ: the inputs of each matrix when text runs through the model, block by block.

A block's inputs come from the quantized blocks before it, so that later blocks can compensate for
earlier errors. In memory are one block, the hidden states, and the second moments of one block's
inputs, however many rows these have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import mlx.core as mx

from qwen3mlx.config import Module, QuantizationSpec
from qwen3mlx.model.cache import NoCache
from qwen3mlx.model.checkpoint import Checkpoint
from qwen3mlx.model.footprint import compute_dtype
from qwen3mlx.model.loading import load_block
from qwen3mlx.model.qwen3 import Block
from qwen3mlx.model.rope import Rope
from qwen3mlx.model.weights import Weights

from .block_parts import PROJECTION, projections, with_projections
from .events import JobWarning, OnEvent, ignore
from .in_memory import InMemoryCheckpoint
from .methods import gptq, mse, rtn
from .packing import PackedMatrix
from .quality import bounded
from .quantizer import Read
from .source import Source

# Tokens to calibrate with.
MOST_TOKENS = 131_072
# With fewer inputs than this, an expert is quantized by `mse`.
LEAST_ROWS = 64
# Rows to keep before they are added up.
BUFFER = 8192


@dataclass(eq=False)
class Recorder:
    """Replaces a projection and adds up the second moments of its inputs.

    For experts, each has its own: `moments` float32 [in, in] and `counts` of rows by expert, by 0
    for a single matrix.
    """

    inner: Any
    moments: dict[int, mx.array] = field(default_factory=dict)
    counts: Counter[int] = field(default_factory=Counter)
    _rows: list[mx.array] = field(default_factory=list)
    _ids: list[mx.array] = field(default_factory=list)

    def __call__(self, x: mx.array, expert_ids: mx.array | None = None, **kind: Any) -> mx.array:
        if expert_ids is None:
            self._keep(x.reshape(-1, x.shape[-1]))
            return cast("mx.array", self.inner(x))
        spread = mx.broadcast_to(x, (*expert_ids.shape, *x.shape[-2:]))
        self._keep(spread.reshape(-1, x.shape[-1]), expert_ids.flatten())
        return cast("mx.array", self.inner(x, expert_ids, **kind))

    def of(self, index: int) -> tuple[mx.array | None, int]:
        """Return the moments of a matrix, None if it had no input, and the number of its rows."""
        self._add_up()
        return self.moments.get(index), self.counts[index]

    def _keep(self, rows: mx.array, ids: mx.array | None = None) -> None:
        self._rows.append(rows)
        self._ids += [] if ids is None else [ids]
        mx.eval(self._rows[-1:], self._ids[-1:])
        if sum(each.shape[0] for each in self._rows) >= BUFFER:
            self._add_up()

    def _add_up(self) -> None:
        if not self._rows:
            return
        rows = mx.concatenate(self._rows).astype(mx.float32)
        ids = mx.concatenate(self._ids) if self._ids else None
        self._rows, self._ids = [], []
        if ids is None:
            self._add(0, rows)
            return
        order = mx.argsort(ids)
        start = 0
        for expert, count in sorted(Counter(cast("list[int]", ids.tolist())).items()):
            self._add(expert, rows[order[start : start + count]])
            start += count

    def _add(self, index: int, rows: mx.array) -> None:
        made = rows.T @ rows
        if index in self.moments:
            made = self.moments[index] + made
        mx.eval(made)
        self.moments[index] = made
        self.counts[index] += rows.shape[0]


class Calibrated:
    """The Quantizer for gptq; embedding, head and routers are quantized by `mse`."""

    keeps_weights = True

    def __init__(
        self,
        source: Source,
        documents: Sequence[Sequence[int]],
        on_event: OnEvent = ignore,
    ) -> None:
        """`on_event` is told how many tokens each layer's experts received."""
        self._source, self._on_event = source, on_event
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
        moments, count = recorder.of(index)
        if moments is None or count < LEAST_ROWS:
            return mse.quantized(matrix, spec)
        return gptq.quantized(matrix, moments, count, spec)

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
        return self._inputs[PROJECTION[module.path.rsplit(".", 1)[-1]]]

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
        self._inputs = {name: Recorder(inner) for name, inner in projections(block).items()}
        watched = with_projections(block, self._inputs)
        for states in self._states:
            mx.eval(watched(states, NoCache()))
        if config.is_sparse(self._layer):
            self._tell(self._inputs["down_proj"])

    def _tell(self, recorder: Recorder) -> None:
        counts = [recorder.of(expert)[1] for expert in range(self._source.config.num_experts)]
        few = [f"{expert} ({n})" for expert, n in enumerate(counts) if n < LEAST_ROWS]
        told = (
            f"The experts of layer {self._layer} received {min(counts):,} to {max(counts):,} tokens"
        )
        if few:
            told += f"; with fewer than {LEAST_ROWS}, mse quantizes {', '.join(few)}"
        self._on_event(JobWarning(f"{told}."))

    def _block(self, tensors: dict[str, mx.array]) -> Block:
        checkpoint = InMemoryCheckpoint(self._source.folder, tensors)
        return load_block(Weights(checkpoint, self._config, self._dtype), self._layer, self._rope)

    def _norms(self) -> dict[str, mx.array]:
        prefix = f"model.layers.{self._layer}."
        names = [name for name in self._source.vectors if name.startswith(prefix)]
        return {name: self._source.vector(name) for name in names}
