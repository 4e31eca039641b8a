"""A GGUF file as the source of a conversion."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np

from qwen3mlx.config import ModelConfig, Module
from qwen3mlx.config.gguf_header import GgufTensor, read_gguf_header, shards_of
from qwen3mlx.errors import CheckpointError
from qwen3mlx.quoting import quoted

from ..common import number
from ..packing import PackedMatrix
from ..source import BLOCK, check_finite
from . import forms
from .metadata import Facts, config_of, generation_config_of
from .names import tensor_name
from .tokenizer import json_text, tokenizer_files


class GgufSource:
    """The model in a GGUF file, or in several (`-00001-of-00003`): a FloatSource.

    Norms and routers, which GGUF keeps in float32, get the dtype that Qwen released them in,
    bfloat16, unless most of the file is float32; `rounded` has those that it does not hold exactly,
    and their squared error over their squared numbers. Raises CheckpointError for anything that is
    not a whole Qwen3.
    """

    def __init__(self, path: Path) -> None:
        self.folder = path
        self.files = shards_of(path)
        self._sizes: dict[Path, int] = {}
        self._tensors: dict[str, GgufTensor] = {}
        metadata = self._read_headers()
        facts = Facts(metadata, path)
        self.raw_config: dict[str, Any] = config_of(facts, self._tensors)
        self.config = ModelConfig.from_mapping(self.raw_config, source=str(path))
        self._labels = facts.get("classifier.output_labels") or []
        self.modules = list(self.config.modules())
        self.vectors = [f"{path}.weight" for path in self.config.norms()]
        self._types: dict[str, str] = {}
        self._check_tensors()
        self.dtype = self._float_dtype()
        self.raw_config["torch_dtype"] = str(self.dtype).rpartition(".")[2]
        errors = {name: self._rounding_error(name) for name in self._small()}
        self.rounded = {name: error for name, error in errors.items() if error}
        self._companions = {
            **tokenizer_files(metadata, path),
            "generation_config.json": json_text(generation_config_of(metadata)),
        }

    def companions(self) -> dict[str, str]:
        """Return the files beside the weights: their texts by name."""
        return self._companions

    def type_of(self, path: str) -> str:
        """Return ggml's type of a module's or norm's tensor: `Q4_K`."""
        return self._types[tensor_name(path)]

    def stored_dtype(self, module: Module) -> mx.Dtype:
        """Return the dtype of a float module, whose own one is kept where the file has a choice."""
        own = forms.FLOATS[self.type_of(module.path)]
        return self.dtype if own == mx.float32 else own

    def vector(self, name: str) -> mx.array:
        """Read a norm's weight."""
        values = self._floats(tensor_name(name.removesuffix(".weight")), 0, 1).flatten()
        check_finite(values.sum(), values, name, self.folder)
        return values.astype(self.dtype)

    def blocks(self, module: Module, index: int = 0) -> Iterator[mx.array]:
        """Read the matrix in blocks of rows, lazily. Raises CheckpointError."""
        out, width = module.shape[-2:]
        name = tensor_name(module.path)
        step = max(1, BLOCK // width)
        for row in range(0, out, step):
            rows = self._floats(name, index * out + row, index * out + min(row + step, out))
            check_finite(rows.sum(), rows, name, self.folder)
            if self._types[name] in forms.FLOATS:
                rows = self._in_order(module, rows).astype(self.stored_dtype(module))
            yield rows

    def repacked(self, module: Module, index: int, row: int, floats: mx.array) -> PackedMatrix:
        """Return the rows from `row` on of a matrix for MLX, given the numbers that they mean."""
        name = tensor_name(module.path)
        first = index * module.shape[-2] + row
        data = self._bytes(name, first, first + floats.shape[0])
        made = forms.repacked(data, floats, self._types[name])
        assert made.biases is not None
        check_finite(made.scales.sum() + made.biases.sum(), made.scales, name, self.folder)
        return made

    def _in_order(self, module: Module, rows: mx.array) -> mx.array:
        """Order a reranker's scores for `no` and `yes`; llama.cpp lists `yes` first."""
        if module.path != "score" or len(self._labels) < 2:
            return rows
        return rows[mx.array([self._labels.index(label) for label in sorted(self._labels)])]

    def _read_headers(self) -> dict[str, Any]:
        """Read each file's header; return the metadata of the first."""
        first: dict[str, Any] = {}
        for file in self.files:
            header = read_gguf_header(file)
            first = first or header.metadata
            self._sizes[file] = header.size
            count = header.metadata.get("split.count", 1)
            if count != len(self.files):
                raise CheckpointError(
                    f"{file} is one of {quoted(count)} files and its name says {len(self.files)}; "
                    "give the files back their names, or download them again if they were joined."
                )
            for tensor in header.tensors:
                if tensor.name in self._tensors:
                    raise CheckpointError(
                        f"{file} holds {quoted(tensor.name)} a second time; download it again."
                    )
                self._tensors[tensor.name] = tensor
        return first

    def _check_tensors(self) -> None:
        shapes = {tensor_name(module.path): module.shape for module in self.modules}
        shapes |= {tensor_name(path): (size,) for path, size in self.config.norms().items()}
        for name, tensor in self._tensors.items():
            if name not in shapes:
                raise CheckpointError(
                    f"{tensor.file} holds {quoted(name)}, which a Qwen3 of its shape does not have."
                )
        for name, shape in shapes.items():
            self._check_tensor(name, shape)

    def _check_tensor(self, name: str, shape: tuple[int, ...]) -> None:
        tensor = self._tensors.get(name)
        if tensor is None:
            raise CheckpointError(f"{self.folder} has no tensor {name}; download it again.")
        if tensor.shape != shape:
            raise CheckpointError(
                f"{tensor.file}: {name} has shape {list(tensor.shape)}, its metadata asks for "
                f"{list(shape)}."
            )
        kind = forms.type_name(tensor.type)
        if kind is None:
            raise CheckpointError(
                f"{tensor.file}: {name} is quantized with type {tensor.type}, which cannot be "
                "read: download the model in another quantization, such as Q4_K_M."
            )
        block, size = forms.block_of(kind)
        if shape[-1] % block or (len(shape) == 1 and kind not in forms.FLOATS):
            raise CheckpointError(
                f"{tensor.file}: {name} has rows of {shape[-1]} numbers, which {kind} cannot hold."
            )
        if tensor.start + math.prod(shape) // block * size > self._sizes[tensor.file]:
            raise CheckpointError(f"{tensor.file} is truncated: {name} is cut off; download it "
                                  "again.")  # fmt: skip
        self._types[name] = kind

    def _float_dtype(self) -> mx.Dtype:
        sizes = {"F32": 0, "": 0}
        for module in self.modules:
            kind = self.type_of(module.path)
            sizes[kind if kind == "F32" else ""] += module.num_weights
        return mx.float32 if sizes["F32"] > sizes[""] else mx.bfloat16

    def _small(self) -> list[str]:
        """Return the float32 tensors that are stored in `dtype`."""
        routers = [module.path for module in self.modules if module.path.endswith(".mlp.gate")]
        names = [tensor_name(path) for path in [*self.config.norms(), *routers]]
        return [name for name in names if self._types[name] == "F32"]

    def _rounding_error(self, name: str) -> float:
        """Return the squared error of `dtype` over the squared numbers; 0 if it holds them all."""
        shape = self._tensors[name].shape
        values = self._floats(name, 0, math.prod(shape[:-1]))
        off = values.astype(self.dtype).astype(mx.float32) - values
        squared = number((off * off).sum())
        return squared / number((values * values).sum()) if squared else 0.0

    def _floats(self, name: str, start: int, stop: int) -> mx.array:
        return forms.floats_of(self._bytes(name, start, stop), self._types[name])

    def _bytes(self, name: str, start: int, stop: int) -> forms.Bytes:
        """Read rows [stop - start, bytes of a row], the leading dimensions flattened."""
        tensor = self._tensors[name]
        block, size = forms.block_of(self._types[name])
        width = tensor.shape[-1] // block * size
        data = np.empty((stop - start, width), np.uint8)
        try:
            with tensor.file.open("rb", buffering=0) as file:
                file.seek(tensor.start + start * width)
                done = file.readinto(data.data)
        except OSError as error:
            raise CheckpointError(f"{tensor.file} cannot be read: {error.strerror}.") from None
        if done != data.nbytes:
            raise CheckpointError(f"{tensor.file} got shorter while being read.")
        return data
