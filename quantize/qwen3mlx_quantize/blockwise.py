"""Text that runs through the model block by block, for methods that look at what a block computes.

A block's inputs come from the quantized blocks before it, so that later blocks can compensate for
earlier errors. In memory are one block and the hidden states.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

import mlx.core as mx

from qwen3mlx.config import Module, QuantizationSpec
from qwen3mlx.model.cache import NoCache
from qwen3mlx.model.checkpoint import Checkpoint
from qwen3mlx.model.footprint import compute_dtype
from qwen3mlx.model.loading import load_block
from qwen3mlx.model.qwen3 import Block
from qwen3mlx.model.rope import Rope
from qwen3mlx.model.weights import Weights

from .events import JobWarning, OnEvent
from .in_memory import InMemoryCheckpoint
from .methods import mse, rtn
from .packing import PackedMatrix
from .quantizer import Read
from .source import Source

# Tokens to calibrate with.
MOST_TOKENS = 131_072
# With fewer inputs than this, an expert is quantized by `mse`.
LEAST_ROWS = 64


def is_in_block(module: Module) -> bool:
    """Return whether it is one of a block's matrices, other than a router."""
    return module.path.startswith("model.layers.") and not module.path.endswith(".mlp.gate")


class BlockByBlock(ABC):
    """A Quantizer of the matrices in blocks; `mse` quantizes embedding, head and routers."""

    keeps_weights = True

    def __init__(self, source: Source, ids: Sequence[mx.array], on_event: OnEvent) -> None:
        """`ids` int32 [1, L] each."""
        self._source, self._ids, self._on_event = source, ids, on_event
        self._config = source.config._replace(quantization=None)
        self._dtype = compute_dtype(source.infos)
        self._rope = Rope.from_config(source.config.rope, source.config.head_dim)
        self._states: list[mx.array] = []
        self._layer = -1
        self._new: dict[str, mx.array] = {}
        self._floats: list[mx.array] = []

    @abstractmethod
    def _in_block(
        self, module: Module, index: int, matrix: mx.array, spec: QuantizationSpec
    ) -> PackedMatrix:
        """Pack a matrix of the block that `self._states` enter, in affine integers."""

    def vector(self, name: str, values: mx.array) -> mx.array:
        return values

    def packed(
        self, module: Module, spec: QuantizationSpec, index: int, blocks: Iterator[mx.array]
    ) -> Iterator[PackedMatrix]:
        self._enter(module)
        matrix = mx.concatenate(list(blocks))
        if spec.mode == "affine" and is_in_block(module):
            made = self._in_block(module, index, matrix, spec)
        else:
            made = without_text(matrix, spec)
        yield made
        self._floats.append(made.unpacked(spec, self._dtype))
        mx.eval(self._floats[-1])
        if len(self._floats) == module.num_matrices:
            self._keep(module, self._floats)

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
            self._states = [weight[ids] for ids in self._ids]
            mx.eval(self._states)
        elif module.path != "lm_head":
            self._new[f"{module.path}.weight"] = weight

    def _enter(self, module: Module) -> None:
        """Advance the hidden states to the module's block."""
        parts = module.path.split(".")
        layer = int(parts[2]) if parts[1:2] == ["layers"] else self._layer
        if layer == self._layer:
            return
        if self._layer >= 0:
            self._leave()
        self._layer, self._new = layer, {}

    def _leave(self) -> None:
        """Run the quantized block, which is complete."""
        block = self._block(self._new)
        for index, states in enumerate(self._states):
            self._states[index] = block(states, NoCache())
            mx.eval(self._states[index])

    def _tell(self, counts: list[int]) -> None:
        """Say how many tokens each of the layer's experts received."""
        few = [f"{expert} ({n})" for expert, n in enumerate(counts) if n < LEAST_ROWS]
        told = (
            f"The experts of layer {self._layer} received {min(counts):,} to {max(counts):,} tokens"
        )
        if few:
            told += f"; with fewer than {LEAST_ROWS}, mse quantizes {', '.join(few)}"
        self._on_event(JobWarning(f"{told}."))

    def _source_block(self) -> Block:
        """Load the block as it is in the source."""
        weights = Weights(Checkpoint(self._source.folder), self._source.config, self._dtype)
        return load_block(weights, self._layer, self._rope)

    def _block(self, matrices: dict[str, mx.array]) -> Block:
        """Return the block with these matrices in float."""
        prefix = f"model.layers.{self._layer}."
        names = [name for name in self._source.vectors if name.startswith(prefix)]
        norms = {name: self._source.vector(name) for name in names}
        checkpoint = InMemoryCheckpoint(self._source.folder, matrices | norms)
        return load_block(Weights(checkpoint, self._config, self._dtype), self._layer, self._rope)


def without_text(matrix: mx.array, spec: QuantizationSpec) -> PackedMatrix:
    """Pack a matrix by its weights alone."""
    quantized = mse.quantized if spec.mode == "affine" else rtn.quantized
    return quantized(matrix, spec)
