"""`fuse`: one checkpoint of a base and a LoRA adapter.

A matrix that the adapter changes is written as the base has it: float as float, and packed integers
by rounding the sum again to the same bits and groups, as mlx-lm's fuse does, which loses a little.
All other tensors are copied bit by bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import mlx.core as mx

from qwen3mlx.config import Module, QuantizationSpec
from qwen3mlx.model.deltas import Delta, read_deltas

from . import recipe as recipes
from .common import ConversionError
from .conversion import Conversion, QuantizeResult
from .convert import convert
from .events import JobWarning, OnEvent, ignore
from .methods import rtn
from .output import check_output, check_space
from .packing import PackedMatrix
from .plan import build_plan
from .quantizer import DataFree
from .recipe import Recipe
from .source import Source
from .staging import check_unused


@dataclass(frozen=True, slots=True, kw_only=True)
class FuseRequest:
    """Write the checkpoint folder `base` with the adapter in folder `adapter` into `output`.

    With `dequantize`, all of it is written in float. `command` is quoted in the model card.
    """

    base: Path
    adapter: Path
    output: Path
    dequantize: bool = False
    command: str = ""


def fuse(request: FuseRequest, on_event: OnEvent = ignore) -> QuantizeResult:
    """Write the new checkpoint: complete and verified, or not at all.

    Raises CheckpointError for a fault of the base or the adapter, else ConversionError.
    """
    source = FusedSource(request.base, request.adapter)
    if source.config.published is not None and not request.dequantize:
        raise ConversionError(
            f"{request.base} is quantized with {source.config.published.label}, in which nothing "
            "can be fused: use --dequantize, and quantize the result."
        )
    keeps = source.is_quantized and not request.dequantize
    recipe = AsStored.of(source) if keeps else recipes.load("bf16")
    if keeps:
        on_event(JobWarning("The sums are rounded to the base's bits, which loses a little."))
    check_output(source, request.output)
    check_unused(request.output, resume=False)
    plan = build_plan(source, recipe)
    check_space(plan, request.output)
    conversion = Conversion(
        source, request.output, plan, "rtn", command=request.command, adapter=request.adapter
    )
    return convert(conversion, _Rounding(source), on_event)


@dataclass(frozen=True, slots=True)
class AsStored(Recipe):
    """Each module as the base has it."""

    specs: Mapping[str, QuantizationSpec | None] = field(default_factory=dict)

    @classmethod
    def of(cls, source: FusedSource) -> AsStored:
        assert source.config.quantization is not None
        specs = {module.path: source.spec_of(module) for module in source.modules}
        default = source.config.quantization.default
        return cls("fused", "as the base has them", default, specs=specs)

    def spec(self, path: str, num_layers: int) -> QuantizationSpec | None:
        return self.specs[path]


class FusedSource(Source):
    """A base whose matrices have the adapter's added; vectors are the base's."""

    def __init__(self, folder: Path, adapter: Path) -> None:
        super().__init__(folder)
        self.deltas = read_deltas(adapter, self.config)

    def blocks(self, module: Module, index: int = 0, *, every: int = 1) -> Iterator[mx.array]:
        """Read the sum in blocks of rows: see `Source.blocks`."""
        blocks = super().blocks(module, index, every=every)
        delta = self.deltas.get(module.path)
        if delta is None:
            yield from blocks
            return
        if len(module.shape) == 3:
            delta = Delta(delta.down[index], delta.up[index])
        matrix = mx.concatenate(list(blocks)).astype(mx.float32)
        total = delta.added_to(matrix)
        if delta.magnitude is not None:
            total = delta.gain(total)[:, None] * total
        yield total.astype(self.dtype)

    def spec_of(self, module: Module) -> QuantizationSpec | None:
        """Return how the base packs a module; None: in float. Raises ConversionError."""
        path, _ = self._place(module, 0)
        if f"{path}.global_scale" in self.infos:
            raise ConversionError(
                f"{self.folder}: {path} has a global_scale, which cannot be kept: use --dequantize."
            )
        return self.spec(path) if f"{path}.scales" in self.infos else None

    def stored(self, module: Module, index: int) -> PackedMatrix:
        """Read a packed matrix of the module as the base has it."""
        path, first = self._place(module, index)

        def rows(part: str) -> mx.array:
            return self._reader.rows(f"{path}.{part}", first, first + module.shape[-2])

        weight, scales = rows("weight"), rows("scales")
        if f"{path}.biases" not in self.infos:
            return PackedMatrix(weight, scales, None)
        return PackedMatrix(weight, scales.astype(self.dtype), rows("biases").astype(self.dtype))


class _Rounding(DataFree):
    """Rounds what the adapter has changed, and takes the rest as the base has it."""

    def __init__(self, source: FusedSource) -> None:
        super().__init__("rtn")
        self._source = source

    def packed(
        self, module: Module, spec: QuantizationSpec, index: int, blocks: Iterator[mx.array]
    ) -> Iterator[PackedMatrix]:
        if module.path in self._source.deltas:
            for block in blocks:
                yield rtn.quantized(block, spec)
            return
        for _ in blocks:  # which are compared with what is written
            pass
        yield self._source.stored(module, index)
