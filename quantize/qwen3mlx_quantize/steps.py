"""One tensor's path: its rows are read, packed, compared with the source, and written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import mlx.core as mx

from qwen3mlx.config import Module, QuantizationSpec

from .common import io_stream, number, start
from .events import OnEvent, Progress
from .packing import PackedMatrix
from .plan import Plan, Step
from .quantizer import Quantizer
from .source import FloatSource
from .staging import Parts, Staging

# Compare every n-th row: comparing all would take longer than rounding them.
SAMPLED = 16


def write_steps(
    source: FloatSource, plan: Plan, staging: Staging, quantizer: Quantizer, on_event: OnEvent
) -> None:
    """Carry out each step that is not written yet.

    A step's weights are read while the previous step is computed.
    """
    done = 0
    pending: _PendingStep | None = None
    for step in plan.steps:
        on_event(Progress("converting", done, plan.num_weights, step.name))
        is_written = step.name in staging.done
        if step.module and (is_written or step.spec is None):
            quantizer.skip(step.module, step.spec, partial(staging.read, step))
        if not is_written:
            started = _start_step(source, step, quantizer)
            _write(staging, pending)
            pending = started
        done += step.num_weights
    _write(staging, pending)
    on_event(Progress("converting", done, plan.num_weights))


@dataclass(frozen=True, slots=True)
class _PendingStep:
    """A step's tensors as blocks of rows, which can still be in computation."""

    step: Step
    parts: Parts
    error: _QuantizationError | None = None


def _write(staging: Staging, pending: _PendingStep | None) -> None:
    if pending is not None:
        facts = {} if pending.error is None else {"error": pending.error.value()}
        staging.write(pending.step, pending.parts, facts)


def _start_step(source: FloatSource, step: Step, quantizer: Quantizer) -> _PendingStep:
    """Read the step's weights and start computing its tensors."""
    if step.module is None:
        name = step.tensors[0].name
        return _PendingStep(step, {name: [quantizer.vector(name, source.vector(name))]})
    if step.spec is None:
        return _PendingStep(step, {step.tensors[0].name: list(_float_blocks(source, step.module))})
    return _start_packing(source, step, step.module, step.spec, quantizer)


def _float_blocks(source: FloatSource, module: Module) -> Iterator[mx.array]:
    for index in range(module.num_matrices):
        yield from source.blocks(module, index)


def _start_packing(
    source: FloatSource, step: Step, module: Module, spec: QuantizationSpec, quantizer: Quantizer
) -> _PendingStep:
    error = _QuantizationError(spec)
    parts: Parts = {tensor.name: [] for tensor in step.tensors}
    for index in range(module.num_matrices):
        blocks = error.watch(source.blocks(module, index))
        for packed in quantizer.packed(module, spec, index, blocks):
            arrays = packed.arrays()
            start(arrays)
            error.compare(packed)
            for name, array in arrays.items():
                parts[f"{module.path}.{name}"].append(array)
    return _PendingStep(step, parts, error if quantizer.keeps_weights else None)


class _QuantizationError:
    """Compares the quantizer's input rows with the packed rows that it returns."""

    def __init__(self, spec: QuantizationSpec) -> None:
        self._spec = spec
        self._waiting: list[mx.array] = []
        self._latest: PackedMatrix | None = None
        self._sums: list[tuple[mx.array, mx.array]] = []

    def value(self) -> float:
        """The squared error over squared weights, from a sample of rows."""
        self._finish()
        off, whole = (sum(map(number, sums)) for sums in zip(*self._sums, strict=True))
        return off / whole if whole else 0.0

    def watch(self, blocks: Iterator[mx.array]) -> Iterator[mx.array]:
        """Pass the blocks through, and keep them until they are compared."""
        for block in blocks:
            self._waiting.append(block)
            yield block

    def compare(self, packed: PackedMatrix) -> None:
        """Add a matrix in computation, and wait for the previous one."""
        self._finish()
        self._latest = packed

    def _finish(self) -> None:
        packed, self._latest = self._latest, None
        if packed is None:
            return
        mx.eval(packed.arrays())
        first = 0
        while first < packed.weight.shape[0]:
            block = self._waiting.pop(0)
            with mx.stream(io_stream()):
                sample = block[::SAMPLED].astype(mx.float32)
                part = packed[first : first + block.shape[0] : SAMPLED]
                off = part.unpacked(self._spec, mx.float32) - sample
                self._sums.append(((off * off).sum(), (sample * sample).sum()))
            start(self._sums[-1])
            first += block.shape[0]
