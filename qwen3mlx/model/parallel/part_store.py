"""The tensors of a checkpoint as one rank sees them: its own part of each, read alone."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import NamedTuple

import mlx.core as mx

from ...config import ModelConfig, TensorInfo
from ...errors import CheckpointError
from ...quoting import quoted
from ..checkpoint import Checkpoint
from .share import COLUMNS, ROWS, VOCABULARY, Share

_LAYER = re.compile(r"model\.layers\.(\d+)\.")
# Of a matrix as MLX stores it: packed words, or floats; scales and biases of its groups.
_STORED = ("weight", "scales", "biases")
# Pieces of a row below this many bytes share the disk's blocks with their neighbours: the rows are
# read whole and cut in memory.
_LEAST_PIECE = 4096


class _Cut(NamedTuple):
    """Indices `start` to `stop` of axis -2 or -1; in a stack of two matrices, of both."""

    axis: int
    start: int
    stop: int
    segments: int = 1


class PartStore:
    """A TensorStore: `take` reads a rank's part of a tensor, and `infos` have the parts' shapes."""

    def __init__(self, checkpoint: Checkpoint, config: ModelConfig, share: Share) -> None:
        self.folder = checkpoint.folder
        self.bytes_read = 0
        self._checkpoint = checkpoint
        self._share = share
        self._tokens = share.tokens(config.vocab_size)
        self._whole = {n: i for n, i in checkpoint.infos.items() if self._is_held(n)}
        for name in set(checkpoint.infos) - set(self._whole):
            checkpoint.drop(name)
        self._cuts = {name: self._cut(name, info) for name, info in self._whole.items()}
        self.infos = {n: _part(info, self._cuts[n]) for n, info in self._whole.items()}

    def __contains__(self, name: str) -> bool:
        return name in self._whole and name in self._checkpoint

    def take(self, name: str, shape: tuple[int, ...] | None = None) -> mx.array:
        """Return this rank's part; with `shape`, of exactly that shape. Raises CheckpointError."""
        whole = self._checkpoint.take(name)  # lazy: nothing is read until it is evaluated
        info, cut = self.infos[name], self._cuts[name]
        if shape is not None and info.shape != shape:
            raise CheckpointError(
                f"{info.shard}: {info.stored} has shape {list(self._whole[name].shape)}, and a "
                f"rank's part {list(info.shape)}, but config.json requires {list(shape)}."
            )
        if cut is None:
            self.bytes_read += info.nbytes
            return whole
        piece = info.nbytes // math.prod(info.shape[:-1])
        if cut.axis == -1 and piece < _LEAST_PIECE:
            self.bytes_read += self._whole[name].nbytes
            return mx.contiguous(whole[..., cut.start : cut.stop])
        data = self._read(self._whole[name], _pieces(self._whole[name], cut), info.nbytes)
        numbers = mx.array(memoryview(data))  # type: ignore[arg-type]  # it takes any buffer
        return numbers.view(whole.dtype).reshape(info.shape)

    def _is_held(self, name: str) -> bool:
        layer = _LAYER.match(name)
        return layer is None or int(layer[1]) in self._share.layers

    def _cut(self, name: str, info: TensorInfo) -> _Cut | None:
        path, _, part = name.rpartition(".")
        matrix = path.rpartition(".")[2]
        is_vocabulary = matrix in VOCABULARY
        if not is_vocabulary and not (self._share.is_tensor and matrix in ROWS + COLUMNS):
            return None
        if part == "global_scale":
            return None
        if part not in _STORED or len(info.shape) < 2:
            raise CheckpointError(
                f"{info.shard}: {quoted(info.stored)} cannot be cut into parts for several ranks: "
                "get the model's MLX version, or let each rank have some of the layers (pipeline)."
            )
        if is_vocabulary:
            return _Cut(-2, self._tokens.start, self._tokens.stop)
        if matrix in COLUMNS:
            return self._even(info, -1)
        return self._even(info, -2, segments=2 if matrix == "gate_up_proj" else 1)

    def _even(self, info: TensorInfo, axis: int, segments: int = 1) -> _Cut:
        size, total = self._share.size, info.shape[axis]
        if total % (segments * size):
            raise CheckpointError(
                f"{info.shard}: {info.stored} has shape {list(info.shape)}, of which {size} ranks "
                "do not get equal parts: use fewer ranks, or let each have some of the layers."
            )
        length = total // segments // size
        return _Cut(axis, self._share.rank * length, (self._share.rank + 1) * length, segments)

    def _read(self, info: TensorInfo, pieces: Iterator[tuple[int, int]], size: int) -> bytearray:
        data, filled = bytearray(size), 0
        with info.shard.open("rb", buffering=0) as file:
            for start, length in pieces:
                file.seek(info.start + start)
                view = memoryview(data)[filled : filled + length]
                while view and (count := file.readinto(view)):
                    view = view[count:]
                if view:
                    raise CheckpointError(f"{info.shard} has become shorter while it was read.")
                filled += length
        self.bytes_read += filled
        return data


def _part(info: TensorInfo, cut: _Cut | None) -> TensorInfo:
    """Return the entry of a part, which is nowhere in the file by itself."""
    if cut is None:
        return info
    shape = list(info.shape)
    shape[cut.axis] = cut.segments * (cut.stop - cut.start)
    nbytes = info.nbytes // max(math.prod(info.shape), 1) * math.prod(shape)
    return info._replace(shape=tuple(shape), nbytes=nbytes)


def _pieces(info: TensorInfo, cut: _Cut) -> Iterator[tuple[int, int]]:
    """Return where a part is in a tensor's bytes: the start and length of each piece."""
    item = info.nbytes // math.prod(info.shape)
    row = item * info.shape[-1]
    if cut.axis == -1:
        for start in range(0, info.nbytes, row):
            yield start + item * cut.start, item * (cut.stop - cut.start)
        return
    segment = row * info.shape[-2] // cut.segments
    for start in range(0, info.nbytes, segment):
        yield start + row * cut.start, row * (cut.stop - cut.start)
