"""Calibration for GPTQ: the inputs of each matrix when text runs through the model.

In memory are, beside the hidden states, one block and the second moments of its inputs, however
many rows these have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import mlx.core as mx

from qwen3mlx.config import Module, QuantizationSpec
from qwen3mlx.model.cache import NoCache

from .block_parts import PROJECTION, projections, with_projections
from .blockwise import LEAST_ROWS, MOST_TOKENS, BlockByBlock
from .events import OnEvent, ignore
from .methods import gptq, mse
from .packing import PackedMatrix
from .quality import bounded
from .source import Source

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


class Calibrated(BlockByBlock):
    """The Quantizer for gptq."""

    def __init__(
        self, source: Source, documents: Sequence[Sequence[int]], on_event: OnEvent = ignore
    ) -> None:
        """`on_event` is told how many tokens each layer's experts received."""
        ids = [mx.array([list(one)]) for one in bounded(documents, MOST_TOKENS)]
        super().__init__(source, ids, on_event)
        self._inputs: dict[str, Recorder] = {}

    def _in_block(
        self, module: Module, index: int, matrix: mx.array, spec: QuantizationSpec
    ) -> PackedMatrix:
        if not self._inputs:
            self._record()
        moments, count = self._inputs[PROJECTION[module.path.rsplit(".", 1)[-1]]].of(index)
        if moments is None or count < LEAST_ROWS:
            return mse.quantized(matrix, spec)
        return gptq.quantized(matrix, moments, count, spec)

    def _leave(self) -> None:
        super()._leave()
        self._inputs = {}

    def _record(self) -> None:
        """Run the block as it is in the source, recording the inputs of each projection."""
        block = self._source_block()
        self._inputs = {name: Recorder(inner) for name, inner in projections(block).items()}
        watched = with_projections(block, self._inputs)
        for states in self._states:
            mx.eval(watched(states, NoCache()))
        if self._config.is_sparse(self._layer):
            recorder = self._inputs["down_proj"]
            self._tell([recorder.of(expert)[1] for expert in range(self._config.num_experts)])
