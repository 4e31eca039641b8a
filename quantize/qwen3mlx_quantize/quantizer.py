"""The interface of every quantization method, and the methods that need no text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

import mlx.core as mx

from qwen3mlx.config import Module, QuantizationSpec

from .methods import mse, rtn
from .packing import Method, PackedMatrix

# Returns the tensors of a module that an earlier run has written, by name.
Read = Callable[[], dict[str, mx.array]]


class Quantizer(Protocol):
    """Packs the matrices of modules, in the order in which the model computes them."""

    def packed(
        self, module: Module, spec: QuantizationSpec, index: int, blocks: Iterator[mx.array]
    ) -> Iterator[PackedMatrix]:
        """Pack matrix `index` of the module, which comes in `blocks` of rows."""

    def skip(self, module: Module, spec: QuantizationSpec | None, read: Read) -> None:
        """Pass a module that stays in float (`spec` None), or that `read` returns packed."""

    def vector(self, name: str, values: mx.array) -> mx.array:
        """Return a norm's weight to write."""

    @property
    def keeps_weights(self) -> bool:
        """Whether packed matrices approximate the source's; if not, their difference is not an
        error.
        """


class DataFree:
    """Implements `rtn` and `mse`, which pack each block of rows by itself."""

    keeps_weights = True

    def __init__(self, method: Method) -> None:
        self._searches = method == "mse"

    def packed(
        self, module: Module, spec: QuantizationSpec, index: int, blocks: Iterator[mx.array]
    ) -> Iterator[PackedMatrix]:
        quantized = mse.quantized if self._searches and spec.mode == "affine" else rtn.quantized
        for block in blocks:
            yield quantized(block, spec)

    def skip(self, module: Module, spec: QuantizationSpec | None, read: Read) -> None:
        pass

    def vector(self, name: str, values: mx.array) -> mx.array:
        return values
