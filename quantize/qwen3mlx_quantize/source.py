"""The checkpoint to convert: its matrices in float, whichever format stores them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import mlx.core as mx

from qwen3mlx.config import (
    FLOATS,
    ModelConfig,
    Module,
    QuantizationSpec,
    expert_path,
    fused_path,
    model_file,
    packed_spec,
    read_checkpoint,
    read_json,
)
from qwen3mlx.errors import CheckpointError
from qwen3mlx.model.foreign import ForeignMatrices

from .common import io_stream, number, start
from .packing import PackedMatrix
from .tensor_file import DTYPES, TensorReader

# Weights to process at a time, which bounds the memory.
BLOCK = 1 << 22
# Of files that no conversion copies.
_NO_COMPANIONS = {
    ".safetensors", ".bin", ".pt", ".pth", ".gguf", ".onnx", ".h5", ".msgpack", ".ot",
    ".py", ".pyc", ".lock", ".incomplete",
}  # fmt: skip
# What tensors AWQ, GPTQ and FP8 have beside `qweight` or `weight`.
_FOREIGN = ("scales", "qzeros", "g_idx", "weight_scale_inv")


class FloatSource(Protocol):
    """What a conversion reads: the matrices of a model in float, and the files beside them.

    `folder` is the checkpoint's folder or file; `files` hold the weights.
    """

    folder: Path
    files: list[Path]
    config: ModelConfig
    raw_config: dict[str, Any]

    def vector(self, name: str) -> mx.array:
        """Read a norm's weight."""

    def blocks(self, module: Module, index: int = 0) -> Iterator[mx.array]:
        """Read matrix `index` of the module in blocks of rows, lazily. Raises CheckpointError."""

    def companions(self) -> Mapping[str, Path | str]:
        """Return the other files by name: those to copy, or their text."""


class Source:
    """A checkpoint folder. `raw_config` is config.json unvalidated; `dtype` is the floats' dtype.

    Raises CheckpointError if config.json and the tensors do not fit together.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.raw_config: dict[str, Any] = read_json(folder / "config.json")
        self.config, self.infos = read_checkpoint(folder)
        self.files = sorted({info.shard for info in self.infos.values()})
        self.dtype = self._float_dtype()
        self.modules = list(self.config.modules())
        self.vectors = [f"{path}.weight" for path in self.config.norms()]
        self._reader = TensorReader(folder, self.infos)
        self._foreign: ForeignMatrices | None = None
        if self.config.published is not None:
            self._foreign = ForeignMatrices(self._reader, self.config.published, mx.float32)
        self._widths = {p: module.shape[-1] for module in self.modules for p in self._paths(module)}
        self._check_names()

    @property
    def is_quantized(self) -> bool:
        is_packed = any(name.endswith(".scales") for name in self.infos)
        return is_packed or self.config.published is not None

    @property
    def num_weights(self) -> int:
        """The number of weights, norms included."""
        vectors = sum(self.infos[name].shape[0] for name in self.vectors)
        return sum(module.num_weights for module in self.modules) + vectors

    def companions(self) -> dict[str, Path]:
        """Return the folder's other files, but no weights, code, or unfinished downloads."""
        found = sorted(self.folder.iterdir())
        return {path.name: model_file(path) for path in found if _is_companion(path)}

    def vector(self, name: str) -> mx.array:
        """Read a norm's weight."""
        values = self._reader.take(name)
        check_finite(values.sum(), values, name, self.folder)
        return values

    def matrix(self, module: Module, index: int = 0) -> mx.array:
        """Read matrix `index` of the module, [out, in] in float."""
        return mx.concatenate(list(self.blocks(module, index)))

    def blocks(self, module: Module, index: int = 0, *, every: int = 1) -> Iterator[mx.array]:
        """Read the matrix in blocks of rows, lazily; with `every` n, only each n-th block.

        Raises CheckpointError naming a tensor with numbers that are not finite. A block is checked
        when the next one is requested, so that reading and checking overlap.
        """
        out, width = module.shape[-2:]
        read = self._row_reader(module, index)
        step = max(1, BLOCK // width)
        for row in range(0, out, step * every):
            with mx.stream(io_stream()):
                rows = read(row, min(row + step, out))
                total = rows.sum()
            start(total)
            yield rows
            check_finite(total, rows, f"{self._place(module, index)[0]}.weight", self.folder)

    def _row_reader(self, module: Module, index: int) -> Callable[[int, int], mx.array]:
        """Return what reads some rows of a matrix, from the first to before the last."""
        path, first = self._place(module, index)
        if self._foreign is not None:
            matrix = self._foreign.floats(path, module.shape[-2:])
            if matrix is not None:  # it is stored by columns
                return lambda start, stop: matrix[start:stop].astype(self.dtype)
        return lambda start, stop: self._rows(path, first + start, first + stop)

    def _place(self, module: Module, index: int) -> tuple[str, int]:
        """Return the stored tensor that holds a matrix, and the matrix's first row in it."""
        out = module.shape[-2]
        if fused := self._fused(module):
            is_second = module.path.endswith(".up_proj")
            return fused, (2 * index + is_second) * out
        if len(module.shape) == 2 or f"{module.path}.weight" in self.infos:
            return module.path, index * out
        return expert_path(module.path, index), 0

    def _fused(self, module: Module) -> str | None:
        path = fused_path(module.path)
        return path if path is not None and f"{path}.weight" in self.infos else None

    def _rows(self, path: str, start: int, stop: int) -> mx.array:
        weight = self._reader.rows(f"{path}.weight", start, stop)
        if f"{path}.scales" not in self.infos:
            return weight
        spec = self.spec(path)
        scales = self._reader.rows(f"{path}.scales", start, stop)
        biases = self._reader.rows(f"{path}.biases", start, stop) if spec.mode == "affine" else None
        return PackedMatrix(weight, scales, biases).unpacked(spec, self.dtype)

    def spec(self, path: str) -> QuantizationSpec:
        """Return how the source packs a module. Raises CheckpointError."""
        return packed_spec(self.config.quantization, path, self._widths[path], self.infos)

    def _float_dtype(self) -> mx.Dtype:
        norm = self.infos.get("model.norm.weight")
        if norm is None or norm.dtype not in FLOATS:
            raise CheckpointError(
                f"{self.folder} has no model.norm.weight in float; download the model again."
            )
        return DTYPES[norm.dtype]

    def _check_names(self) -> None:
        known = dict.fromkeys(name for module in self.modules for name in self._names(module))
        known |= dict.fromkeys(self.vectors)
        for name in self.infos:
            if name not in known and not self.config.is_spare(name):
                info = self.infos[name]
                raise CheckpointError(
                    f"{info.shard} holds {info.stored!r}, which a model of config.json's shape "
                    "does not have; config.json and the weights do not belong together."
                )
        missing = next((name for name in known if name not in self.infos), None)
        if missing is not None:
            raise CheckpointError(
                f"{self.folder} has no tensor {missing!r}; download the model again."
            )
        for module in self.modules:
            self._check_matrices(module)
        for path, size in self.config.norms().items():
            self._check_is_float(f"{path}.weight")
            self._check_shape(f"{path}.weight", (size,))

    def _check_matrices(self, module: Module) -> None:
        for path in self._paths(module):
            expected = module.shape
            if path == self._fused(module):
                expected = (expected[0], 2 * expected[1], expected[2])
            elif path != module.path:
                expected = expected[1:]
            if f"{path}.weight" not in self.infos:
                continue  # AWQ's and GPTQ's are checked as they are read
            if (extra := self.infos.get(f"{path}.global_scale")) is not None:
                raise CheckpointError(
                    f"{extra.shard}: {extra.stored} cannot be converted; get the model's "
                    "unquantized weights."
                )
            if f"{path}.scales" in self.infos:
                spec, width = self.spec(path), expected[-1]
                groups = (*expected[:-1], width // spec.group_size)
                self._check_shape(f"{path}.scales", groups)
                if spec.mode == "affine":
                    self._check_shape(f"{path}.biases", groups)
                expected = (*expected[:-1], width * spec.bits // 32)
            elif self._foreign is None or f"{path}.weight_scale_inv" not in self.infos:
                self._check_is_float(f"{path}.weight")
            self._check_shape(f"{path}.weight", expected)

    def _check_is_float(self, name: str) -> None:
        info = self.infos[name]
        if info.dtype not in FLOATS:
            raise CheckpointError(
                f"{info.shard}: {name} is {info.dtype}, which has no meaning without scales and a "
                "'quantization' in config.json; download the model again."
            )

    def _check_shape(self, name: str, expected: tuple[int, ...]) -> None:
        info = self.infos.get(name)
        if info is None:
            raise CheckpointError(
                f"{self.folder} has no tensor {name!r}; download the model again."
            )
        if info.shape != expected:
            raise CheckpointError(
                f"{info.shard}: {name} has shape {list(info.shape)}, config.json asks for "
                f"{list(expected)}."
            )

    def _names(self, module: Module) -> list[str]:
        paths = self._paths(module)
        suffixes = _FOREIGN if self._foreign is not None else ("scales", "biases", "global_scale")
        packed = [f"{p}.{suffix}" for p in paths for suffix in suffixes]
        needed = (f"{p}.qweight" if f"{p}.qweight" in self.infos else f"{p}.weight" for p in paths)
        return [*needed, *(n for n in packed if n in self.infos)]

    def _paths(self, module: Module) -> list[str]:
        """Return the stored tensors that hold the module's matrices."""
        places = (self._place(module, index)[0] for index in range(module.num_matrices))
        return list(dict.fromkeys(places))


def _is_companion(path: Path) -> bool:
    return path.is_file() and not path.name.startswith(".") and path.suffix not in _NO_COMPANIONS


def check_finite(total: mx.array, tensor: mx.array, name: str, folder: Path) -> None:
    """Raise CheckpointError if `total`, a sum of the tensor, shows numbers that are not finite."""
    # A sum takes a quarter of the time, and is not finite if any number is not.
    if not math.isfinite(number(total)) and not mx.isfinite(tensor).all().item():
        raise CheckpointError(
            f"{folder}: {name} holds numbers that are not finite; download the model again."
        )
