"""Calibration for AutoRound: each block is trained to compute what the float block computes.

A block gets the hidden states that the quantized blocks before it leave, and has to return those of
the float model. In memory are, beside both, one block in float and what is trained of it: 4 bytes
for each weight, and its gradient.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import cast

import mlx.core as mx

from qwen3mlx.config import Module, QuantizationSpec
from qwen3mlx.model.cache import NoCache
from qwen3mlx.model.linear import ExpertLinear, ExpertProjection, Linear
from qwen3mlx.model.qwen3 import Block

from .block_parts import PARTS, projections, with_projections
from .blockwise import LEAST_ROWS, MOST_TOKENS, BlockByBlock, is_in_block, without_text
from .common import TextError
from .events import JobWarning, OnEvent, Progress, ignore
from .methods import autoround
from .methods.autoround import Rounding
from .packing import PackedMatrix
from .plan import Plan
from .source import Source
from .texts import LONGEST


@dataclass(eq=False)
class Counting:
    """Replaces a projection of experts and counts the rows of each."""

    inner: ExpertProjection
    counts: Counter[int] = field(default_factory=Counter)

    def __call__(
        self, x: mx.array, expert_ids: mx.array, *, rows: mx.array | None = None
    ) -> mx.array:
        self.counts.update(cast("list[int]", expert_ids.flatten().tolist()))
        return self.inner(x, expert_ids, rows=rows)


class Tuned(BlockByBlock):
    """The Quantizer for autoround."""

    def __init__(
        self,
        source: Source,
        plan: Plan,
        documents: Sequence[Sequence[int]],
        on_event: OnEvent = ignore,
    ) -> None:
        """`on_event` is told the loss of each block before and after, and its experts' tokens."""
        super().__init__(source, rows_of(documents), on_event)
        self._specs = {step.module: step.spec for step in plan.steps if step.module}
        self._expected: list[mx.array] = []
        self._made: dict[str, PackedMatrix] = {}

    def _in_block(
        self, module: Module, index: int, matrix: mx.array, spec: QuantizationSpec
    ) -> PackedMatrix:
        if not self._made:
            self._made = self._tuned()
        made = self._made[module.path]
        return made[index] if len(module.shape) == 3 else made

    def _keep(self, module: Module, floats: list[mx.array]) -> None:
        super()._keep(module, floats)
        if module.path == "model.embed_tokens":
            weight = self._source.matrix(module).astype(self._dtype)
            self._expected = [weight[ids] for ids in self._ids]
            mx.eval(self._expected)

    def _leave(self) -> None:
        if not self._made:  # an earlier run has written the block
            self._expect()
        super()._leave()
        self._made = {}

    def _expect(self) -> Counter[int]:
        """Run the float block; return how many tokens each expert received."""
        block, counts = self._source_block(), Counter[int]()
        if self._config.is_sparse(self._layer):
            made = projections(block)
            block = with_projections(
                block, made | {"down_proj": Counting(made["down_proj"], counts)}
            )
        for index, states in enumerate(self._expected):
            self._expected[index] = block(states, NoCache())
            mx.eval(self._expected[index])
        return counts

    def _tuned(self) -> dict[str, PackedMatrix]:
        counts = self._expect()
        floats, roundings = self._parts(self._moves(counts))
        block = self._block({f"{path}.weight": weight for path, weight in floats.items()})

        def loss(weights: Mapping[str, mx.array], states: mx.array, expected: mx.array) -> mx.array:
            off = self._rounded(block, {**floats, **weights})(states, NoCache()) - expected
            return mx.square(off.astype(mx.float32)).mean()

        rows = list(zip(self._states, self._expected, strict=True))
        made = autoround.tuned(roundings, loss, rows, self._layer, self._tell_step)
        self._on_event(
            JobWarning(
                f"Layer {self._layer}: loss {made.before:.3g} before training, {made.after:.3g} "
                "after."
            )
        )
        return made.packed

    def _moves(self, counts: Counter[int]) -> mx.array:
        """Return 1 for each expert that is trained, else 0: [experts, 1, 1, 1]."""
        if not self._config.is_sparse(self._layer):
            return mx.array(1.0)
        numbers = [counts[expert] for expert in range(self._config.num_experts)]
        self._tell(numbers)
        return mx.array([float(n >= LEAST_ROWS) for n in numbers]).reshape(-1, 1, 1, 1)

    def _parts(self, moves: mx.array) -> tuple[dict[str, mx.array], dict[str, Rounding]]:
        """Return the matrices by module: in float, or as they stay; and those to be trained."""
        floats, roundings = {}, {}
        for module, spec in self._specs.items():
            if not module.path.startswith(f"model.layers.{self._layer}."):
                continue
            matrices = [self._source.matrix(module, e) for e in range(module.num_matrices)]
            weight = matrices[0] if len(module.shape) == 2 else mx.stack(matrices)
            if spec is not None:
                start = _start(weight, spec)
                if spec.mode == "affine" and is_in_block(module):
                    moving = moves if weight.ndim == 3 else mx.array(1.0)
                    roundings[module.path] = Rounding(weight, start, spec, moving)
                else:
                    weight = start.unpacked(spec, self._dtype)
            floats[module.path] = weight
            mx.eval(weight)
        return floats, roundings

    def _rounded(self, block: Block, weights: Mapping[str, mx.array]) -> Block:
        """Return the block with these matrices, by module."""
        by_kind = {path.rsplit(".", 1)[-1]: weight for path, weight in weights.items()}
        made: dict[str, Linear | ExpertLinear] = {}
        for name, kinds in PARTS.items():
            parts = [by_kind[kind].astype(self._dtype) for kind in kinds]
            weight = mx.concatenate(parts, axis=-2).swapaxes(-1, -2)
            made[name] = Linear(weight) if weight.ndim == 2 else ExpertLinear(weight)
        return with_projections(block, made)

    def _tell_step(self, iteration: int) -> None:
        steps = autoround.ITERATIONS
        done, total = self._layer * steps + iteration, self._config.num_hidden_layers * steps
        self._on_event(Progress("tuning", done, total, f"layer {self._layer}"))


def rows_of(documents: Sequence[Sequence[int]]) -> list[mx.array]:
    """Return the text in rows of one length, int32 [1, L] each: a batch then needs no padding.

    Raises TextError for less than two tokens.
    """
    ids = list(chain.from_iterable(documents))[:MOST_TOKENS]
    length = min(LONGEST, len(ids))
    if length < 2:
        raise TextError("The text is too short: use one of at least a few sentences.")
    starts = range(0, len(ids) - length + 1, length)
    return [mx.array([ids[start : start + length]]) for start in starts]


def _start(weight: mx.array, spec: QuantizationSpec) -> PackedMatrix:
    """Pack a matrix, or a stack of them, by its weights alone."""
    packed = without_text(weight.reshape(-1, weight.shape[-1]), spec)
    parts = {n: a.reshape(*weight.shape[:-1], -1) for n, a in packed.arrays().items()}
    return PackedMatrix(parts["weight"], parts["scales"], parts.get("biases"))
