"""Tensors in memory from which a model's block can be loaded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import mlx.core as mx

from qwen3mlx.config import TensorInfo
from qwen3mlx.errors import CheckpointError


class InMemoryCheckpoint:
    """Float tensors by name, used like a TensorStore; `folder` appears in errors."""

    def __init__(self, folder: Path, tensors: Mapping[str, mx.array]) -> None:
        self.folder = folder
        self.infos: Mapping[str, TensorInfo] = {}
        self._tensors = tensors

    def __contains__(self, name: str) -> bool:
        return name in self._tensors

    def take(self, name: str, shape: tuple[int, ...] | None = None) -> mx.array:
        if name not in self._tensors:
            raise CheckpointError(f"{self.folder} has no tensor {name}.")
        tensor = self._tensors[name]
        if shape is not None and tensor.shape != shape:
            raise CheckpointError(
                f"{self.folder}: {name} has shape {list(tensor.shape)}, not {list(shape)}."
            )
        return tensor
