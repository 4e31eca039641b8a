"""`run_import`: writes the checkpoint for MLX that a GGUF file holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlx.core as mx

from qwen3mlx.config import Module, QuantizationSpec

from ..conversion import Conversion, QuantizeResult
from ..convert import convert
from ..events import JobWarning, OnEvent, ignore
from ..names import staging_folder
from ..output import check_output, check_space
from ..packing import PackedMatrix
from ..plan import NAMES, Plan, Step, Tensor, module_tensors, sharded
from ..quantizer import Read
from ..recipe import Recipe
from . import card, forms
from .losses import Loss, losses_of
from .source import GgufSource


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """Import the GGUF file `source` into the new folder `output`.

    An import of the same file that was interrupted is continued. `name` is that of the model in
    its card, by default the file's.
    """

    source: Path
    output: Path
    name: str | None = None


@dataclass(frozen=True, slots=True)
class ImportResult:
    """`losses` has the types of the file's matrices, the largest share first."""

    result: QuantizeResult
    losses: list[Loss]

    def as_json(self) -> dict[str, Any]:
        """Return the output of `--json`."""
        return self.result.as_json() | {"losses": [loss._asdict() for loss in self.losses]}


def run_import(request: ImportRequest, on_event: OnEvent = ignore) -> ImportResult:
    """Write the new checkpoint: complete and verified, or not at all.

    Raises CheckpointError for a file that cannot be imported; ConversionError if the result cannot
    be written.
    """
    source, output = GgufSource(request.source), request.output
    check_output(source, output)
    plan = _plan(source)
    if not staging_folder(output).exists():
        check_space(plan, output)
    if source.rounded:
        on_event(JobWarning(_rounding(source)))
    conversion = Conversion(source, output, plan, "rtn", resume=True)

    def describe(_: object, result: QuantizeResult) -> str:
        return card.text(source, request.name or source.folder.name, result)

    result = convert(conversion, _Repacking(source), on_event, describe=describe)
    return ImportResult(result, losses_of(source, result.errors))


def _rounding(source: GgufSource) -> str:
    dtype = source.raw_config["torch_dtype"]
    return f"{len(source.rounded)} norms or routers, which are float32, are rounded to {dtype}."


def _plan(source: GgufSource) -> Plan:
    specs = {module: _spec(source, module) for module in source.modules}
    steps = [Step(_tensors(source, module, spec), module, spec) for module, spec in specs.items()]
    sizes = source.config.norms()
    steps += [
        Step((Tensor(f"{path}.weight", NAMES[source.dtype], (sizes[path],)),))
        for path in sorted(sizes)
    ]
    counts: Counter[QuantizationSpec] = Counter()
    for module, spec in specs.items():
        if spec is not None:
            counts[spec] += module.num_weights
    default = counts.most_common(1)[0][0] if counts else None
    recipe = Recipe("gguf", "as in the GGUF file", default)
    return Plan(sharded(steps), recipe, sum(step.num_weights for step in steps))


def _spec(source: GgufSource, module: Module) -> QuantizationSpec | None:
    form = forms.form_of(source.type_of(module.path))
    return None if form is None else form.spec


def _tensors(
    source: GgufSource, module: Module, spec: QuantizationSpec | None
) -> tuple[Tensor, ...]:
    dtype = source.stored_dtype(module) if spec is None else forms.SCALES
    return module_tensors(module, spec, dtype)


class _Repacking:
    """The Quantizer that keeps a type's own integers wherever it has some."""

    keeps_weights = True

    def __init__(self, source: GgufSource) -> None:
        self._source = source

    def packed(
        self, module: Module, spec: QuantizationSpec, index: int, blocks: Iterator[mx.array]
    ) -> Iterator[PackedMatrix]:
        row = 0
        for block in blocks:
            yield self._source.repacked(module, index, row, block)
            row += block.shape[0]

    def skip(self, module: Module, spec: QuantizationSpec | None, read: Read) -> None:
        pass

    def vector(self, name: str, values: mx.array) -> mx.array:
        return values
