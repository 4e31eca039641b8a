"""The tensors of a checkpoint folder, checked before any is loaded.

MLX reads each tensor straight into its array when the loader evaluates it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import mlx.core as mx

from ..config import TensorInfo, read_infos
from ..config.tensor_headers import broken_shard
from ..errors import CheckpointError
from ..quoting import quoted


class TensorStore(Protocol):
    """A source of a model's tensors."""

    @property
    def folder(self) -> Path:
        """The checkpoint's folder, for errors."""

    @property
    def infos(self) -> Mapping[str, TensorInfo]:
        """Header entries by tensor name, as far as there are files."""

    def __contains__(self, name: str) -> bool: ...

    def take(self, name: str, shape: tuple[int, ...] | None = None) -> mx.array:
        """Return the tensor; with `shape`, of exactly that shape. Raises CheckpointError."""


class Checkpoint:
    """The TensorStore of a folder; `take` hands each tensor out once, lazily."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.infos = read_infos(folder)
        shards = sorted({info.shard for info in self.infos.values()})
        stored = {shard: load_arrays(shard) for shard in shards}
        self._arrays = {n: stored[info.shard][info.stored] for n, info in self.infos.items()}

    def __contains__(self, name: str) -> bool:
        return name in self._arrays

    @property
    def remaining(self) -> list[str]:
        """Names of the tensors that have not been taken."""
        return sorted(self._arrays)

    def take(self, name: str, shape: tuple[int, ...] | None = None) -> mx.array:
        """Return the tensor; with `shape`, of exactly that shape. The checkpoint forgets it."""
        if name not in self._arrays:
            raise CheckpointError(
                f"{self.folder} has no tensor {quoted(name)}; download the model again."
            )
        array = self._arrays.pop(name)
        if shape is not None and array.shape != shape:
            info = self.infos[name]
            raise CheckpointError(
                f"{info.shard}: {info.stored} has shape {list(info.shape)}, but "
                f"config.json requires {list(shape)}: one of them is another model's; download "
                "both again."
            )
        return array

    def drop(self, name: str) -> None:
        """Drop a tensor that the model does not use."""
        self._arrays.pop(name, None)


def are_finite(arrays: Mapping[str, mx.array]) -> dict[str, mx.array]:
    """Return for each of `arrays`, still to be evaluated, whether it has no NaN and no infinity.

    Bytes are exponents (e8m0), of which 255 is NaN.
    """
    return {name: _is_finite(array) for name, array in arrays.items()}


def check_finite(found: Mapping[str, mx.array], place: Path) -> None:
    """Raise CheckpointError naming the first of `are_finite` that is not."""
    for name, is_finite in found.items():
        if not is_finite.item():
            raise CheckpointError(
                f"{place}: {quoted(name)} holds numbers that are not finite; download it again."
            )


def _is_finite(array: mx.array) -> mx.array:
    return (array != 255).all() if array.dtype == mx.uint8 else mx.isfinite(array).all()


def load_arrays(shard: Path) -> dict[str, mx.array]:
    """Return a safetensors file's arrays, lazily. Raises CheckpointError."""
    try:
        arrays = mx.load(str(shard))
    except (RuntimeError, ValueError) as error:
        raise CheckpointError(broken_shard(shard, str(error).splitlines()[0])) from None
    assert isinstance(arrays, dict)
    return arrays
