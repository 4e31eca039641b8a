"""The steps of a plan, one after the other: read, packed, measured, written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import mlx.core as mx

from qwen3mlx.config import QuantizationSpec

from .common import IO, Progress, begin, number
from .packing import PackedMatrix
from .partial import Partial, Parts
from .plan import Plan, Step
from .source import Module, Source

Read = Callable[[], dict[str, mx.array]]


class Quantizer(Protocol):
    """Packs a module's matrices, in the order of the computation."""

    def packed(
        self, module: Module, spec: QuantizationSpec, index: int, blocks: Iterator[mx.array]
    ) -> Iterator[PackedMatrix]:
        """Matrix `index` of the module, given and taken in runs of rows."""

    def seen(self, module: Module, spec: QuantizationSpec | None, read: Read) -> None:
        """One that needs no packing: it stays in float (`spec` None), or `read` has it."""

    def vector(self, name: str, values: mx.array) -> mx.array:
        """A norm's weight, as it is to be written."""

    @property
    def keeps_weights(self) -> bool:
        """Each matrix is to be what it was: the difference is an error."""


def write_steps(
    source: Source, plan: Plan, written: Partial, quantizer: Quantizer, on_progress: Progress
) -> None:
    """Each one that is not there yet, a module being read while the one before is computed."""
    done = 0
    made: _Made | None = None  # is computed while the next step's weights are read
    for step in plan.steps:
        on_progress(done, plan.num_weights, step.name)
        is_done = step.name in written.done
        if step.module and (is_done or step.spec is None):
            quantizer.seen(step.module, step.spec, partial(written.read, step))
        if not is_done:
            begun = _begun(source, step, quantizer)
            _write(written, made)
            made = begun
        done += step.module.num_weights if step.module else step.tensors[0].shape[0]
    _write(written, made)
    on_progress(done, plan.num_weights, "")


@dataclass(frozen=True, slots=True)
class _Made:
    """A step's tensors in parts, computed or about to be, and the error of quantizing them."""

    step: Step
    parts: Parts
    measured: _Measured | None = None


def _write(written: Partial, made: _Made | None) -> None:
    if made is not None:
        facts = {} if made.measured is None else {"error": made.measured.error}
        written.write(made.step, made.parts, facts)


def _begun(source: Source, step: Step, quantizer: Quantizer) -> _Made:
    if step.module is None:
        name = step.tensors[0].name
        return _Made(step, {name: [quantizer.vector(name, source.vector(name))]})
    module, spec = step.module, step.spec
    if spec is None:
        floats = [
            block for index in range(module.num_matrices) for block in source.blocks(module, index)
        ]
        return _Made(step, {f"{module.path}.weight": floats})
    measured = _Measured(spec)
    parts: Parts = {tensor.name: [] for tensor in step.tensors}
    for index in range(module.num_matrices):
        blocks = measured.watch(source.blocks(module, index))
        for packed in quantizer.packed(module, spec, index, blocks):
            arrays = packed.arrays()
            begin(arrays)
            measured.compare(packed)
            for name, array in arrays.items():
                parts[f"{module.path}.{name}"].append(array)
    return _Made(step, parts, measured if quantizer.keeps_weights else None)


# The error is that of every so many-th row: all of them would take longer than rounding does.
SAMPLED = 16


class _Measured:
    """Rows on their way to the quantizer, and how far what comes of them is off."""

    def __init__(self, spec: QuantizationSpec) -> None:
        self._spec = spec
        self._waiting: list[mx.array] = []
        self._latest: PackedMatrix | None = None
        self._sums: list[tuple[mx.array, mx.array]] = []

    @property
    def error(self) -> float:
        """Squared error over squared weights."""
        self._finish()
        off, whole = (sum(map(number, sums)) for sums in zip(*self._sums, strict=True))
        return off / whole if whole else 0.0

    def watch(self, blocks: Iterator[mx.array]) -> Iterator[mx.array]:
        for block in blocks:
            self._waiting.append(block)
            yield block

    def compare(self, packed: PackedMatrix) -> None:
        """What is being computed; waits for the one before."""
        self._finish()
        self._latest = packed

    def _finish(self) -> None:
        packed, self._latest = self._latest, None
        if packed is None:
            return
        mx.eval(packed.arrays())
        start = 0
        while start < packed.weight.shape[0]:
            block = self._waiting.pop(0)
            with mx.stream(IO):
                sample = block[::SAMPLED].astype(mx.float32)
                part = packed.rows(slice(start, start + block.shape[0], SAMPLED))
                off = part.unpacked(self._spec, mx.float32) - sample
                self._sums.append(((off * off).sum(), (sample * sample).sum()))
            begin(self._sums[-1])
            start += block.shape[0]
