"""The tensors of a checkpoint folder, checked before any is read.

MLX reads each tensor straight into its array when the loader evaluates it.
"""

from __future__ import annotations

from pathlib import Path

import mlx.core as mx

from ..config import read_infos
from ..config.tensor_headers import broken_shard
from ..errors import CheckpointError
from ..quoting import quoted


class Checkpoint:
    """`infos` by tensor name; `take` hands each tensor out once, lazily."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.infos = read_infos(folder)
        self._arrays: dict[str, mx.array] = {}
        for shard in sorted({info.shard for info in self.infos.values()}):
            self._arrays.update(_load(shard))

    def __contains__(self, name: str) -> bool:
        return name in self._arrays

    @property
    def nbytes(self) -> int:
        return sum(info.nbytes for info in self.infos.values())

    @property
    def remaining(self) -> list[str]:
        """Names that nobody has taken yet."""
        return sorted(self._arrays)

    def take(self, name: str, shape: tuple[int, ...] | None = None) -> mx.array:
        """The tensor, of exactly `shape` where one is given; the checkpoint lets go of it."""
        if name not in self._arrays:
            raise CheckpointError(
                f"{self.folder} has no tensor {quoted(name)}; download the model again."
            )
        array = self._arrays.pop(name)
        if shape is not None and array.shape != shape:
            info = self.infos[name]
            raise CheckpointError(
                f"{info.shard}: {name} has shape {list(info.shape)}, "
                f"config.json asks for {list(shape)}."
            )
        return array

    def drop(self, name: str) -> None:
        """A tensor that the model has no use for."""
        self._arrays.pop(name, None)


def _load(shard: Path) -> dict[str, mx.array]:
    try:
        arrays = mx.load(str(shard))
    except (RuntimeError, ValueError) as error:
        raise CheckpointError(broken_shard(shard, str(error).splitlines()[0])) from None
    assert isinstance(arrays, dict)
    return arrays
