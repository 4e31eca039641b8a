"""Reads parts of a checkpoint's tensors without the rest of their file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import mlx.core as mx

from qwen3mlx.config import TensorInfo
from qwen3mlx.errors import CheckpointError

DTYPES = {
    "F32": mx.float32,
    "F16": mx.float16,
    "BF16": mx.bfloat16,
    "U32": mx.uint32,
    "U8": mx.uint8,
    "I32": mx.int32,
    "F8_E4M3": mx.uint8,  # as MLX loads it
}


def as_array(data: bytes | memoryview, dtype: str, shape: tuple[int, ...]) -> mx.array:
    """Return the bytes as an array; `dtype` is safetensors' name."""
    raw = mx.array(memoryview(data))  # type: ignore[arg-type]  # mlx has no stub for it
    return raw.view(DTYPES[dtype]).reshape(shape)


class TensorReader:
    """A TensorStore whose tensors can be read again, or in parts.

    `infos` come from the headers of the files in `folder` (see qwen3mlx.config.read_infos).
    """

    def __init__(self, folder: Path, infos: Mapping[str, TensorInfo]) -> None:
        self.folder = folder
        self.infos = infos
        # Reused for every read, because allocating memory takes as long as reading.
        self._buffer = bytearray()

    def rows(self, name: str, start: int, stop: int) -> mx.array:
        """Return rows [stop - start, last] of the tensor, with its leading dimensions flattened."""
        info = self.infos[name]
        width = info.shape[-1]
        row_bytes = width * info.nbytes // max(1, _size(info.shape))
        data = self._read(info, start * row_bytes, (stop - start) * row_bytes)
        return as_array(data, info.dtype, (stop - start, width))

    def __contains__(self, name: str) -> bool:
        return name in self.infos

    def take(self, name: str, shape: tuple[int, ...] | None = None) -> mx.array:
        """Return the tensor; with `shape`, of exactly that shape. Raises CheckpointError."""
        info = self.infos.get(name)
        if info is None:
            raise CheckpointError(
                f"{self.folder} has no tensor {name!r}; download the model again."
            )
        if shape is not None and info.shape != shape:
            raise CheckpointError(
                f"{info.shard}: {info.stored} has shape {list(info.shape)}, config.json asks for "
                f"{list(shape)}."
            )
        return as_array(self._read(info, 0, info.nbytes), info.dtype, info.shape)

    def _read(self, info: TensorInfo, offset: int, num_bytes: int) -> memoryview:
        """Return the bytes, which are valid until the next call."""
        if len(self._buffer) < num_bytes:
            self._buffer = bytearray(num_bytes)
        data = memoryview(self._buffer)[:num_bytes]
        try:
            with info.shard.open("rb", buffering=0) as file:
                file.seek(info.start + offset)
                done = file.readinto(data)
        except OSError as error:
            raise CheckpointError(f"{info.shard} cannot be read: {error.strerror}.") from None
        if done != num_bytes:
            raise CheckpointError(f"{info.shard} got shorter while being read; download it again.")
        return data


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for dimension in shape:
        size *= dimension
    return size
